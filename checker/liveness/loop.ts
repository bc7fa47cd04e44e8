/** A short fair loop inside a component where a fair run can stay. */
import { mustMove, type Stay, stayEdges } from "./fair.ts";
import { type Edge, wayThrough } from "./paths.ts";
import type { World } from "./world.ts";

/**
 * Edges from `start` back to it that are fair to everybody and contain each kind of wanted one.
 * Empty when the run may end at `start`. `home` is from `fairStates`.
 */
export function fairLoop(world: World, home: Int32Array, start: number, stay: Stay): Edge[] {
  const { graph } = world;
  const here = home[start];
  const keep = stayEdges(world, stay);
  const inside = (from: number, edge: number): boolean =>
    home[graph.targets[edge] as number] === here && keep(from, edge);
  if (!stay.wanted && mustMove(world, start).length === 0) return [];
  const loop: Edge[] = [];
  let at = start;
  const extend = (last: (from: number, edge: number) => boolean): void => {
    const way = wayThrough(graph, at, inside, last);
    if (!way) throw new Error("a fair component without a fair loop");
    loop.push(...way);
    at = graph.targets[(way.at(-1) as Edge).edge] as number;
  };
  for (const isWanted of stay.wanted ?? []) {
    if (!loop.some(({ from, edge }) => isWanted(from, edge))) extend(isWanted);
  }
  for (;;) {
    const owed = neglected(world, [start, ...loop.map((e) => graph.targets[e.edge] as number)]);
    const moved = new Set(loop.map((e) => graph.movers[e.edge] as number));
    const next = owed.find((p) => !moved.has(p));
    if (next !== undefined) {
      extend((_, e) => graph.movers[e] === next || isFree(world, graph.targets[e] as number, next));
    } else if (at !== start || loop.length === 0) {
      extend((_, e) => graph.targets[e] === start);
    } else return loop;
  }
}

/** A state in which a weakly fair process is not owed a step pays its debt. */
function isFree(world: World, s: number, process: number): boolean {
  const isWeak = world.processes[process]?.actor.fairness !== "strong";
  return isWeak && !mustMove(world, s).includes(process);
}

/** The processes that these states, visited for ever, owe a step. */
function neglected(world: World, states: number[]): number[] {
  const musts = states.map((s) => mustMove(world, s));
  return world.processes.flatMap(({ actor }, p) => {
    const times = musts.filter((m) => m.includes(p)).length;
    return (actor.fairness === "strong" ? times > 0 : times === states.length) ? [p] : [];
  });
}
