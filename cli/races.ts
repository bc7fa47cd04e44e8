/**
 * More counterexamples than one. The checker ends a search at the first violation, so each further
 * one is a search of its own, of a model in which those before cannot happen.
 */
import type { CheckResult } from "../checker/index.ts";
import {
  type Model,
  replay,
  type Step,
  type Stmt,
  type Trace,
  type Violation,
  withBodies,
} from "../model/ir/index.ts";
import type { Task } from "./prepare.ts";
import type { Limits, Searcher } from "./search.ts";

export interface Further {
  traces: Trace[];
  /** False when a limit was hit, or nothing more can be told this way. */
  complete: boolean;
}

interface Asked {
  task: Task;
  /** The first violation and how it came about. */
  result: CheckResult;
  limits: Limits;
  searcher: Searcher;
}

/**
 * One counterexample for each other property that is violated: searches again without the claims
 * violated so far, until nothing is. What every run has to obey (ranges, values that are set) and
 * starvation cannot be left out: such a violation is the last one found. After a deadlock, standing
 * still is legal everywhere, and claims at rest are left out with it.
 */
export async function otherProperties({ task, result, limits, searcher }: Asked): Promise<Further> {
  const traces: Trace[] = [];
  let found: CheckResult = result;
  let model: Model | undefined = task.model;
  while (found.verdict.kind === "violated") {
    model = withoutClaim(model, found.verdict.violation);
    if (!model) return { traces, complete: false };
    found = await searcher.run({ ...task, model }, limits);
    if (found.verdict.kind === "violated") traces.push(traceOf(task, found));
  }
  return { traces, complete: found.verdict.kind === "holds" };
}

/** Searches for further races at most. */
const MOST_SEARCHES = 48;

/**
 * Up to `count` counterexamples to the same property with other sets of labels: takes one step of a
 * race away, from its end backwards, and searches what is left. So each race found lacks a step of
 * an earlier one; one that has all of its steps, and more, is not found.
 */
export async function otherRaces(asked: Asked, count: number): Promise<Further> {
  const { task, result, limits, searcher } = asked;
  const { verdict } = result;
  if (verdict.kind === "violated" && verdict.violation.property === "deadlock") {
    return otherDeadlocks(asked, count);
  }
  if (verdict.kind !== "violated" || !RUNS_SHOW.has(verdict.violation.kind)) {
    return { traces: [], complete: false };
  }
  const first = traceOf(task, result);
  const known = new Set([labelSet(first)]);
  const traces: Trace[] = [];
  const queue = bans([], first);
  let complete = true;
  for (let searches = 0; queue.length > 0 && traces.length < count; searches++) {
    if (searches === MOST_SEARCHES || searcher.interrupted()) return { traces, complete: false };
    const banned = queue.shift() as string[];
    const model = withoutSteps(task.model, banned, verdict.violation);
    const found = await searcher.run({ ...task, model }, { ...limits, liveness: false });
    if (found.verdict.kind === "incomplete") complete = false;
    if (found.verdict.kind !== "violated") continue;
    const trace = traceOf(task, found);
    if (known.has(labelSet(trace))) continue;
    known.add(labelSet(trace));
    traces.push(trace);
    queue.push(...bans(banned, trace));
  }
  return { traces, complete };
}

/**
 * Up to `count` further deadlocks: to stand where somebody stood in an earlier one becomes legal,
 * so in each one somebody waits at another step. One whose processes all stand where those of
 * earlier ones do is not found.
 */
async function otherDeadlocks(asked: Asked, count: number): Promise<Further> {
  const { task, limits, searcher } = asked;
  const bare: Model = { ...task.model, always: [], atRest: [], reachable: [], liveness: [] };
  const model = withSteps(bare, (s) => ({
    ...s,
    body: filtered(s.body, (t) => t.kind !== "assert"),
  }));
  const places = new Set<string>();
  const traces: Trace[] = [];
  let last = traceOf(task, asked.result);
  while (traces.length < count) {
    for (const place of placesOf(last)) places.add(place);
    const legal = withSteps(model, (step, actor) => {
      return places.has(`${actor}.${step.label}`) ? { ...step, idle: true } : step;
    });
    const found = await searcher.run({ ...task, model: legal }, { ...limits, liveness: false });
    const { verdict } = found;
    if (verdict.kind !== "violated") return { traces, complete: verdict.kind === "holds" };
    if (verdict.violation.property !== "deadlock") return { traces, complete: false };
    last = traceOf(task, found);
    traces.push(last);
  }
  return { traces, complete: true };
}

/** Where those stand who cannot go on. */
function placesOf({ blocked, lanes }: Trace): string[] {
  const actors = new Map(lanes.map((lane) => [lane.pid, lane.actor]));
  return blocked.map((b) => `${actors.get(b.pid)}.${b.label}`);
}

/** Kinds that a run shows whatever the others could still do. */
const RUNS_SHOW = new Set<Violation["kind"]>(["always", "assert", "range", "unset", "division"]);

function traceOf(task: Task, { verdict, moves = [], start, loopFrom }: CheckResult): Trace {
  const { model, config, variant } = task;
  const violation = verdict.kind === "violated" ? verdict.violation : undefined;
  return replay(model, config, variant, moves, violation, start, loopFrom);
}

function labelsOf(trace: Trace): string[] {
  const actors = new Map(trace.lanes.map((lane) => [lane.pid, lane.actor]));
  return [...new Set(trace.steps.map((s) => `${actors.get(s.pid)}.${s.label}`))];
}

function labelSet(trace: Trace): string {
  return labelsOf(trace).sort().join();
}

/** Each with one step of the trace more, the last step first. */
function bans(banned: string[], trace: Trace): string[][] {
  return labelsOf(trace)
    .reverse()
    .map((label) => [...banned, label]);
}

/** Without these steps, and with nothing to find but this violation. */
function withoutSteps(model: Model, banned: string[], violation: Violation): Model {
  const never: Stmt = { kind: "wait", cond: NEVER };
  const always = model.always.filter((p) => p.name === violation.property);
  const bare: Model = { ...model, always, atRest: [], reachable: [], liveness: [] };
  return withSteps(bare, (step, actor) => {
    const gone = banned.includes(`${actor}.${step.label}`);
    const body = gone ? [never] : onlyRule(step.body, violation);
    // Whoever waits for a step that is gone stands there legally.
    return { ...step, body, idle: true };
  });
}

const NEVER = { kind: "const", domain: { kind: "bool" }, value: 0 } as const;

/** Without the assertions of other rules. */
function onlyRule(body: Stmt[], violation: Violation): Stmt[] {
  return filtered(body, (s) => s.kind !== "assert" || s.rule === violation.property);
}

function filtered(body: Stmt[], keep: (stmt: Stmt) => boolean): Stmt[] {
  return body.filter(keep).map((stmt) => withBodies(stmt, (inner) => filtered(inner, keep)));
}

/** The model that does not claim this; undefined where it cannot do without. */
function withoutClaim(model: Model, { kind, property }: Violation): Model | undefined {
  const others = <T extends { name: string }>(list: T[]): T[] =>
    list.filter((p) => p.name !== property);
  switch (kind) {
    case "always":
      return { ...model, always: others(model.always) };
    case "atRest":
      return { ...model, atRest: others(model.atRest) };
    case "liveness":
      return { ...model, liveness: others(model.liveness ?? []) };
    case "assert":
      return withSteps(model, (step) => ({
        ...step,
        body: filtered(step.body, (s) => s.kind !== "assert" || s.rule !== property),
      }));
    case "deadlock":
      return withSteps({ ...model, atRest: [] }, (step) => ({ ...step, idle: true }));
    case "starvation":
    case "range":
    case "unset":
    case "division":
      return undefined;
  }
}

function withSteps(model: Model, change: (step: Step, actor: string) => Step): Model {
  const actors = model.actors.map((actor) => {
    const steps = actor.steps.map((step) => change(step, actor.name));
    return { ...actor, steps };
  });
  return { ...model, actors };
}
