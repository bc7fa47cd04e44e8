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
import { statesOf, type TraceState } from "./render/states.ts";
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
  const uses = trace.steps.flatMap((step) =>
    step.changes.filter((c) => c.watched && telling(c.to)).map((written) => ({ step, written })),
  );
  const flows: Flow[] = [];
  for (const use of uses.reverse()) {
    const path = copyPath(model, trace, use);
    for (const flow of [...valueFlow(model, trace, path), ...checkFlow(model, trace, path)]) {
      const known = flows.some((f) => f.kind === flow.kind && f.from === flow.from);
      if (!known && flows.length < MOST_FLOWS) flows.push(flow);
    }
  }
  return flows.sort((a, b) => a.to - b.to || a.from - b.from);
}

/** Values such as `true` or `1` are equal by chance too often to speak of a copy. */
function telling(value: string): boolean {
  return !/^(none|true|false|-?\d+)$/.test(value);
}

/** A step that writes a value it has read in another cell. */
interface Copy extends Write {
  /** Name of the cell that it read. */
  source: string;
}

/** A change and the step that makes it. */
interface Write {
  step: TraceStep;
  written: Change;
}

/** How the value came here, last copy first: from cell to cell, also through other processes. */
function copyPath(model: Model, trace: Trace, use: Write): Copy[] {
  const states = statesOf(trace);
  const path: Copy[] = [];
  for (let write: Write | undefined = use; write; ) {
    const { step, written }: Write = write;
    const before = states[step.number - 1] as TraceState;
    const sources = [...before].filter(
      ([name, value]) => value === written.to && name !== written.name,
    );
    const source = sources.find(([name]) => isRead(model, trace, step, name))?.[0];
    if (source === undefined) return path;
    path.push({ step, written, source });
    write = lastWrite(trace, step.number, source, written.to);
  }
  return path;
}

/** The last step before this one that put the value into the cell. */
function lastWrite(trace: Trace, before: number, cell: string, value: string): Write | undefined {
  const fits = (c: Change): boolean => c.name === cell && c.to === value;
  const step = trace.steps.findLast((s) => s.number < before && s.changes.some(fits));
  const written = step?.changes.find(fits);
  return step && written ? { step, written } : undefined;
}

/** From the first copy out of a cell that has moved on by the end, to the use. */
function valueFlow(model: Model, trace: Trace, path: Copy[]): Flow[] {
  const use = path[0]?.step;
  const privately = path.filter((copy) => !copy.written.watched);
  const stale = privately.findLast(({ step, source }) =>
    trace.steps.some(
      (s) =>
        s.number > step.number &&
        s.pid !== step.pid &&
        s.changes.some(
          (c) => (c.name === source || c.watched) && isRead(model, trace, step, c.name),
        ),
    ),
  );
  if (!use || !stale) return [];
  const { name: cell, pid } = stale.written;
  const name = pid === undefined ? cell : cell.slice(cell.lastIndexOf(".") + 1);
  const text = `${name} = ${stale.written.to}`;
  return [{ kind: "value", from: stale.step.number, to: use.number, text }];
}

/**
 * The last check before the use whose answer had changed meanwhile: the process went on because
 * of a cell that another process has written since.
 */
function checkFlow(model: Model, trace: Trace, path: Copy[]): Flow[] {
  const use = path[0]?.step;
  if (!use) return [];
  for (const { step } of path) {
    const earlier = trace.steps.filter((s) => s.pid === step.pid && s.number < step.number);
    const check = earlier.findLast((s) => decidingRefs(stepBody(model, s)).length > 0);
    if (!check) continue;
    const decided = decidingRefs(stepBody(model, check));
    const overtaken = trace.steps.some(
      (s) =>
        s.number > check.number &&
        s.number < use.number &&
        s.pid !== check.pid &&
        s.changes.some((c) => isOneOf(model, trace, check, decided, c.name)),
    );
    if (!overtaken) continue;
    const text = check.text.trim().split("\n")[0] as string;
    return [{ kind: "check", from: check.number, to: use.number, text }];
  }
  return [];
}

/** The shared cells by which a step decides where to go on. */
function decidingRefs(body: Stmt[]): Ref[] {
  return body.flatMap((s) => {
    if (s.kind !== "when" || !allStmts([s]).some((t) => t.kind === "goto")) return [];
    return refsRead(s.cond).filter((r) => r.kind === "shared");
  });
}

/** May the step read this cell: does it name its variable, at indexes that the process knows? */
function isRead(model: Model, trace: Trace, step: TraceStep, cell: string): boolean {
  return isOneOf(model, trace, step, refsIn(stepBody(model, step)), cell);
}

function isOneOf(model: Model, trace: Trace, step: TraceStep, refs: Ref[], cell: string): boolean {
  const own = `${step.process}.`;
  const template = cell.replace(/\[[^\]]*\]/g, "[]");
  const named = refs.some((r) =>
    r.kind === "shared"
      ? templateOf(model, r.name) === template
      : r.kind === "local" && cell.startsWith(own) && bare(cell.slice(own.length)) === r.name,
  );
  if (!named) return false;
  const known = new Set([step.process, ...localValues(trace, step)]);
  const indexes = cell.replaceAll(step.process, "self").matchAll(/\[([^[\]]*)\]/g);
  return [...indexes].every(([, i]) => i === "self" || known.has(i as string));
}

/** `seen` of `seen[page0]`. */
function bare(local: string): string {
  return local.replace(/\[.*$/, "");
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
