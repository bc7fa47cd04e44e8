/**
 * Formulas of temporal logic: a fair run of which the negation is true, found as a fair component
 * of the product that visits every acceptance set (Vardi and Wolper, "An automata-theoretic
 * approach to automatic program verification", 1986). A run that ends reads its last state for
 * ever.
 */
import { type Ltl, type LtlClaim, parseLtl, partsOf } from "../../model/ir/index.ts";
import { PackError } from "../compile/pack.ts";
import type { Finding } from "../result.ts";
import { stateOf } from "../search/trace.ts";
import { type Buchi, type BuchiNode, buchiOf, FormulaTooLarge } from "./buchi.ts";
import type { Checking, Stopped } from "./checking.ts";
import { fairStates, mustMove, type Stay } from "./fair.ts";
import { type Lasso, movesAlong, settled } from "./lasso.ts";
import { fairLoop } from "./loop.ts";
import { type Edge, shortestWay } from "./paths.ts";
import { agrees, type Product, productOf } from "./product.ts";
import { newScratch } from "./scc.ts";
import type { World } from "./world.ts";

/** @throws PackError when the automaton is too large */
export function formulaTask(cx: Checking, claim: LtlClaim): Lasso | Finding | Stopped | undefined {
  const parsed = parseLtl(claim.formula);
  if ("mistake" in parsed) throw new Error(`the formula was not validated: ${claim.formula}`);
  const { formula } = parsed;
  const labels = labelsOf(cx, claim);
  const names = claim.atoms.map((a) => a.name);
  const automaton = automatonOf({ kind: "not", arg: formula }, names, claim.name);
  const initialStates = (cx.levels[1] ?? 1) - 1;
  const product = productOf(cx.world, labels, automaton, initialStates, cx);
  if (typeof product === "string") return { stopped: product };
  const lasso = lassoIn(cx, labels, automaton, product);
  const never = lasso ? undefined : neverDue(formula, names, labels);
  return never ? { kind: "never_reached", subject: claim.name, text: never } : lasso;
}

function automatonOf(formula: Ltl, atoms: string[], name: string): Buchi {
  try {
    return buchiOf(formula, atoms);
  } catch (error) {
    if (!(error instanceof FormulaTooLarge)) throw error;
    throw new PackError(`the formula ${name} is too large: ${error.message}; split it`);
  }
}

/** By state: one bit for each atom that is true. */
function labelsOf({ world, truthOf }: Checking, { atoms }: LtlClaim): Int32Array {
  const labels = new Int32Array(world.graph.count);
  for (const [bit, { expr }] of atoms.entries()) {
    const truth = truthOf(expr);
    for (let s = 1; s < labels.length; s++) {
      labels[s] = (labels[s] as number) | ((truth[s] as number) << bit);
    }
  }
  return labels;
}

/** An implication whose left side speaks of one state, and is true in none. */
function neverDue(formula: Ltl, names: string[], labels: Int32Array): string | undefined {
  const seen = new Set(labels.subarray(1));
  const isTrue = (f: Ltl, label: number): boolean => {
    switch (f.kind) {
      case "const":
        return f.value;
      case "atom":
        return ((label >> names.indexOf(f.name)) & 1) === 1;
      case "not":
        return !isTrue(f.arg, label);
      case "and":
        return isTrue(f.left, label) && isTrue(f.right, label);
      case "or":
        return isTrue(f.left, label) || isTrue(f.right, label);
      default:
        return true;
    }
  };
  const simple = (f: Ltl): boolean =>
    partsOf(f).every((p) => ["const", "atom", "not", "and", "or"].includes(p.kind));
  for (const part of partsOf(formula)) {
    if (part.kind !== "implies" || !simple(part.left) || seen.size === 0) continue;
    if ([...seen].some((label) => isTrue(part.left, label))) continue;
    const what = [
      ...new Set(partsOf(part.left).flatMap((p) => (p.kind === "atom" ? [p.name] : []))),
    ];
    return `the left side of an implication is true in no reachable state: ${what.join(", ")}`;
  }
  return undefined;
}

/** A shortest run into a place where it can stay, or end. */
function lassoIn(
  cx: Checking,
  labels: Int32Array,
  automaton: Buchi,
  product: Product,
): Lasso | undefined {
  const { world, initial } = product;
  const { graph } = world;
  const { nodes, sets } = automaton;
  const accepting = Array.from({ length: sets }, (_, bit) => (from: number): boolean => {
    return (((nodes[product.nodeOf(from)] as BuchiNode).accepts >> bit) & 1) === 1;
  });
  // A run that stays takes steps; one that ends is looked for by itself.
  const stay: Stay = { wanted: [() => true, ...accepting] };
  const region = new Uint8Array(graph.count).fill(1, 1);
  const home = fairStates(world, newScratch(graph.count), region, stay);
  const ends = endsOf(automaton);
  const mayEnd = (state: number): boolean =>
    mustMove(world, state).length === 0 &&
    ends(product.nodeOf(state), labels[product.baseOf(state)] as number);
  const starts = [Array.from({ length: initial }, (_, i) => i + 1)];
  const along = (_: number, e: number): boolean => graph.targets[e] !== 0;
  const until = (s: number): boolean => home[s] !== 0 || mayEnd(s);
  const stem = shortestWay(graph, { starts, along, until });
  if (!stem) return undefined;
  const loop = home[stem.end] === 0 ? [] : fairLoop(world, home, stem.end, stay);
  const { engine, arena } = cx;
  const moves = (edges: Edge[]) =>
    movesAlong(
      engine,
      arena,
      cx.world,
      edges.map((e) => baseEdge(cx.world, product, e)),
    );
  const start = stateOf(engine, arena, product.baseOf(stem.start));
  return settled(cx.model, start, moves(stem.edges), moves(loop));
}

/** An edge of the graph that the edge of the product was made from. */
function baseEdge({ graph }: World, product: Product, { from, edge }: Edge): Edge {
  const made = product.world.graph;
  const state = product.baseOf(from);
  const target = product.baseOf(made.targets[edge] as number);
  for (let e = graph.offsets[state] as number; e < (graph.offsets[state + 1] as number); e++) {
    if (graph.targets[e] === target && graph.movers[e] === made.movers[edge]) {
      return { from: state, edge: e };
    }
  }
  throw new Error("an edge of the product without an edge of the graph");
}

/** May the automaton, in this node, read a state with this label for ever? */
function endsOf({ nodes, sets }: Buchi): (node: number, label: number) => boolean {
  const known = new Map<string, boolean>();
  const reach = (from: number, label: number): Set<number> => {
    const met = new Set<number>();
    const todo = [from];
    for (let n = todo.pop(); n !== undefined; n = todo.pop()) {
      for (const m of nodes[n]?.next ?? []) {
        if (met.has(m) || !agrees(nodes[m] as BuchiNode, label)) continue;
        met.add(m);
        todo.push(m);
      }
    }
    return met;
  };
  const all = 2 ** sets - 1;
  return (node, label) => {
    const key = `${node} ${label}`;
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    const ahead = [node, ...reach(node, label)];
    const found = ahead.some((n) => {
      const round = [...reach(n, label)].filter((m) => reach(m, label).has(n));
      if (!round.includes(n)) return false;
      const visited = round.reduce((bits, m) => bits | (nodes[m] as BuchiNode).accepts, 0);
      return (visited & all) === all;
    });
    known.set(key, found);
    return found;
  };
}
