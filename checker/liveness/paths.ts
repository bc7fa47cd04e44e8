/** Shortest ways through the graph, as edges. */
import { type Graph, sourceOf } from "./graph.ts";

/** A transition: the state it leaves, and its number. */
export interface Edge {
  from: number;
  edge: number;
}

export interface Quest {
  /** States where it may begin, by distance: those at distance 0, then those at 1 and so on. */
  starts: Iterable<number>[];
  /** May the way lead along this edge? */
  along(from: number, edge: number): boolean;
  /** Is it at its end in this state? */
  until(state: number): boolean;
}

/** Where the shortest way begins, its edges, and its end; undefined when there is none. */
export function shortestWay(
  graph: Graph,
  { starts, along, until }: Quest,
): { start: number; edges: Edge[]; end: number } | undefined {
  const { count, offsets, targets } = graph;
  // The edge into a state plus two; 1 for a start, 0 for a state not met.
  const into = new Uint32Array(count);
  let level: number[] = [];
  for (let distance = 0; distance < starts.length || level.length > 0; distance++) {
    for (const s of starts[distance] ?? []) {
      if (into[s] !== 0) continue;
      into[s] = 1;
      level.push(s);
    }
    const end = level.find(until);
    if (end !== undefined) return { ...wayTo(graph, into, end), end };
    const next: number[] = [];
    for (const s of level) {
      for (let e = offsets[s] as number; e < (offsets[s + 1] as number); e++) {
        const t = targets[e] as number;
        if (into[t] !== 0 || !along(s, e)) continue;
        into[t] = e + 2;
        next.push(t);
      }
    }
    level = next;
  }
  return undefined;
}

function wayTo(graph: Graph, into: Uint32Array, end: number): { start: number; edges: Edge[] } {
  const edges: Edge[] = [];
  let at = end;
  while (into[at] !== 1) {
    const edge = (into[at] as number) - 2;
    at = sourceOf(graph, edge);
    edges.unshift({ from: at, edge });
  }
  return { start: at, edges };
}

/**
 * The shortest way from `start`, of at least one edge, whose last edge is `last`. All edges satisfy
 * `along`.
 */
export function wayThrough(
  graph: Graph,
  start: number,
  along: (from: number, edge: number) => boolean,
  last: (from: number, edge: number) => boolean,
): Edge[] | undefined {
  const { offsets } = graph;
  const lastOf = (s: number): Edge | undefined => {
    for (let edge = offsets[s] as number; edge < (offsets[s + 1] as number); edge++) {
      if (along(s, edge) && last(s, edge)) return { from: s, edge };
    }
    return undefined;
  };
  const until = (s: number): boolean => lastOf(s) !== undefined;
  const way = shortestWay(graph, { starts: [[start]], along, until });
  return way && [...way.edges, lastOf(way.end) as Edge];
}
