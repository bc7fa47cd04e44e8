/**
 * The reachable states of a small model as a graph to draw, with the path of a counterexample
 * marked.
 */
import { type Interpreter, interpret, type Outcome, type State } from "../model/ir/eval.ts";
import { showSlot } from "../model/ir/layout.ts";
import type { Move } from "../model/ir/trace.ts";
import type { Model } from "../model/ir/types.ts";
import { violationIn } from "../model/ir/verdict.ts";
import type { GraphEdge, GraphState, StateGraph } from "./render/graph-dot.ts";
import { statesAlong } from "./states-along.ts";

/** More states than this are no picture any more. */
export const MOST_STATES = 500;

/**
 * Explores breadth-first up to `limit` states, but no state of the run to mark is left out; the
 * graph says when it is not complete. `moves` is the run, `start` its initial state (the first one
 * when left out).
 */
export function stateGraph(
  model: Model,
  moves: Move[] = [],
  start?: State,
  limit: number = MOST_STATES,
): StateGraph {
  const interpreter = interpret(model);
  const ids = new Map<string, number>();
  const found: State[] = [];
  const initial = interpreter.initialStates();
  const from = start ?? initial[0];
  const run = from && moves.length > 0 ? statesAlong(interpreter, moves, from) : [];
  const kept = new Set(run.map((state) => state.join()));
  const idOf = (state: State): number | undefined => {
    const key = state.join();
    const known = ids.get(key);
    if (known !== undefined || (found.length >= limit && !kept.has(key))) return known;
    ids.set(key, found.length);
    return found.push(state) - 1;
  };
  const edges: GraphEdge[] = [];
  const bad = new Map<number, string>();
  let complete = true;
  for (const state of initial) if (idOf(state) === undefined) complete = false;
  const starts = found.length;
  for (let id = 0; id < found.length; id++) {
    const state = found[id] as State;
    const wrong = violationIn(interpreter, state);
    if (wrong) bad.set(id, wrong.property);
    for (const outcome of interpreter.successors(state)) {
      const to = idOf(outcome.next);
      if (to === undefined) complete = false;
      else edges.push(edgeOf(interpreter, id, to, outcome));
    }
  }
  const first = found[0] as State | undefined;
  const states = found.map((state, id): GraphState => {
    const broken = bad.get(id);
    const lines = describe(interpreter, state, first ?? state, id);
    return { lines, initial: id < starts, ...(broken === undefined ? {} : { broken }) };
  });
  const path = run.flatMap((state) => ids.get(state.join()) ?? []);
  return { name: model.name, states, edges, path, complete };
}

function edgeOf({ layout }: Interpreter, from: number, to: number, outcome: Outcome): GraphEdge {
  const process = layout.processes[outcome.pid - 1]?.name ?? "";
  const chosen = outcome.chosen.length > 0 ? ` (${outcome.chosen.join(", ")})` : "";
  const broken = outcome.violation ? { broken: outcome.violation.property } : {};
  return { from, to, process, label: outcome.label + chosen, ...broken };
}

/** Where the processes stand, and the cells that differ from the first state. */
function describe({ layout }: Interpreter, state: State, first: State, id: number): string[] {
  return state.flatMap((value, slot) => {
    const { role, name } = layout.slots[slot] as { role: string; name: string };
    if (role !== "pc" && value === first[slot] && id > 0) return [];
    return [
      `${name.replace(/\.pc$/, ":")}${role === "pc" ? " " : " = "}${showSlot(layout, slot, value)}`,
    ];
  });
}
