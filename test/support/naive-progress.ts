/**
 * Fair runs by brute force over the reference interpreter: for every set of processes that stop
 * moving, what is left of the graph, and reachability by Warshall's algorithm.
 */
import type { Interpreter, State } from "../../model/ir/eval.ts";
import { marksOf, PROGRESS, RETRY } from "../../model/ir/marks.ts";
import type { Expr, Liveness, LtlClaim } from "../../model/ir/types.ts";

export interface Arc {
  from: number;
  to: number;
  pid: number;
  marks: number;
}

export interface NaiveGraph {
  interpreter: Interpreter;
  states: State[];
  initial: number[];
  arcs: Arc[];
}

/** The whole graph, or undefined when it has more states than the limit, or a violation. */
export function naiveGraph(interpreter: Interpreter, limit: number): NaiveGraph | undefined {
  const ids = new Map<string, number>();
  const states: State[] = [];
  const idOf = (s: State): number => {
    const key = s.join();
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, states.length);
    return states.push(s) - 1;
  };
  const initial = interpreter.initialStates().map(idOf);
  const arcs: Arc[] = [];
  for (let from = 0; from < states.length; from++) {
    if (states.length > limit) return undefined;
    const state = states[from] as State;
    for (const { pid, next, violation } of interpreter.successors(state)) {
      if (violation) return undefined;
      const { actor, pc } = interpreter.layout.processes[pid - 1] ?? {};
      if (!actor || pc === undefined) throw new Error("no such process");
      const at = (state[pc] as number) * (actor.steps.length + 1) + (next[pc] as number);
      arcs.push({ from, to: idOf(next), pid, marks: marksOf(actor)[at] as number });
    }
  }
  return { interpreter, states, initial, arcs };
}

export type Keep = (arc: Arc) => boolean;

/** reach[i][j]: is there a way from i to j, of no arc or more? */
export function closure(n: number, arcs: Arc[]): boolean[][] {
  const reach = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => i === j));
  for (const { from, to } of arcs) (reach[from] as boolean[])[to] = true;
  for (let k = 0; k < n; k++) {
    for (const row of reach) {
      if (!row[k]) continue;
      for (let j = 0; j < n; j++) if (reach[k]?.[j]) row[j] = true;
    }
  }
  return reach;
}

/** Is the process owed a step in this state? */
export function isOwed({ interpreter, states, arcs }: NaiveGraph, s: number, pid: number): boolean {
  const actor = interpreter.layout.processes[pid - 1]?.actor;
  if (actor?.fairness === "none") return false;
  if (actor?.finite && interpreter.atRest(states[s] as State, pid)) return false;
  return arcs.some((a) => a.from === s && a.pid === pid);
}

/** The states where a fair run can stay for ever in the region, along these arcs. */
function staying(graph: NaiveGraph, region: boolean[], keep: Keep, wanted?: Keep): Set<number> {
  const system = { ...graph, owed: (s: number, pid: number) => isOwed(graph, s, pid) };
  return stayingIn(system, region, keep, wanted ? [wanted] : []);
}

export interface NaiveSystem extends NaiveGraph {
  owed(state: number, pid: number): boolean;
}

/** The same where steps are owed otherwise; an arc of each wanted kind is taken for ever. */
export function stayingIn(
  { interpreter, states, arcs, owed }: NaiveSystem,
  region: boolean[],
  keep: Keep,
  wanted: Keep[],
): Set<number> {
  const { processes } = interpreter.layout;
  const found = new Set<number>();
  for (let set = 0; set < 2 ** processes.length; set++) {
    const stopped = processes.filter((p) => (set >> (p.pid - 1)) & 1);
    if (processes.some((p) => p.actor.finite && !stopped.includes(p))) continue;
    const strong = stopped.filter((p) => p.actor.fairness === "strong");
    const weak = stopped.filter((p) => !strong.includes(p) && p.actor.fairness !== "none");
    const inside = states.map(
      (_, s) => (region[s] ?? false) && !strong.some((p) => owed(s, p.pid)),
    );
    const left = arcs.filter(
      (a) => inside[a.from] && inside[a.to] && keep(a) && !stopped.some((p) => p.pid === a.pid),
    );
    const reach = closure(states.length, left);
    const together = (i: number, j: number): boolean => !!reach[i]?.[j] && !!reach[j]?.[i];
    states.forEach((_, s) => {
      if (!inside[s]) return;
      const members = states.flatMap((_, t) => (inside[t] && together(s, t) ? [t] : []));
      const own = left.filter((a) => members.includes(a.from) && members.includes(a.to));
      const going = processes.filter((p) => !stopped.includes(p));
      if (going.some((p) => !own.some((a) => a.pid === p.pid))) return;
      if (weak.some((p) => members.every((t) => owed(t, p.pid)))) return;
      if (wanted.some((isWanted) => !own.some(isWanted))) return;
      found.add(s);
    });
  }
  return found;
}

const anyArc: Keep = () => true;

/** Is there a fair run that violates the claim? */
export function violates(graph: NaiveGraph, p: Exclude<Liveness, LtlClaim>): boolean {
  const { interpreter, states, arcs, initial } = graph;
  const truth = (e: Expr): boolean[] => states.map((s) => interpreter.evaluate(e, s) === true);
  const unmet = truth(p.expr).map((b) => !b);
  const places = staying(graph, unmet, anyArc);
  const inside = arcs.filter((a) => unmet[a.from] && unmet[a.to]);
  const reach = closure(states.length, inside);
  const due = p.kind === "leads_to" ? truth(p.from) : states.map(() => true);
  const begins = (s: number): boolean => {
    if (!unmet[s] || !due[s]) return false;
    return p.kind !== "eventually" || initial.includes(s);
  };
  return states.some((_, s) => begins(s) && [...places].some((t) => reach[s]?.[t]));
}

/** Is there a fair run in which the process passes retry marks for ever, and no progress mark? */
export function starves(graph: NaiveGraph, pid: number): boolean {
  const everywhere = graph.states.map(() => true);
  const keep: Keep = (a) => a.pid !== pid || (a.marks & PROGRESS) === 0;
  const wanted: Keep = (a) => a.pid === pid && (a.marks & RETRY) !== 0;
  return staying(graph, everywhere, keep, wanted).size > 0;
}

/** Is some process neither done nor idle in a state, and can never move again? */
export function hasPartialDeadlock({ interpreter, states, arcs }: NaiveGraph): boolean {
  const reach = closure(states.length, arcs);
  return states.some((state, s) =>
    interpreter.layout.processes.some(
      ({ pid }) =>
        !interpreter.atRest(state, pid) && !arcs.some((a) => a.pid === pid && reach[s]?.[a.from]),
    ),
  );
}
