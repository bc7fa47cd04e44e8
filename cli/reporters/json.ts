/** Results for programs: one document. All that differs from run to run is under `timing`. */
import { modelHash, type Trace } from "../../model/ir/index.ts";
import { allExplained } from "../explained.ts";
import { version } from "../home.ts";
import type { Outcome } from "../judge.ts";
import type { Report } from "./report.ts";

export const REPORT_FORMAT = "mmrace-report";
export const REPORT_VERSION = 1;

export function jsonReport({ outcomes, planned, code, limits }: Report): string {
  const { deadReset = true, symmetry = false, partialOrder = false } = limits;
  const report = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    mmrace: version(),
    exitCode: code,
    planned,
    // What the counts below are counts of.
    reductions: { deadReset, symmetry, partialOrder },
    exact: limits.hashCompaction !== true,
    results: outcomes.map(resultOf),
    timing: {
      // Of searches: those of cached results are the seconds of then.
      cached: outcomes.map((o) => o.cached === true),
      seconds: outcomes.reduce((sum, o) => sum + o.result.elapsed, 0) / 1000,
      results: outcomes.map((o) => o.result.elapsed / 1000),
    },
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function resultOf(outcome: Outcome) {
  const { task, result, code, findings, others } = outcome;
  const [trace, ...rest] = allExplained(outcome);
  const { spec, config, variant, kind, breaks } = task;
  const { states, transitions, depth, initialStates, terminalStates } = result;
  return {
    spec: spec.name,
    file: spec.file,
    config,
    sizes: spec.configs.find((c) => c.name === config)?.sizes ?? {},
    variant,
    kind,
    modelHash: modelHash(task.model),
    expected:
      breaks === undefined ? { verdict: "holds" } : { verdict: "violated", property: breaks },
    asExpected: code === 0,
    ...verdictOf(result.verdict),
    omissionProbability: result.omission,
    statesExpected: result.expected,
    findings,
    states,
    transitions,
    depth,
    initialStates,
    terminalStates,
    engine: result.engine,
    coverage: result.coverage,
    reachable: result.reachable,
    liveness: result.liveness,
    steps: trace && stepsOf(trace),
    loopFrom: result.loopFrom,
    why: trace?.why,
    others: others && {
      complete: others.complete,
      violations: rest.map((t) => ({ violation: t.violation, steps: stepsOf(t), why: t.why })),
    },
  };
}

function stepsOf(trace: Trace) {
  return trace.steps.map(({ process, label, choices, text }) => ({
    process,
    label,
    choices,
    text,
  }));
}

function verdictOf(verdict: Outcome["result"]["verdict"]) {
  switch (verdict.kind) {
    case "holds":
      return { verdict: "holds" };
    case "incomplete":
      return { verdict: "incomplete", limit: verdict.limit };
    case "violated":
      return { verdict: "violated", violation: verdict.violation };
  }
}
