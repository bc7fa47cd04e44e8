/**
 * From moves to a trace: takes the steps again through the interpreter and writes down what
 * happened.
 */
import { endsOfWait } from "./ends.ts";
import { type Interpreter, interpret, type Outcome, type State, waitsOf } from "./eval.ts";
import { heldAfter } from "./held.ts";
import { type InfiniteRun, retriesIn, unfairness, violationsOfRun } from "./lasso.ts";
import { type Cells, type Process, showSlot } from "./layout.ts";
import { blockedForEver, partialDeadlock } from "./partial-deadlock.ts";
import type { Blocked, Change, LockUse, Move, Trace, TraceStep, Violation } from "./trace.ts";
import type { Expr, Model, Step } from "./types.ts";
import { violationsIn } from "./verdict.ts";
import { allStmts, exprsOfClaim, refsRead } from "./walk.ts";

/** The recorded moves do not fit the model. `step` counts from 1; 0 is the initial state. */
export class ReplayError extends Error {
  readonly step: number;
  readonly reason: string;
  constructor(step: number, reason: string) {
    super(`step ${step}: ${reason}`);
    this.name = "ReplayError";
    this.step = step;
    this.reason = reason;
  }
}

/** The moves of a trace: with the model, they give the same trace again. */
export function scheduleOf(trace: Trace): Move[] {
  return trace.steps.map(({ process, label, choices }) => ({ process, label, choices }));
}

/**
 * The initial state in which a trace began. Throws ReplayError when the model has no such state.
 */
export function startOf(model: Model, trace: Trace): State {
  const interpreter = interpret(model);
  const recorded = JSON.stringify(trace.initial);
  const start = interpreter
    .initialStates()
    .find((s) => JSON.stringify(showState(interpreter, s)) === recorded);
  if (start) return start;
  throw new ReplayError(0, "the model has no such initial state");
}

/**
 * Takes the moves one after the other and establishes what is wrong in the end.
 *
 * @param expected what the run is said to violate; without it the first violation found counts, and
 *   a run that violates nothing (a witness of a reachable fact) is fine too
 * @param start the initial state; without it, the first one
 * @param loopFrom the steps from this one (counting from 1) repeat for ever
 * @throws ReplayError when a move can't be taken, or the run does not violate what is expected
 */
export function replay(
  model: Model,
  config: string,
  variant: string,
  moves: Move[],
  expected?: Expected,
  start?: State,
  loopFrom?: number,
): Trace {
  const interpreter = interpret(model);
  const first = startState(interpreter, start);
  const taken: Taken[] = [];
  let state = first;
  moves.forEach((move, i) => {
    const outcome = take(interpreter, state, move, i + 1, taken.at(-1)?.outcome.violation);
    taken.push({ move, outcome, before: state });
    state = outcome.next;
  });
  const run = { states: [first, ...taken.map((t) => t.outcome.next)], loopFrom };
  const infinite = { ...run, steps: taken.map((t) => t.outcome) };
  const violation = establish(interpreter, infinite, expected);
  const watched = violation
    ? watchedSlots(interpreter, violation, taken.at(-1))
    : new Set<number>();
  const retries = retriesIn(interpreter, infinite);
  const trace: Trace = {
    model: model.name,
    config,
    variant,
    lanes: interpreter.layout.processes.map((p) => ({
      pid: p.pid,
      name: p.name,
      actor: p.actor.name,
      ...(p.actor.doc === undefined ? {} : { doc: p.actor.doc }),
    })),
    initial: showState(interpreter, first),
    steps: taken.map((t, i) => ({
      ...traceStep(interpreter, t, i + 1, watched),
      locks: withoutRefused(t.outcome.locks, heldByOthers(taken.slice(0, i), t)),
      ...(retries.includes(i + 1) ? { retries: true } : {}),
    })),
    blocked: blockedIn(interpreter, state, taken, stuckIn(interpreter, infinite, violation)),
    ...(loopFrom === undefined ? {} : { loopFrom }),
  };
  return violation ? { ...trace, violation } : trace;
}

interface Taken {
  move: Move;
  outcome: Outcome;
  before: State;
}

function startState(interpreter: Interpreter, start: State | undefined): State {
  const all = interpreter.initialStates();
  const found = start ? all.find((s) => s.every((v, i) => v === start[i])) : all[0];
  if (found) return found;
  throw new ReplayError(0, start ? "this is no initial state" : "there is no initial state");
}

function take(
  interpreter: Interpreter,
  state: State,
  move: Move,
  number: number,
  ended: Violation | undefined,
): Outcome {
  const fail = (reason: string): never => {
    throw new ReplayError(number, reason);
  };
  if (ended) fail(`the run already ended with a violation of ${ended.property}`);
  const process = interpreter.layout.processes.find((p) => p.name === move.process);
  if (!process) return fail(`there is no process ${move.process}`);
  const label = interpreter.labelOf(state, process.pid);
  if (label !== move.label) fail(`${process.name} is at ${label}, not at ${move.label}`);
  const ways = interpreter.stepsOf(state, process.pid);
  if (ways.length === 0) fail(`${process.name} can't go on at ${label}`);
  const wanted = move.choices.join(",");
  const outcome = ways.find((o) => o.choices.join(",") === wanted);
  const possible = ways.map((o) => `[${o.choices.join(",")}]`).join(" ");
  return outcome ?? fail(`${process.name} can't choose [${wanted}] at ${label}, only ${possible}`);
}

interface Expected {
  kind: Violation["kind"];
  property: string;
}

/** What is wrong with the run; of several things the expected one. */
function establish(
  interpreter: Interpreter,
  run: InfiniteRun,
  expected: Expected | undefined,
): Violation | undefined {
  const isInfinite = expected?.kind === "liveness" || expected?.kind === "starvation";
  const found =
    isInfinite || run.loopFrom !== undefined
      ? wrongForEver(interpreter, run)
      : wrongAtEnd(interpreter, run, expected);
  if (!expected) return found[0];
  const same = found.find((v) => v.kind === expected.kind && v.property === expected.property);
  if (same) return same;
  const instead = found.map((v) => v.property).join(", ") || "nothing";
  const reason = `the run should violate ${expected.property}, but it violates ${instead}`;
  throw new ReplayError(run.steps.length, reason);
}

function wrongAtEnd(
  interpreter: Interpreter,
  { states, steps }: InfiniteRun,
  expected: Expected | undefined,
): Violation[] {
  const own = steps.at(-1)?.violation;
  if (own) return [own];
  const end = states.at(-1) as State;
  const partial = expected?.property === "partial_deadlock";
  return partial ? partialDeadlock(interpreter, end) : violationsIn(interpreter, end);
}

/** The loop must be one, and fair. */
function wrongForEver(interpreter: Interpreter, run: InfiniteRun): Violation[] {
  const { states, steps, loopFrom } = run;
  const count = steps.length;
  if (loopFrom !== undefined) {
    const back = states[loopFrom - 1];
    if (loopFrom < 1 || loopFrom > count || !back) {
      throw new ReplayError(count, `${loopFrom} is not the number of a step`);
    }
    if (back.join() !== (states.at(-1) as State).join()) {
      throw new ReplayError(count, `the state is not the one before step ${loopFrom}`);
    }
  }
  const unfair = unfairness(interpreter, run);
  if (unfair) throw new ReplayError(count, `the run is not fair: ${unfair}`);
  return violationsOfRun(interpreter, run);
}

function showState(interpreter: Interpreter, state: State): Trace["initial"] {
  const { layout } = interpreter;
  return state.map((value, slot) => ({
    name: layout.slots[slot]?.name as string,
    value: showSlot(layout, slot, value),
  }));
}

function traceStep(
  interpreter: Interpreter,
  { move, outcome, before }: Taken,
  number: number,
  watched: Set<number>,
): Omit<TraceStep, "locks"> {
  const step = stepOf(interpreter, before, outcome.pid);
  const { process, label, choices } = move;
  return {
    process,
    label,
    choices,
    number,
    pid: outcome.pid,
    text: step.text,
    chosen: outcome.chosen,
    routine: step.routine ?? [],
    ...(step.src ? { src: step.src } : {}),
    changes: changesOf(interpreter, before, outcome.next, watched),
    next: interpreter.labelOf(outcome.next, outcome.pid),
  };
}

function stepOf({ layout }: Interpreter, state: State, pid: number): Step {
  const process = layout.processes[pid - 1] as Process;
  return process.actor.steps[state[process.pc] as number] as Step;
}

function changesOf(
  { layout }: Interpreter,
  before: State,
  after: State,
  watched: Set<number>,
): Change[] {
  return layout.slots.flatMap((slot, i) => {
    const [from, to] = [before[i] as number, after[i] as number];
    if (from === to || slot.role === "pc") return [];
    return {
      name: slot.name,
      from: showSlot(layout, i, from),
      to: showSlot(layout, i, to),
      watched: watched.has(i),
      ...(slot.role === "local" ? { pid: slot.pid } : {}),
    };
  });
}

/** All cells of the variables that the violated property, or the failed assertion, reads. */
function watchedSlots(
  interpreter: Interpreter,
  violation: Violation,
  last: Taken | undefined,
): Set<number> {
  const { model, layout } = interpreter;
  const slots = new Set<number>();
  const add = (cells: Cells | undefined, base: number): void => {
    for (let i = 0; cells && i < cells.count; i++) slots.add(base + cells.offset + i);
  };
  const addLocal = (process: Process, name: string): void =>
    add(layout.locals[process.actorIndex]?.get(name), process.pc + 1);
  const runner = last ? layout.processes[last.outcome.pid - 1] : undefined;
  for (const ref of violatedExprs(model, interpreter, violation, last).flatMap(refsRead)) {
    if (ref.kind === "shared") add(layout.shared.get(ref.name), 0);
    else if (ref.kind === "local" && runner) addLocal(runner, ref.name);
    else if (ref.kind === "peek") {
      const owners = layout.processes.filter((p) => p.actor.name === ref.actor);
      for (const owner of owners) addLocal(owner, ref.name);
    }
  }
  return slots;
}

function violatedExprs(
  model: Model,
  interpreter: Interpreter,
  violation: Violation,
  last: Taken | undefined,
): Expr[] {
  if (violation.kind === "liveness") {
    const named = (model.liveness ?? []).filter((p) => p.name === violation.property);
    return named.flatMap(exprsOfClaim);
  }
  if (violation.kind === "always" || violation.kind === "atRest") {
    return model[violation.kind].filter((p) => p.name === violation.property).map((p) => p.expr);
  }
  if (violation.kind !== "assert" || !last) return [];
  const { body } = stepOf(interpreter, last.before, last.outcome.pid);
  return allStmts(body).flatMap((stmt) => {
    const isThis = stmt.kind === "assert" && stmt.rule === violation.property;
    return isThis && stmt.text === violation.text ? [stmt.cond] : [];
  });
}

/** Who never moves again although it is not at rest; undefined when that is not the point. */
function stuckIn(
  interpreter: Interpreter,
  { states, steps, loopFrom }: InfiniteRun,
  violation: Violation | undefined,
): number[] | undefined {
  const end = states.at(-1) as State;
  if (violation?.property === "partial_deadlock") return blockedForEver(interpreter, end);
  if (!violation || !["deadlock", "starvation", "liveness"].includes(violation.kind)) {
    return undefined;
  }
  const moving = new Set(loopFrom === undefined ? [] : steps.slice(loopFrom - 1).map((s) => s.pid));
  const { processes } = interpreter.layout;
  return processes
    .map((p) => p.pid)
    .filter((pid) => !moving.has(pid) && !interpreter.atRest(end, pid));
}

/** Who is stuck, and who merely rests but holds a lock that others may be waiting for. */
function blockedIn(
  interpreter: Interpreter,
  state: State,
  taken: Taken[],
  stuck: number[] | undefined,
): Blocked[] {
  if (!stuck) return [];
  const blocked = interpreter.layout.processes.flatMap(({ pid }): Blocked[] => {
    const holds = heldBy(pid, taken);
    const label = interpreter.labelOf(state, pid);
    const restsWithLock = interpreter.atRest(state, pid) && holds.length > 0;
    if (!stuck.includes(pid) && !restsWithLock) return [];
    const waitsFor = waitsOf(interpreter, state, pid);
    const step = stepOf(interpreter, state, pid) as Step | undefined;
    const text = step ? step.text : "has ended";
    return [{ pid, label, text, waitsFor, holds, ...(step?.src ? { src: step.src } : {}) }];
  });
  return blocked.map((b) => {
    const isHeld = b.waitsFor.some(({ name }) =>
      blocked.some((other) => other.holds.some((h) => h.name === name)),
    );
    if (isHeld || b.waitsFor.some((use) => use.op === "acquire")) return b;
    const endedBy = endsOfWait(interpreter.layout, state, b.pid, stuck);
    return endedBy.length > 0 ? { ...b, endedBy } : b;
  });
}

/** The locks that a process took and did not give back, in the order of taking. */
function heldBy(pid: number, taken: Taken[]): LockUse[] {
  const own = taken.filter((t) => t.outcome.pid === pid);
  return own.reduce<LockUse[]>((held, t) => heldAfter(held, t.outcome.locks), []);
}

function heldByOthers(before: Taken[], { outcome }: Taken): LockUse[] {
  const pids = new Set(before.map((t) => t.outcome.pid));
  pids.delete(outcome.pid);
  return [...pids].flatMap((pid) => heldBy(pid, before));
}

/**
 * Without a lock that the step asks for and does not get, because another process holds it: a
 * wait/wound lock that says -EDEADLK.
 */
function withoutRefused(uses: LockUse[], others: LockUse[]): LockUse[] {
  const refused = (use: LockUse): boolean =>
    uses.some((u) => u.name === use.name && u.op === "acquire") &&
    uses.some((u) => u.name === use.name && u.op === "release") &&
    others.some((h) => h.name === use.name && h.mode === "exclusive");
  return uses.filter((use) => !refused(use));
}
