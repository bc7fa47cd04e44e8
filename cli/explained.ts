/** Counterexamples together with why they are some: worked out once, when asked for. */
import { explain } from "../counterexamples/why.ts";
import type { Model, Trace } from "../model/ir/index.ts";
import type { Outcome } from "./judge.ts";

/** As much of an outcome as its pictures need. */
export type Seen = Pick<Outcome, "task" | "trace" | "others">;

const known = new WeakMap<Trace, Trace>();

/** Undefined when nothing was violated. */
export function explained({ task, trace }: Seen): Trace | undefined {
  return trace && once(task.model, trace);
}

/** All counterexamples of an outcome, the first one first. */
export function allExplained({ task, trace, others }: Seen): Trace[] {
  const all = [...(trace ? [trace] : []), ...(others?.traces ?? [])];
  return all.map((t) => once(task.model, t));
}

function once(model: Model, trace: Trace): Trace {
  const before = known.get(trace);
  if (before) return before;
  const after = explain(model, trace);
  known.set(trace, after);
  return after;
}
