/** The counterexample of an outcome together with why it is one: worked out once, when asked for. */
import { explain } from "../counterexamples/why.ts";
import type { Trace } from "../model/ir/index.ts";
import type { Outcome } from "./judge.ts";

const known = new WeakMap<Trace, Trace>();

/** Undefined when nothing was violated. */
export function explained({ task, trace }: Outcome): Trace | undefined {
  if (!trace) return undefined;
  const before = known.get(trace);
  if (before) return before;
  const after = explain(task.model, trace);
  known.set(trace, after);
  return after;
}
