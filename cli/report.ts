/** From what the searches said to what the report shows. */
import { existsSync, readFileSync } from "node:fs";
import {
  DrawingFailed,
  lockGraphToDot,
  lockOrders,
  type ReportInput,
  type ReportRun,
  toSvg,
} from "../counterexamples/render/index.ts";
import type { Trace } from "../model/ir/index.ts";
import { EXIT } from "./exit-codes.ts";
import { explained } from "./explained.ts";
import { version } from "./home.ts";
import { countOf, limitText, type Outcome } from "./judge.ts";
import type { Searcher } from "./search.ts";
import { tourOf } from "./tours.ts";

/** One row of the report, with its traces; tours are searched for here. */
export async function reportRun(outcome: Outcome, searcher: Searcher): Promise<ReportRun> {
  const { task, result, findings } = outcome;
  const trace = explained(outcome);
  const { spec, config, variant, kind, breaks } = task;
  const { verdict, states, transitions, depth, coverage, reachable } = result;
  const present = new Set(task.model.actors.filter((a) => a.count > 0).map((a) => a.name));
  const isMutant = breaks !== undefined && kind !== "scheme";
  const toured = verdict.kind === "holds" && breaks === undefined;
  const tour = toured ? await tourOf(outcome, searcher) : { traces: [], missed: [] };
  const run: ReportRun = {
    spec: spec.name,
    config,
    variant,
    verdict: verdict.kind,
    asExpected: outcome.code === EXIT.ok,
    detail: detailOf(outcome),
    states,
    transitions,
    depth,
    // A mutant's search ends at its first violation: what it took says nothing.
    coverage: isMutant ? [] : coverage.filter((c) => present.has(c.actor)),
    reachable: isMutant ? [] : reachable,
    findings: findings.map((f) => f.text),
    tour: tour.traces,
    missed: tour.missed,
  };
  if (trace) run.trace = trace;
  const graph = await lockGraph(task.stem, trace ? [trace] : tour.traces);
  return graph === undefined ? run : { ...run, lockGraph: graph };
}

function detailOf({ task, result }: Outcome): string {
  const { verdict } = result;
  switch (verdict.kind) {
    case "holds":
      return task.breaks === undefined ? "" : `must violate ${task.breaks}`;
    case "incomplete":
      return limitText(verdict.limit);
    case "violated": {
      const { property } = verdict.violation;
      const instead = task.breaks !== undefined && task.breaks !== property;
      return instead ? `${property}, but must violate ${task.breaks}` : property;
    }
  }
}

/** The orders of locks in these traces as SVG; undefined when there are none, or no picture. */
async function lockGraph(stem: string, traces: Trace[]): Promise<string | undefined> {
  const orders = lockOrders(traces);
  if (orders.length === 0) return undefined;
  try {
    return await toSvg(lockGraphToDot(orders));
  } catch (error) {
    if (!(error instanceof DrawingFailed)) throw error;
    process.stderr.write(`${stem}: note: lock orders not drawn: ${error.message}\n`);
    return undefined;
  }
}

/** The whole report, with the text of every source file that a step points at. */
export function reportInput(title: string, runs: ReportRun[]): ReportInput {
  const traces = runs.flatMap((run) => [...(run.trace ? [run.trace] : []), ...run.tour]);
  const files = new Set(traces.flatMap((t) => t.steps.flatMap((s) => (s.src ? [s.src.file] : []))));
  const sources: Record<string, string> = {};
  for (const file of [...files].sort()) {
    if (existsSync(file)) sources[file] = readFileSync(file, "utf8");
  }
  const bad = runs.filter((run) => !run.asExpected).length;
  const good = bad === 0 ? "all as expected" : `${bad} not as expected`;
  const subtitle = `mmrace ${version()}: ${countOf(runs.length, "check")}, ${good}`;
  return { title, subtitle, runs, sources };
}
