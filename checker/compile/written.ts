/**
 * Which cells of a shared variable any step may write. The others keep their first value for ever
 * and need no bits: an array with a cell per process, of which only one actor uses its own, is as
 * small as that actor.
 */
import {
  type ActorDecl,
  type Cells,
  type Expr,
  initialValue,
  type Layout,
  type Over,
  type Ref,
  type Stmt,
} from "../../model/ir/index.ts";

/** A run of cells; the cells outside are all `outside`, for ever. */
export interface Window {
  first: number;
  count: number;
  outside: number;
}

interface Values {
  lo: number;
  hi: number;
}

const NOTHING: Values = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
const ANYTHING: Values = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

/** The smallest run of cells with all that are written, per shared variable. */
export function writtenWindows(layout: Layout): Map<string, Window> {
  const written = new Map<string, Values>();
  for (const actor of layout.model.actors) {
    if (actor.count === 0) continue;
    for (const step of actor.steps) collect(step.body, actor, new Map(), layout, written);
  }
  const windows = new Map<string, Window>();
  for (const [name, cells] of layout.shared) {
    windows.set(name, windowOf(cells, written.get(name) ?? NOTHING));
  }
  return windows;
}

function windowOf(cells: Cells, written: Values): Window {
  const { count } = cells;
  const first = initialValue(cells, 0);
  const values = Array.from({ length: count }, (_, cell) => initialValue(cells, cell));
  const whole = { first: 0, count, outside: cells.lo };
  if (first === undefined || values.some((v) => v !== first)) return whole;
  if (written.lo > written.hi) return { first: 0, count: 0, outside: first };
  const dim = cells.dims[0];
  if (!dim || cells.dims.length > 1) return whole;
  const lo = Math.max(dim.lo, written.lo);
  const hi = Math.min(dim.hi, written.hi);
  return { first: Math.max(0, lo - dim.lo), count: Math.max(0, hi - lo + 1), outside: first };
}

type Bound = ReadonlyMap<string, Values>;

function collect(
  body: Stmt[],
  actor: ActorDecl,
  bound: Bound,
  layout: Layout,
  written: Map<string, Values>,
): void {
  const note = (target: Ref): void => {
    if (target.kind !== "shared") return;
    const index = target.index[0];
    const values = index ? valuesOf(index, actor, bound, layout) : ANYTHING;
    const before = written.get(target.name) ?? NOTHING;
    const both = { lo: Math.min(before.lo, values.lo), hi: Math.max(before.hi, values.hi) };
    written.set(target.name, both);
  };
  for (const stmt of body) {
    switch (stmt.kind) {
      case "choose":
      case "set":
        note(stmt.target);
        break;
      case "when":
        collect(stmt.then, actor, bound, layout, written);
        collect(stmt.else, actor, bound, layout, written);
        break;
      case "either":
        for (const b of stmt.branches) collect(b.body, actor, bound, layout, written);
        break;
      case "each": {
        const inner = new Map(bound).set(stmt.bind, membersOf(stmt.over, layout));
        collect(stmt.body, actor, inner, layout, written);
        break;
      }
      case "wait":
      case "assert":
      case "lock":
      case "goto":
        break;
    }
  }
}

function valuesOf(index: Expr, actor: ActorDecl, bound: Bound, layout: Layout): Values {
  switch (index.kind) {
    case "const":
      return { lo: index.value, hi: index.value };
    case "self":
      return membersOf({ kind: "instances", actor: actor.name }, layout);
    case "bound":
      return bound.get(index.name) ?? ANYTHING;
    default:
      return ANYTHING;
  }
}

function membersOf(over: Over, layout: Layout): Values {
  if (over.kind !== "instances") return ANYTHING;
  const pids = layout.processes.filter((p) => p.actor.name === over.actor).map((p) => p.pid);
  return { lo: Math.min(...pids), hi: Math.max(...pids) };
}
