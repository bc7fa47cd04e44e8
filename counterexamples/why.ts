/**
 * Why a trace violates its property: which part of the property is false and for which members,
 * the step after which nothing could save it any more, and which value or check had gone stale
 * when it was used.
 *
 * The first two are exact. The third is a reading of the trace that the model confirms: a cell
 * got its value by reading another cell, that other cell moved on, and the old value was used all
 * the same.
 */
import {
  allStmts,
  type Change,
  exprsOfStmt,
  type Flow,
  interpret,
  type Model,
  type Ref,
  refsRead,
  type State,
  type Stmt,
  scheduleOf,
  startOf,
  type Trace,
  type TraceStep,
  type Why,
} from "../model/ir/index.ts";
import { statesAlong } from "./states-along.ts";
import { failedPart } from "./why-failed.ts";
import { turningPoint } from "./why-turn.ts";

/** At most so many arrows: more of them hide the race. */
const MOST_FLOWS = 3;

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
  const why: Why = { flows: flowsOf(model, trace) };
  const interpreter = interpret(model);
  const states = statesAlong(interpreter, scheduleOf(trace), startOf(model, trace));
  const failed = failedPart(interpreter, trace.violation, states.at(-1) as State);
  if (failed) why.failed = failed;
  const turn = turningPoint(interpreter, trace, states, options.budget ?? 3000);
  if (turn !== undefined) why.turn = turn;
  return { ...trace, why };
}

function flowsOf(model: Model, trace: Trace): Flow[] {
  const uses = [...trace.steps].reverse().filter((s) => s.changes.some((c) => c.watched));
  const flows: Flow[] = [];
  for (const use of uses) {
    for (const flow of [...valueFlows(model, trace, use), ...checkFlows(model, trace, use)]) {
      const known = flows.some((f) => f.from === flow.from && f.to === flow.to);
      if (!known && flows.length < MOST_FLOWS) flows.push(flow);
    }
  }
  return flows.sort((a, b) => a.to - b.to || a.from - b.from);
}

/**
 * The value written here was copied into a local earlier, from a cell that has another value by
 * now.
 */
function valueFlows(model: Model, trace: Trace, use: TraceStep): Flow[] {
  const flows: Flow[] = [];
  const reads = new Set(refsIn(stepBody(model, use)).map((r) => r.name));
  for (const written of use.changes.filter((c) => c.watched && telling(c.to))) {
    const earlier = trace.steps.filter((s) => s.pid === use.pid && s.number < use.number);
    const copies = (s: TraceStep): Change | undefined =>
      s.changes.find((c) => isCopy(model, s, c, written.to) && reads.has(localName(s, c)));
    const copy = earlier.findLast((s) => copies(s) !== undefined);
    if (!copy) continue;
    const local = copies(copy) as Change;
    const lost = earlier.some(
      (s) => s.number > copy.number && s.changes.some((c) => c.name === local.name),
    );
    if (lost) continue;
    const source = trace.steps.find(
      (s) =>
        s.number > copy.number &&
        s.pid !== use.pid &&
        s.changes.some((c) => c.from === written.to && isReadBy(model, trace, copy, c)),
    );
    const text = `${localName(copy, local)} = ${local.to}`;
    if (source) flows.push({ kind: "value", from: copy.number, to: use.number, text });
  }
  return flows;
}

/** Values such as `true` or `1` are equal by chance too often to speak of a copy. */
function telling(value: string): boolean {
  return !/^(none|true|false|-?\d+)$/.test(value);
}

function isCopy(model: Model, step: TraceStep, change: Change, value: string): boolean {
  if (change.pid === undefined || change.to !== value) return false;
  const name = localName(step, change);
  return allStmts(stepBody(model, step)).some(
    (s) => s.kind === "set" && s.target.kind === "local" && s.target.name === name,
  );
}

/** `pfn` of `gpu_fault.pfn` or `gpu_fault[1].pfn`. */
function localName(step: TraceStep, change: Change): string {
  return change.name.slice(step.process.length + 1).replace(/\[.*$/, "");
}

/**
 * The last retry check before the use whose answer had changed meanwhile: the process went on
 * because of a cell that another process has written since.
 */
function checkFlows(model: Model, trace: Trace, use: TraceStep): Flow[] {
  const checks = trace.steps.filter((s) => s.pid === use.pid && s.number < use.number);
  const check = checks.findLast((s) => decidingRefs(stepBody(model, s)).length > 0);
  if (!check || use.locks.length > 0) return [];
  const decided = decidingRefs(stepBody(model, check));
  const broken = trace.steps.some(
    (s) =>
      s.number > check.number &&
      s.number < use.number &&
      s.pid !== use.pid &&
      s.changes.some((c) => isOneOf(model, trace, check, decided, c)),
  );
  if (!broken) return [];
  const text = check.text.trim().split("\n")[0] as string;
  return [{ kind: "check", from: check.number, to: use.number, text }];
}

/** The shared cells by which a step decides where to go on. */
function decidingRefs(body: Stmt[]): Ref[] {
  return body.flatMap((s) => {
    if (s.kind !== "when" || !allStmts([s]).some((t) => t.kind === "goto")) return [];
    return refsRead(s.cond).filter((r) => r.kind === "shared");
  });
}

function isReadBy(model: Model, trace: Trace, step: TraceStep, change: Change): boolean {
  return isOneOf(model, trace, step, refsIn(stepBody(model, step)), change);
}

/**
 * Is it one of these cells that changes: its variable, at indexes that the process knows at this
 * step?
 */
function isOneOf(
  model: Model,
  trace: Trace,
  step: TraceStep,
  refs: Ref[],
  change: Change,
): boolean {
  if (change.pid !== undefined) return false;
  const named = refs.some(
    (r) =>
      r.kind === "shared" && templateOf(model, r.name) === change.name.replace(/\[[^\]]*\]/g, "[]"),
  );
  if (!named) return false;
  const known = new Set([step.process, ...localValues(trace, step)]);
  const bare = change.name.replaceAll(step.process, "self");
  const indexes = [...bare.matchAll(/\[([^[\]]*)\]/g)].map((m) => m[1] as string);
  return indexes.every((i) => i === "self" || known.has(i));
}

function templateOf(model: Model, variable: string): string | undefined {
  const decl = model.shared.find((d) => d.name === variable);
  return decl && (decl.show ?? decl.name + "[]".repeat(decl.index.length));
}

/** The values of the locals of the step's process, before and after it. */
function localValues(trace: Trace, step: TraceStep): string[] {
  const values = trace.initial.filter((v) => v.name.startsWith(`${step.process}.`));
  const current = new Map(values.map((v) => [v.name, v.value]));
  for (const s of trace.steps.slice(0, step.number - 1)) {
    for (const c of s.changes) if (c.pid === step.pid) current.set(c.name, c.to);
  }
  const after = step.changes.filter((c) => c.pid === step.pid).map((c) => c.to);
  return [...current.values(), ...after];
}

function stepBody(model: Model, step: TraceStep): Stmt[] {
  const actor = model.actors.find((a) => a.name === step.process.replace(/\[\d+\]$/, ""));
  return actor?.steps.find((s) => s.label === step.label)?.body ?? [];
}

function refsIn(body: Stmt[]): Ref[] {
  return allStmts(body).flatMap(exprsOfStmt).flatMap(refsRead);
}
