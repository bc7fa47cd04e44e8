/**
 * Why a trace violates its property: which part of the property is false and for which members,
 * the step after which nothing could save it any more, and which value or check had gone stale
 * when it was used.
 */
import {
  interpret,
  type Model,
  type State,
  scheduleOf,
  startOf,
  type Trace,
  type Why,
} from "../model/ir/index.ts";
import { statesAlong } from "./states-along.ts";
import { failedPart } from "./why-failed.ts";
import { flowsOf } from "./why-flows.ts";
import { turningPoint } from "./why-turn.ts";

export interface ExplainOptions {
  /** States that the search for the turning point may visit; 0 leaves it out. */
  budget?: number;
}

/**
 * The trace of a replayed run, with its explanation; without a violation there is nothing to
 * explain.
 */
export function explain(model: Model, trace: Trace, options: ExplainOptions = {}): Trace {
  if (!trace.violation) return trace;
  const interpreter = interpret(model);
  const states = statesAlong(interpreter, scheduleOf(trace), startOf(model, trace));
  const failed = failedPart(interpreter, trace.violation, states.at(-1) as State);
  const why: Why = { flows: flowsOf(interpreter, trace, states, failed?.claim ?? []) };
  if (failed?.text !== undefined) why.failed = failed.text;
  const turn = turningPoint(interpreter, trace, states, options.budget ?? 3000);
  if (turn !== undefined) why.turn = turn;
  return { ...trace, why };
}
