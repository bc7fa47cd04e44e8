/**
 * The trace in the Informal Trace Format (Apalache's ADR-015), which Apalache, Quint and the ITF
 * viewers read. Cells are variables, values that are numbers or truth values become JSON ones;
 * the action that leads to a state stands in `mbt::actionTaken`, as Quint writes it.
 */
import type { Trace } from "../../model/ir/trace.ts";
import { statesOf, type TraceState } from "./states.ts";
import { verdictOf } from "./verdict.ts";

const ACTION = "mbt::actionTaken";

/** JSON text of a `.itf.json` file. */
export function toItf(trace: Trace): string {
  const states = statesOf(trace);
  const names = [...(states[0] as TraceState).keys()];
  const itf = {
    "#meta": {
      format: "ITF",
      "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
      source: trace.model,
      config: trace.config,
      variant: trace.variant,
      status: trace.violation ? "violation" : "ok",
      description: verdictOf(trace).headline,
    },
    vars: [...names.map(variable), ACTION],
    states: states.map((state, index) => stateOf(trace, state, index)),
    // The loop runs from this state to the last one, which equals the state before it.
    ...(trace.loopFrom === undefined ? {} : { loop: trace.loopFrom }),
  };
  return `${JSON.stringify(itf, null, 1)}\n`;
}

function stateOf(trace: Trace, state: TraceState, index: number): Record<string, unknown> {
  const step = trace.steps[index - 1];
  const out: [string, unknown][] = [["#meta", { index, ...(step ? { text: step.text } : {}) }]];
  for (const [name, value] of state) out.push([variable(name), jsonValue(value)]);
  out.push([ACTION, step ? `${step.process}.${step.label}` : "init"]);
  return Object.fromEntries(out);
}

/** Names that begin with `#` are the format's own. */
function variable(name: string): string {
  return name.startsWith("#") ? `_${name}` : name;
}

function jsonValue(value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  const number = Number(value);
  return /^-?\d+$/.test(value) && Number.isSafeInteger(number) ? number : value;
}
