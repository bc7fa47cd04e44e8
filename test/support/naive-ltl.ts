/**
 * Temporal formulas by brute force: every state together with every guess of which promises are
 * true in it (the tableau of Lichtenstein and Pnueli, 1985), and fair places in that by trying all
 * sets of processes that stop. Shares nothing with the checker.
 */
import type { Expr } from "../../model/ir/index.ts";
import type { Ltl } from "../../model/ir/ltl.ts";
import { type Arc, closure, isOwed, type NaiveGraph, stayingIn } from "./naive-progress.ts";

/** Made of these only. */
type Core =
  | { kind: "true" }
  | { kind: "atom"; name: string }
  | { kind: "not" | "next"; arg: Core }
  | { kind: "and" | "until"; left: Core; right: Core };

const not = (arg: Core): Core => ({ kind: "not", arg });
const and = (left: Core, right: Core): Core => ({ kind: "and", left, right });
const until = (left: Core, right: Core): Core => ({ kind: "until", left, right });
const or = (left: Core, right: Core): Core => not(and(not(left), not(right)));
const always = (arg: Core): Core => not(until({ kind: "true" }, not(arg)));

function coreOf(f: Ltl): Core {
  if (f.kind === "const") return f.value ? { kind: "true" } : not({ kind: "true" });
  if (f.kind === "atom") return f;
  if ("arg" in f) {
    const arg = coreOf(f.arg);
    if (f.kind === "always") return always(arg);
    if (f.kind === "eventually") return until({ kind: "true" }, arg);
    return { kind: f.kind, arg };
  }
  const [left, right] = [coreOf(f.left), coreOf(f.right)];
  switch (f.kind) {
    case "and":
      return and(left, right);
    case "or":
      return or(left, right);
    case "implies":
      return or(not(left), right);
    case "iff":
      return or(and(left, right), and(not(left), not(right)));
    case "until":
      return until(left, right);
    case "weak":
      return or(until(left, right), always(left));
    case "release":
      return not(until(not(left), not(right)));
  }
}

function promisesIn(f: Core): Core[] {
  const below = "arg" in f ? [f.arg] : "left" in f ? [f.left, f.right] : [];
  const own = f.kind === "next" || f.kind === "until" ? [f] : [];
  return [...own, ...below.flatMap(promisesIn)];
}

/** How many promises, each of which doubles the work. */
export function promises(formula: Ltl): number {
  return promisesIn(coreOf(formula)).length;
}

/** Is there a fair run of which the formula is false? */
export function violatesFormula(
  graph: NaiveGraph,
  formula: Ltl,
  atoms: { name: string; expr: Expr }[],
): boolean {
  const wrong = not(coreOf(formula));
  const owed = promisesIn(wrong);
  const guesses = 2 ** owed.length;
  const n = graph.states.length;
  const { interpreter, initial } = graph;
  const atomAt = (name: string, s: number): boolean => {
    const atom = atoms.find((a) => a.name === name);
    return !!atom && interpreter.evaluate(atom.expr, graph.states[s % n] ?? []) === true;
  };
  const isTrue = (f: Core, s: number, guess: number): boolean => {
    const at = owed.indexOf(f);
    if (at >= 0) return ((guess >> at) & 1) === 1;
    if (f.kind === "true") return true;
    if (f.kind === "atom") return atomAt(f.name, s);
    if (f.kind === "not") return !isTrue(f.arg, s, guess);
    if (f.kind === "and") return isTrue(f.left, s, guess) && isTrue(f.right, s, guess);
    throw new Error("a promise is guessed");
  };
  const agree = (s: number, g: number, t: number, h: number): boolean =>
    owed.every((f) => {
      const now = isTrue(f, s, g);
      if (f.kind === "next") return now === isTrue(f.arg, t, h);
      if (f.kind !== "until") return true;
      return now === (isTrue(f.right, s, g) || (isTrue(f.left, s, g) && isTrue(f, t, h)));
    });
  const product = arcsWithEnds(graph).flatMap((arc) => guessed(arc, guesses, agree));
  const baseOf = (pair: number): number => Math.floor(pair / guesses);
  const kept = owed.flatMap((f) => {
    if (f.kind !== "until") return [];
    const isKept = (s: number, g: number) => !isTrue(f, s, g) || isTrue(f.right, s, g);
    return [({ from }: Arc) => isKept(baseOf(from), from % guesses)];
  });
  const pairs = Array.from({ length: 2 * n * guesses }, () => []);
  const system = {
    ...graph,
    states: pairs,
    arcs: product,
    owed: (pair: number, pid: number) => baseOf(pair) < n && isOwed(graph, baseOf(pair), pid),
  };
  const everywhere = pairs.map(() => true);
  const any = () => true;
  const places = [...stayingIn(system, everywhere, any, [any, ...kept])];
  const reach = closure(pairs.length, product);
  const begins = initial.flatMap((s) =>
    Array.from({ length: guesses }, (_, g) => (isTrue(wrong, s, g) ? [s * guesses + g] : [])),
  );
  return begins.flat().some((pair) => places.some((place) => reach[pair]?.[place]));
}

/** A run that ends goes on in a copy of its last state, moved by nobody. */
function arcsWithEnds(graph: NaiveGraph): Arc[] {
  const { processes } = graph.interpreter.layout;
  const n = graph.states.length;
  const copies = graph.states.flatMap((_, s): Arc[] => {
    if (processes.some((p) => isOwed(graph, s, p.pid))) return [];
    const still = { to: n + s, pid: 0, marks: 0 };
    return [
      { ...still, from: s },
      { ...still, from: n + s },
    ];
  });
  return [...graph.arcs, ...copies];
}

function guessed(
  arc: Arc,
  guesses: number,
  agree: (s: number, g: number, t: number, h: number) => boolean,
): Arc[] {
  const made: Arc[] = [];
  for (let g = 0; g < guesses; g++) {
    for (let h = 0; h < guesses; h++) {
      if (!agree(arc.from, g, arc.to, h)) continue;
      made.push({ ...arc, from: arc.from * guesses + g, to: arc.to * guesses + h });
    }
  }
  return made;
}
