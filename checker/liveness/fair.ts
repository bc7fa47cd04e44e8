/**
 * Where a fair run can stay for ever. Weak fairness is a condition on a strongly connected
 * component; strong fairness (a Streett condition) takes states away and looks again, after
 * Emerson and Lei, "Modalities for model checking: branching time logic strikes back", 1987, and
 * Lichtenstein and Pnueli, "Checking that finite state concurrent programs satisfy their linear
 * specification", 1985. A state where nobody has to move is a place to stay, too: there the run
 * ends.
 */
import type { ActorDecl } from "../../model/ir/index.ts";
import { components, type Scratch } from "./scc.ts";
import type { World } from "./world.ts";

/** What kind of stay is looked for. */
export interface Stay {
  /** May this edge be taken again and again? Finite processes are looked after already. */
  keep?: (from: number, edge: number) => boolean;
  /** Of each of these kinds, an edge must be taken again and again. */
  wanted?: ((from: number, edge: number) => boolean)[];
}

/** Edges that a run that stays may take. */
export function stayEdges({ graph, processes }: World, stay: Stay) {
  const finite = processes.map((p) => p.actor.finite === true);
  return (from: number, edge: number): boolean =>
    !finite[graph.movers[edge] as number] && (stay.keep?.(from, edge) ?? true);
}

/** Does the scheduler owe this process a step here, given that it has one? */
export function isOwed(world: Omit<World, "graph">, state: number, process: number): boolean {
  const actor = world.processes[process]?.actor as ActorDecl;
  if (actor.fairness === "none") return false;
  return !(actor.finite && world.rests(state, process));
}

/**
 * Among the states with 1 in `region`, those where a fair run can stay: the number of their
 * component, from 1; 0 for all others.
 */
export function fairStates(
  world: World,
  scratch: Scratch,
  region: Uint8Array,
  stay: Stay,
): Int32Array {
  const { count } = world.graph;
  const home = new Int32Array(count);
  const keep = stayEdges(world, stay);
  const all: number[] = [];
  for (let s = 1; s < count; s++) {
    scratch.zone[s] = region[s] === 1 ? 1 : 0;
    if (region[s] === 1) all.push(s);
  }
  const zones: { zone: number; states: ArrayLike<number> }[] = [{ zone: 1, states: all }];
  let lastZone = 1;
  let lastHome = 0;
  for (let work = zones.pop(); work; work = zones.pop()) {
    const found: { states: Uint32Array; zone: number }[] = [];
    components(world.graph, scratch, work.zone, work.states, keep, (states) => {
      if (states.length === 1 && isPassedThrough(world, states[0] as number, keep)) return;
      lastHome++;
      for (const s of states) home[s] = lastHome;
      const verdict = judge(world, home, states, keep, stay.wanted);
      if (verdict === "fair") return;
      for (const s of states) home[s] = 0;
      if (verdict === "unfair") return;
      const left = states.filter((s) => !owesOne(world, s, verdict));
      if (left.length > 0) found.push({ zone: ++lastZone, states: left });
    });
    for (const part of found) for (const s of part.states) scratch.zone[s] = part.zone;
    zones.push(...found);
  }
  return home;
}

/** Quickly told for most states: nobody can come back here, and somebody must go on. */
function isPassedThrough(
  { graph: { offsets, targets, movers }, ...world }: World,
  s: number,
  keep: (from: number, edge: number) => boolean,
): boolean {
  let owed = false;
  for (let e = offsets[s] as number; e < (offsets[s + 1] as number); e++) {
    if (targets[e] === s && keep(s, e)) return false;
    owed ||= isOwed(world, s, movers[e] as number);
  }
  return owed;
}

/** Fair, unfair, or the processes that have to be kept from being able to move. */
function judge(
  world: World,
  home: Int32Array,
  states: Uint32Array,
  keep: (from: number, edge: number) => boolean,
  wanted: Stay["wanted"],
): "fair" | "unfair" | number[] {
  const { graph, processes } = world;
  const { offsets, targets, movers } = graph;
  const number = processes.length;
  const [moves, free, owed] = [bits(number), bits(number), bits(number)];
  const here = home[states[0] as number];
  const seen = new Int32Array(number);
  let unmet = wanted ?? [];
  for (const s of states) {
    for (let e = offsets[s] as number; e < (offsets[s + 1] as number); e++) {
      const mover = movers[e] as number;
      seen[mover] = s;
      if (home[targets[e] as number] !== here || !keep(s, e)) continue;
      moves[mover] = 1;
      if (unmet.length > 0) unmet = unmet.filter((isWanted) => !isWanted(s, e));
    }
    for (let p = 0; p < number; p++) {
      const sets = seen[p] === s && isOwed(world, s, p) ? owed : free;
      sets[p] = 1;
    }
  }
  if (unmet.length > 0) return "unfair";
  const kept: number[] = [];
  for (let p = 0; p < number; p++) {
    if (moves[p] === 1 || owed[p] === 0) continue;
    if (processes[p]?.actor.fairness === "strong") kept.push(p);
    else if (free[p] === 0) return "unfair";
  }
  return kept.length === 0 ? "fair" : kept;
}

function bits(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** Does one of these processes have to move here? */
export function owesOne(world: World, state: number, processes: number[]): boolean {
  const { offsets, movers } = world.graph;
  for (let e = offsets[state] as number; e < (offsets[state + 1] as number); e++) {
    const mover = movers[e] as number;
    if (processes.includes(mover) && isOwed(world, state, mover)) return true;
  }
  return false;
}

/** The processes that can move here and are owed it. */
export function mustMove(world: World, s: number): number[] {
  const { offsets, movers } = world.graph;
  const found = new Set<number>();
  for (let e = offsets[s] as number; e < (offsets[s + 1] as number); e++) {
    if (isOwed(world, s, movers[e] as number)) found.add(movers[e] as number);
  }
  return [...found];
}
