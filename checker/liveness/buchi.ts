/**
 * From a formula of linear temporal logic to a generalised Büchi automaton: Gerth, Peled, Vardi,
 * Wolper, "Simple on-the-fly automatic verification of linear temporal logic", 1995. Nodes read the
 * state in which they stand. Two departures: nodes that differ only in obligations that are met
 * already are one, and nothing is degeneralised, because the search for fair components can ask
 * for several sets at once.
 */
import type { Ltl } from "../../model/ir/index.ts";

export interface BuchiNode {
  /** Bits of the atoms that must be true, and false, in the state. */
  yes: number;
  no: number;
  /** Numbers of the nodes that may stand in the next state. */
  next: number[];
  initial: boolean;
  /** One bit for each acceptance set that the node is in. */
  accepts: number;
}

export interface Buchi {
  nodes: BuchiNode[];
  /** Number of acceptance sets: a run must visit each again and again. */
  sets: number;
}

/** The formula has an automaton that nobody wants to multiply with a graph. */
export class FormulaTooLarge extends Error {}

const MOST_NODES = 4096;

/**
 * The automaton of the runs of which the formula is true; `atoms` are numbered by their place.
 *
 * @throws FormulaTooLarge
 */
export function buchiOf(formula: Ltl, atoms: readonly string[]): Buchi {
  const table = newTable(atoms);
  const root = normal(table, formula, true);
  const untils = table.all.flatMap((f, id) => (f.kind === "until" ? [id] : []));
  if (untils.length > 31) throw new FormulaTooLarge("more than 31 promises in one formula");
  const known = new Map<string, Built>();
  const todo: Open[] = [openNode(START, [root])];
  for (let open = todo.pop(); open; open = todo.pop()) {
    const id = open.fresh.pop();
    if (id !== undefined) {
      todo.push(...expand(table, open, id));
      continue;
    }
    const done = closed(table, open, untils);
    const same = known.get(done.key);
    if (same) {
      same.from.add(open.from);
      continue;
    }
    if (known.size >= MOST_NODES) {
      throw new FormulaTooLarge(`its automaton has more than ${MOST_NODES} states`);
    }
    const number = known.size;
    known.set(done.key, { ...done, from: new Set([open.from]) });
    todo.push(openNode(number, [...open.later]));
  }
  const built = [...known.values()];
  const nodes = built.map(({ yes, no, accepts, from }): BuchiNode => {
    return { yes, no, accepts, initial: from.has(START), next: [] };
  });
  built.forEach(({ from }, to) => {
    for (const n of from) if (n !== START) nodes[n]?.next.push(to);
  });
  return { nodes, sets: untils.length };
}

/** Negations stand in front of atoms only. */
type Normal =
  | { kind: "const"; value: boolean }
  | { kind: "literal"; bit: number; value: boolean }
  | { kind: "next"; arg: number }
  | { kind: "and" | "or" | "until" | "release"; left: number; right: number };

/** Each formula once; others refer to it by its number. */
interface Table {
  atoms: readonly string[];
  all: Normal[];
  ids: Map<string, number>;
}

function newTable(atoms: readonly string[]): Table {
  return { atoms, all: [], ids: new Map() };
}

function idOf({ all, ids }: Table, formula: Normal): number {
  const key = JSON.stringify(formula);
  const known = ids.get(key);
  if (known !== undefined) return known;
  ids.set(key, all.length);
  return all.push(formula) - 1;
}

/** The formula, or its negation unless `positive`. */
function normal(table: Table, f: Ltl, positive: boolean): number {
  const part = (g: Ltl, sign = positive): number => normal(table, g, sign);
  const pair = (kind: "and" | "or" | "until" | "release", left: number, right: number): number =>
    idOf(table, { kind, left, right });
  const truth = (value: boolean): number => idOf(table, { kind: "const", value });
  const dual = (yes: "and" | "until", no: "or" | "release") => (positive ? yes : no);
  switch (f.kind) {
    case "const":
      return truth(f.value === positive);
    case "atom":
      return idOf(table, {
        kind: "literal",
        bit: 1 << table.atoms.indexOf(f.name),
        value: positive,
      });
    case "not":
      return part(f.arg, !positive);
    case "next":
      return idOf(table, { kind: "next", arg: part(f.arg) });
    case "eventually":
      return pair(dual("until", "release"), truth(positive), part(f.arg));
    case "always":
      return pair(positive ? "release" : "until", truth(!positive), part(f.arg));
    case "and":
      return pair(dual("and", "or"), part(f.left), part(f.right));
    case "or":
      return pair(positive ? "or" : "and", part(f.left), part(f.right));
    case "implies":
      return pair(positive ? "or" : "and", part(f.left, !positive), part(f.right));
    case "iff": {
      const both = pair("and", part(f.left, true), part(f.right));
      return pair("or", both, pair("and", part(f.left, false), part(f.right, !positive)));
    }
    case "until":
      return pair(dual("until", "release"), part(f.left), part(f.right));
    case "release":
      return pair(positive ? "release" : "until", part(f.left), part(f.right));
    case "weak": {
      // p W q is q V (p || q).
      const [p, q] = [part(f.left), part(f.right)];
      return pair(positive ? "release" : "until", q, pair(positive ? "or" : "and", p, q));
    }
  }
}

/** Where runs begin; not a node. */
const START = -1;

/** A node while it is made: what still has to be looked at, what was, and what is due next. */
interface Open {
  from: number;
  fresh: number[];
  old: Set<number>;
  later: Set<number>;
}

interface Closed {
  yes: number;
  no: number;
  accepts: number;
  key: string;
}

interface Built extends Closed {
  from: Set<number>;
}

function openNode(from: number, fresh: number[]): Open {
  return { from, fresh, old: new Set(), later: new Set() };
}

function closed({ all }: Table, { old, later }: Open, untils: number[]): Closed {
  let [yes, no, accepts] = [0, 0, 0];
  for (const id of old) {
    const f = all[id];
    if (f?.kind !== "literal") continue;
    if (f.value) yes |= f.bit;
    else no |= f.bit;
  }
  untils.forEach((id, i) => {
    const until = all[id] as Extract<Normal, { right: number }>;
    if (!old.has(id) || old.has(until.right)) accepts |= 1 << i;
  });
  const due = [...later].sort((a, b) => a - b).join();
  return { yes, no, accepts, key: [yes, no, accepts, due].join("|") };
}

/** What becomes of the node when this formula is true in it: no node, one, or a choice of two. */
function expand({ all, ids }: Table, open: Open, id: number): Open[] {
  if (open.old.has(id)) return [open];
  const f = all[id] as Normal;
  open.old.add(id);
  switch (f.kind) {
    case "const":
      return f.value ? [open] : [];
    case "literal": {
      const opposite = ids.get(JSON.stringify({ ...f, value: !f.value }));
      return opposite !== undefined && open.old.has(opposite) ? [] : [open];
    }
    case "next":
      open.later.add(f.arg);
      return [open];
    case "and":
      open.fresh.push(f.left, f.right);
      return [open];
    case "or":
      return [branch(open, [f.left]), branch(open, [f.right])];
    case "until":
      return [branch(open, [f.left], id), branch(open, [f.right])];
    case "release":
      return [branch(open, [f.right], id), branch(open, [f.left, f.right])];
  }
}

function branch({ from, fresh, old, later }: Open, more: number[], due?: number): Open {
  const next = new Set(later);
  if (due !== undefined) next.add(due);
  return { from, fresh: [...fresh, ...more], old: new Set(old), later: next };
}
