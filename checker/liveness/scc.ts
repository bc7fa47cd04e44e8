/**
 * Strongly connected components of a part of the graph: Tarjan, "Depth-first search and linear
 * graph algorithms", 1972, without recursion. 24 bytes per state.
 */
import type { Graph } from "./graph.ts";

/** Arrays for one search after the other. A state is in the zone whose number it has here. */
export interface Scratch {
  zone: Int32Array;
  /** Order of discovery, from 1; 0 for a state not met yet. */
  found: Int32Array;
  low: Int32Array;
  stack: Uint32Array;
  path: Uint32Array;
  next: Uint32Array;
}

export function newScratch(count: number): Scratch {
  return {
    zone: new Int32Array(count),
    found: new Int32Array(count),
    low: new Int32Array(count),
    stack: new Uint32Array(count),
    path: new Uint32Array(count),
    next: new Uint32Array(count),
  };
}

export const SCRATCH_BYTES = 24;

/** More than every order of discovery: the component of this state is known. */
const CLOSED = 0x7fffffff;

/**
 * Calls `visit` for each component of the zone, a component before those that lead to it. What it
 * is given changes afterwards.
 *
 * @param roots at least one state of every part of the zone; others are passed over
 * @param keep is this edge part of the graph?
 */
export function components(
  graph: Graph,
  scratch: Scratch,
  zone: number,
  roots: ArrayLike<number>,
  keep: (from: number, edge: number) => boolean,
  visit: (states: Uint32Array) => void,
): void {
  const { offsets, targets } = graph;
  const { zone: zones, found, low, stack, path, next } = scratch;
  for (let r = 0; r < roots.length; r++) {
    const root = roots[r] as number;
    if (zones[root] === zone) found[root] = 0;
  }
  let order = 0;
  let top = 0;
  let depth = 0;
  const enter = (s: number): void => {
    order++;
    found[s] = order;
    low[s] = order;
    stack[top++] = s;
    path[depth++] = s;
    next[s] = offsets[s] as number;
  };
  const leave = (s: number): void => {
    depth--;
    const parent = depth > 0 ? (path[depth - 1] as number) : 0;
    if (parent > 0 && (low[s] as number) < (low[parent] as number)) low[parent] = low[s] as number;
    if (low[s] !== found[s]) return;
    let first = top - 1;
    while (stack[first] !== s) first--;
    for (let k = first; k < top; k++) found[stack[k] as number] = CLOSED;
    visit(stack.subarray(first, top));
    top = first;
  };
  for (let r = 0; r < roots.length; r++) {
    const root = roots[r] as number;
    if (zones[root] !== zone || found[root] !== 0) continue;
    enter(root);
    while (depth > 0) {
      const s = path[depth - 1] as number;
      const end = offsets[s + 1] as number;
      let edge = next[s] as number;
      let lowest = low[s] as number;
      let child = 0;
      for (; edge < end && child === 0; edge++) {
        const t = targets[edge] as number;
        if (zones[t] !== zone) continue;
        const seen = found[t] as number;
        if (seen === CLOSED || seen >= lowest || !keep(s, edge)) continue;
        if (seen === 0) child = t;
        else lowest = seen;
      }
      next[s] = edge;
      low[s] = lowest;
      if (child > 0) enter(child);
      else leave(s);
    }
  }
}
