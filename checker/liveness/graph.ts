/**
 * The explored graph with its edges: made again from the stored states, whose successors the
 * engine computes a second time. 4 bytes per state and 5 per transition (6 beyond 256 processes).
 */
import type { Engine } from "../search/engine.ts";
import type { Arena } from "../store/arena.ts";
import { findState } from "../store/table.ts";

export interface Graph {
  /** States are 1 to `count - 1`. */
  count: number;
  /** The edges of state s are `offsets[s]` to `offsets[s + 1] - 1`. */
  offsets: Uint32Array;
  targets: Uint32Array;
  /** Process number minus one. */
  movers: Uint8Array | Uint16Array;
}

/** Bytes that {@link graphOf} needs. */
export function graphBytes(count: number, transitions: number, processes: number): number {
  return 4 * (count + 1) + transitions * (processes > 256 ? 6 : 5);
}

/**
 * @param engine without reductions, and one that tells movers
 * @param poll asked every few thousand states; true ends the work
 */
export function graphOf(
  engine: Engine,
  arena: Arena,
  count: number,
  transitions: number,
  poll: () => boolean,
): Graph | undefined {
  const { batch, packing } = engine;
  const { words } = packing;
  const many = batch.ends.length > 256;
  const offsets = new Uint32Array(count + 1);
  const targets = new Uint32Array(transitions);
  const movers = many ? new Uint16Array(transitions) : new Uint8Array(transitions);
  let edge = 0;
  for (let s = 1; s < count; s++) {
    if ((s & 0xfff) === 0 && poll()) return undefined;
    offsets[s] = edge;
    engine.expand(s, s + 1);
    let mover = 0;
    for (let at = 0; at < batch.filled; at += words) {
      while ((batch.ends[mover] as number) <= at) mover++;
      targets[edge] = numberOf(arena, batch.words, at);
      movers[edge] = mover;
      edge++;
    }
  }
  offsets[count] = edge;
  return { count, offsets, targets, movers };
}

/** Number of the stored state at `array[from..]`. */
export function numberOf(arena: Arena, array: Int32Array, from: number): number {
  const state = findState(arena, arena.words, array, from);
  if (state === 0) throw new Error("a successor is not stored");
  return state;
}

/** The state that an edge leaves. */
export function sourceOf({ offsets, count }: Graph, edge: number): number {
  let [lo, hi] = [1, count - 1];
  while (lo < hi) {
    const middle = (lo + hi + 1) >>> 1;
    if ((offsets[middle] as number) <= edge) lo = middle;
    else hi = middle - 1;
  }
  return lo;
}
