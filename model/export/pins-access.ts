/** Which slots of the state vector an expression reads, and a list of actions reads and writes. */
import { allExprs, type Expr, type Process, type Ref, refsRead } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { cellNumber } from "./cells.ts";
import { placeOf } from "./pins-expr.ts";
import { boundsOf, pidBounds, type Scope } from "./scope.ts";

export type Slots = Set<number>;

export interface Writes {
  may: Slots;
  must: Slots;
  /** The values written to a slot when all of them are known. */
  values: Map<number, Set<number> | "any">;
}

export function slotsRead(expr: Expr, scope: Scope, process: Process | undefined): Slots {
  const slots: Slots = new Set();
  for (const ref of refsRead(expr)) for (const s of slotsOf(ref, scope, process)) slots.add(s);
  for (const e of allExprs(expr)) {
    if (e.kind !== "atLabel") continue;
    const { lo, hi } = boundsOf(e.proc, scope);
    for (const p of scope.layout.processes) {
      if (p.actor.name === e.actor && p.pid >= lo && p.pid <= hi) slots.add(p.pc);
    }
  }
  return slots;
}

/** The slots that a cell may be in. */
export function slotsOf(ref: Ref, scope: Scope, process: Process | undefined): number[] {
  const { cells, base, stride } = placeOf(ref, scope, process);
  const cell = cellNumber(ref, scope);
  const { lo, hi } = cell ? boundsOf(cell, scope) : { lo: 0, hi: 0 };
  const slots: number[] = [];
  for (let c = Math.max(0, lo); c <= Math.min(cells.count - 1, hi); c++) slots.push(base + c);
  if (ref.kind !== "peek" || ref.proc.kind === "const") return slots;
  const pids = pidBounds(scope.layout, ref.actor);
  const instances = Array.from({ length: pids.hi - pids.lo + 1 }, (_, i) => i * stride);
  return instances.flatMap((skip) => slots.map((s) => s + skip));
}

/** What the actions read, conditions included. */
export function actionsRead(body: Action[], scope: Scope, process: Process): Slots {
  const slots: Slots = new Set();
  const add = (e: Expr): void => {
    for (const s of slotsRead(e, scope, process)) slots.add(s);
  };
  const visit = (action: Action): void => {
    if (action.kind === "assign") for (const e of [...action.target.index, action.value]) add(e);
    if (action.kind === "check") add(action.cond);
    if (action.kind !== "if") return;
    add(action.cond);
    for (const inner of [...action.yes, ...action.no]) visit(inner);
  };
  for (const action of body) visit(action);
  return slots;
}

/** The pc of the process is among them. */
export function actionsWrite(body: Action[], scope: Scope, process: Process): Writes {
  const writes: Writes = { may: new Set(), must: new Set(), values: new Map() };
  writes.must = collect(body, scope, process, writes);
  return writes;
}

function collect(body: Action[], scope: Scope, process: Process, writes: Writes): Slots {
  const must: Slots = new Set();
  const put = (slot: number, value: Expr): void => {
    writes.may.add(slot);
    const known = writes.values.get(slot) ?? new Set<number>();
    if (value.kind !== "const" || known === "any") writes.values.set(slot, "any");
    else writes.values.set(slot, known.add(value.value));
  };
  for (const action of body) {
    switch (action.kind) {
      case "assign": {
        const slots = slotsOf(action.target, scope, process);
        for (const slot of slots) put(slot, action.value);
        const [only] = slots;
        if (slots.length === 1 && only !== undefined) must.add(only);
        break;
      }
      case "jump":
        put(process.pc, { kind: "const", domain: { kind: "bool" }, value: action.to });
        must.add(process.pc);
        break;
      case "if": {
        const yes = collect(action.yes, scope, process, writes);
        const no = collect(action.no, scope, process, writes);
        for (const slot of yes) if (no.has(slot)) must.add(slot);
        break;
      }
      default:
        break;
    }
  }
  return must;
}
