/**
 * Why a trace violates its property: which part of the property is false, for which members and
 * with which values, the step after which nothing could save it any more, and which value or check
 * had gone stale when it was used. Of a deadlock: what those who wait are waiting for.
 */
import {
  type Expr,
  type Interpreter,
  interpret,
  type Model,
  printExpr,
  type State,
  scheduleOf,
  showSlot,
  startOf,
  type Trace,
  type TraceStep,
  type Why,
} from "../model/ir/index.ts";
import { cellsRead } from "./cells.ts";
import { dataOf, guardsOf } from "./data-flow.ts";
import { statesAlong } from "./states-along.ts";
import { failedPart } from "./why-failed.ts";
import { flowsOf } from "./why-flows.ts";
import { turningPoint } from "./why-turn.ts";

export interface ExplainOptions {
  /** States that the search for the turning point may visit; 0 leaves it out. */
  budget?: number;
}

/** Values shown at most: more of them do not fit on a line. */
const MOST_VALUES = 6;

/**
 * The trace of a replayed run, with its explanation; without a violation there is nothing to
 * explain.
 */
export function explain(model: Model, trace: Trace, options: ExplainOptions = {}): Trace {
  if (!trace.violation) return trace;
  const interpreter = interpret(model);
  const states = statesAlong(interpreter, scheduleOf(trace), startOf(model, trace));
  const last = states.at(-1) as State;
  const failed = failedPart(interpreter, trace.violation, last);
  const why: Why = { flows: flowsOf(interpreter, trace, states, failed?.claim ?? []) };
  if (failed?.text !== undefined) why.failed = failed.text;
  const values = failed ? valuesOf(interpreter, failed.claim, last) : [];
  if (values.length > 0) why.values = values;
  const turn = turningPoint(interpreter, trace, states, options.budget ?? 3000);
  if (turn !== undefined) why.turn = turn;
  const steps = trace.steps.map((s, i) => withAnswer(interpreter, s, states[i] as State));
  return { ...trace, ...waiting(interpreter, { ...trace, steps }, last), why };
}

/** `gpu.pte[page0] = sys0` for each cell that the expressions read. */
function valuesOf(interpreter: Interpreter, exprs: Expr[], state: State): string[] {
  const { layout } = interpreter;
  const slots = [...new Set(exprs.flatMap((e) => cellsRead(interpreter, e, state)))];
  if (slots.length > MOST_VALUES) return [];
  return slots.map(
    (slot) => `${layout.slots[slot]?.name} = ${showSlot(layout, slot, state[slot] as number)}`,
  );
}

/** Steps that change what a process of a deadlock waits for are watched, and it says for what. */
function waiting(
  interpreter: Interpreter,
  { violation, steps, blocked }: Trace,
  last: State,
): Pick<Trace, "steps" | "blocked"> {
  if (violation?.kind !== "deadlock") return { steps, blocked };
  const { model, layout } = interpreter;
  const guards = new Map(blocked.map((b) => [b, guardsOf(interpreter, last, b.pid)]));
  const read = [...guards.values()].flat().flatMap((e) => cellsRead(interpreter, e, last));
  const shared = read.map((slot) => layout.slots[slot]).filter((slot) => slot?.role !== "local");
  const names = new Set(shared.map((slot) => slot?.name));
  return {
    steps: steps.map((step) => ({
      ...step,
      changes: step.changes.map((c) => ({ ...c, watched: c.watched || names.has(c.name) })),
    })),
    blocked: blocked.map((b) => {
      const until = (guards.get(b) ?? []).map((e) => printExpr(e, model)).join(" && ");
      return until === "" ? b : { ...b, until };
    }),
  };
}

/** Of a C line `if (...) goto again`, whether it went there, as one more thing to know about it. */
function withAnswer(interpreter: Interpreter, step: TraceStep, before: State): TraceStep {
  const [target, ...others] = [...step.text.matchAll(/\bgoto (\w+)/g)].map((m) => m[1] as string);
  const tests = step.text.match(/\bif \(/g) ?? [];
  if (target === undefined || others.length > 0 || tests.length !== 1) return step;
  const { jumped } = dataOf(interpreter, before, step.pid, step.choices);
  const there = step.next.split(".").includes(target);
  if (jumped !== there) return step;
  return { ...step, chosen: [...step.chosen, String(there)] };
}
