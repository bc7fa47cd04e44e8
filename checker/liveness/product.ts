/**
 * The graph together with an automaton that reads its states. A state of the product is a state of
 * the graph and a node that agrees with it; what leads to no such node leads to state 0, so that it
 * is still seen who could move.
 */
import type { Buchi, BuchiNode } from "./buchi.ts";
import type { Graph } from "./graph.ts";
import { SCRATCH_BYTES } from "./scc.ts";
import type { World } from "./world.ts";

export interface Product {
  /** The base world, with pairs for states. */
  world: World;
  /** By state of the product: that of the base graph, and the number of the node. */
  baseOf(state: number): number;
  nodeOf(state: number): number;
  /** States of the product from 1 to this one are initial. */
  initial: number;
}

export interface ProductLimits {
  /** Bytes. */
  room: number;
  /** Asked every few thousand states; true ends the work. */
  poll: () => boolean;
}

/** Of a state of the product: its pair, offset, component, region and ways. */
const STATE_BYTES = 4 + 4 + SCRATCH_BYTES + 9;
const EDGE_BYTES = 6;

/**
 * @param labels by state: one bit for each atom that is true
 * @param initialStates states of the graph from 1 to this one are initial
 */
export function productOf(
  base: World,
  labels: Int32Array,
  automaton: Buchi,
  initialStates: number,
  { room, poll }: ProductLimits,
): Product | "memory" | "poll" {
  const { graph } = base;
  const width = automaton.nodes.length;
  const table = 4 * graph.count * width;
  if (table > room) return "memory";
  const pairs: Pairs = {
    labels,
    automaton,
    number: new Uint32Array(graph.count * width),
    all: new Uint32Array(1 << 10),
    count: 1,
  };
  for (let s = 1; s <= initialStates; s++) {
    automaton.nodes.forEach((node, n) => {
      if (node.initial) numberOf(pairs, s, n);
    });
  }
  const initial = pairs.count - 1;
  let edges = 0;
  for (let at = 1; at < pairs.count; at++) {
    if ((at & 0xfff) === 0) {
      if (poll()) return "poll";
      if (table + pairs.count * STATE_BYTES + edges * EDGE_BYTES > room) return "memory";
    }
    edges += countEdges(graph, pairs, at);
  }
  const product = graphOfPairs(graph, pairs, edges);
  const { all } = pairs;
  const baseOf = (state: number): number => Math.floor((all[state] as number) / width);
  return {
    initial,
    baseOf,
    nodeOf: (state) => (all[state] as number) % width,
    world: {
      ...base,
      graph: product,
      pcOf: (state, process) => base.pcOf(baseOf(state), process),
      rests: (state, process) => base.rests(baseOf(state), process),
    },
  };
}

interface Pairs {
  labels: Int32Array;
  automaton: Buchi;
  /** By state of the graph times nodes plus node: number of the pair from 1, or 0. */
  number: Uint32Array;
  /** The pairs in the order of their numbers. */
  all: Uint32Array;
  /** One more than there are pairs. */
  count: number;
}

export function agrees({ yes, no }: BuchiNode, label: number): boolean {
  return (label & yes) === yes && (label & no) === 0;
}

/** 0 when the node does not agree with the state. */
function numberOf(pairs: Pairs, state: number, node: number): number {
  const { labels, automaton, number } = pairs;
  if (!agrees(automaton.nodes[node] as BuchiNode, labels[state] as number)) return 0;
  const pair = state * automaton.nodes.length + node;
  if (number[pair] !== 0) return number[pair] as number;
  if (pairs.count === pairs.all.length) {
    const larger = new Uint32Array(2 * pairs.count);
    larger.set(pairs.all);
    pairs.all = larger;
  }
  pairs.all[pairs.count] = pair;
  number[pair] = pairs.count;
  return pairs.count++;
}

/** How many edges leave the pair; numbers the pairs that they lead to. */
function countEdges({ offsets, targets }: Graph, pairs: Pairs, at: number): number {
  const width = pairs.automaton.nodes.length;
  const pair = pairs.all[at] as number;
  const state = Math.floor(pair / width);
  const { next } = pairs.automaton.nodes[pair % width] as BuchiNode;
  let edges = 0;
  for (let e = offsets[state] as number; e < (offsets[state + 1] as number); e++) {
    let led = 0;
    for (const n of next) if (numberOf(pairs, targets[e] as number, n) > 0) led++;
    edges += Math.max(led, 1);
  }
  return edges;
}

function graphOfPairs(graph: Graph, pairs: Pairs, edges: number): Graph {
  const { nodes } = pairs.automaton;
  const { count } = pairs;
  const offsets = new Uint32Array(count + 1);
  const targets = new Uint32Array(edges);
  const movers =
    graph.movers instanceof Uint8Array ? new Uint8Array(edges) : new Uint16Array(edges);
  let edge = 0;
  const add = (target: number, mover: number): void => {
    targets[edge] = target;
    movers[edge++] = mover;
  };
  for (let at = 1; at < count; at++) {
    offsets[at] = edge;
    const pair = pairs.all[at] as number;
    const state = Math.floor(pair / nodes.length);
    const { next } = nodes[pair % nodes.length] as BuchiNode;
    for (let e = graph.offsets[state] as number; e < (graph.offsets[state + 1] as number); e++) {
      const before = edge;
      const mover = graph.movers[e] as number;
      for (const n of next) {
        const target = numberOf(pairs, graph.targets[e] as number, n);
        if (target > 0) add(target, mover);
      }
      if (edge === before) add(0, mover);
    }
  }
  offsets[count] = edge;
  return { count, offsets, targets, movers };
}
