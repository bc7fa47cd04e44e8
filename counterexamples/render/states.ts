/** The states a trace runs through: the initial one, then one per step. */
import type { Trace } from "../../model/ir/trace.ts";

/**
 * Cell name to value; the pc of a process is a cell too, `gpu_fault.pc`, when the trace records
 * it.
 */
export type TraceState = ReadonlyMap<string, string>;

export function statesOf(trace: Trace): TraceState[] {
  const first = new Map(trace.initial.map(({ name, value }) => [name, value]));
  for (const step of trace.steps) {
    for (const c of step.changes) if (!first.has(c.name)) first.set(c.name, c.from);
  }
  const states: TraceState[] = [first];
  for (const step of trace.steps) {
    const state = new Map(states.at(-1));
    const pc = `${step.process}.pc`;
    if (state.has(pc)) state.set(pc, step.next);
    for (const c of step.changes) state.set(c.name, c.to);
    states.push(state);
  }
  return states;
}
