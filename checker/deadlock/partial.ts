/**
 * Partial deadlocks, exactly: a process that is neither done nor idle is blocked for ever in a
 * state when no state reachable from there lets it move. Computed in one pass over the strongly
 * connected components, which come with those they lead to before them.
 */
import type { Graph } from "../liveness/graph.ts";
import { components, type Scratch } from "../liveness/scc.ts";
import type { World } from "../liveness/world.ts";

const everyEdge = (): boolean => true;

/**
 * The first state in which two processes are blocked for ever, or else the first one in which one
 * is; 0 when there is none.
 */
export function partialDeadlock(world: World, scratch: Scratch): number {
  const { graph, processes, rests } = world;
  const moves = movesLater(graph, processes.length, scratch);
  return firstBlocked(graph.count, processes.length, (s, p) => !moves(s, p) && !rests(s, p));
}

/**
 * Does the process (number minus one) move in a state reachable from this one? 4 bytes per state
 * for each 32 processes.
 */
export function movesLater(
  graph: Graph,
  processes: number,
  scratch: Scratch,
): (state: number, process: number) => boolean {
  const { count, offsets, targets, movers } = graph;
  const width = Math.ceil(processes / 32);
  // Bit p of a state: process p moves here or later.
  const live = new Uint32Array(count * width);
  scratch.zone.fill(1);
  const all = Uint32Array.from({ length: count - 1 }, (_, i) => i + 1);
  const union = new Uint32Array(width);
  components(graph, scratch, 1, all, everyEdge, (states) => {
    union.fill(0);
    for (const s of states) {
      for (let e = offsets[s] as number; e < (offsets[s + 1] as number); e++) {
        const mover = movers[e] as number;
        union[mover >> 5] = (union[mover >> 5] as number) | (1 << (mover & 31));
        const t = (targets[e] as number) * width;
        for (let w = 0; w < width; w++) {
          union[w] = (union[w] as number) | (live[t + w] as number);
        }
      }
    }
    for (const s of states) live.set(union, s * width);
  });
  return (s, p) => (((live[s * width + (p >> 5)] as number) >>> (p & 31)) & 1) === 1;
}

function firstBlocked(
  count: number,
  processes: number,
  isBlocked: (state: number, process: number) => boolean,
): number {
  let single = 0;
  for (let s = 1; s < count; s++) {
    let blocked = 0;
    for (let p = 0; p < processes; p++) if (isBlocked(s, p)) blocked++;
    if (blocked > 1) return s;
    if (blocked === 1 && single === 0) single = s;
  }
  return single;
}
