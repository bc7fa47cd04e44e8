/**
 * Runs that never end: is such a run fair, and what does it violate? A lasso is a run whose last
 * steps, from one of them on, repeat for ever.
 */
import type { Interpreter, Outcome, State } from "./eval.ts";
import type { Process } from "./layout.ts";
import { holdsOnLasso, parseLtl } from "./ltl.ts";
import { marksOf, PROGRESS, RETRY } from "./marks.ts";
import { printLiveness } from "./print.ts";
import type { Violation } from "./trace.ts";
import type { Expr, Liveness, LtlClaim } from "./types.ts";

export interface InfiniteRun {
  /** One more than steps: the last one is where the run ends, or where the loop is closed. */
  states: State[];
  steps: Outcome[];
  /** Number of the first step of the loop, from 1. Without it nobody moves after the last step. */
  loopFrom: number | undefined;
}

/** The states that are visited again and again, and the steps taken again and again. */
function loopOf({ states, steps, loopFrom }: InfiniteRun): { states: State[]; steps: Outcome[] } {
  if (loopFrom === undefined) return { states: states.slice(-1), steps: [] };
  return { states: states.slice(loopFrom - 1, -1), steps: steps.slice(loopFrom - 1) };
}

/** Why this is no fair run, or undefined for a fair one. */
export function unfairness(interpreter: Interpreter, run: InfiniteRun): string | undefined {
  const loop = loopOf(run);
  for (const { pid, name, actor } of interpreter.layout.processes) {
    const { fairness = "weak", finite = false } = actor;
    const moves = loop.steps.some((s) => s.pid === pid);
    if (moves && finite) return `${name} moves again and again, but is finite`;
    if (moves || fairness === "none") continue;
    const owed = loop.states.filter((s) => isOwed(interpreter, s, pid)).length;
    if (fairness === "weak" ? owed === loop.states.length : owed > 0) {
      return `${name} could move and never does`;
    }
  }
  return undefined;
}

/** Does the scheduler owe the process a step here? A finite one may rest where it is idle. */
function isOwed(interpreter: Interpreter, state: State, pid: number): boolean {
  const finite = interpreter.layout.processes[pid - 1]?.actor.finite ?? false;
  if (finite && interpreter.atRest(state, pid)) return false;
  return interpreter.stepsOf(state, pid).length > 0;
}

/** Violated claims as declared, then starvation. */
export function violationsOfRun(interpreter: Interpreter, run: InfiniteRun): Violation[] {
  const claims = (interpreter.model.liveness ?? []).filter((p) => !holds(interpreter, p, run));
  const who = whoStays(interpreter, run);
  const violated = claims.map((p) => violationOf(interpreter, p, who));
  return [...violated, ...starvation(interpreter, run)];
}

function violationOf(interpreter: Interpreter, p: Liveness, who: string): Violation {
  const text = `${p.doc ?? printLiveness(p, interpreter.model)}; ${who}`;
  return { kind: "liveness", property: p.name, text, ...(p.src ? { src: p.src } : {}) };
}

function holds(interpreter: Interpreter, p: Liveness, run: InfiniteRun): boolean {
  const isTrue = (expr: Expr, state: State): boolean => interpreter.evaluate(expr, state) === true;
  switch (p.kind) {
    case "eventually":
      return run.states.some((s) => isTrue(p.expr, s));
    case "always_eventually":
      return loopOf(run).states.some((s) => isTrue(p.expr, s));
    case "leads_to": {
      if (loopOf(run).states.some((s) => isTrue(p.expr, s))) return true;
      const last = run.states.findLastIndex((s) => isTrue(p.expr, s));
      return !run.states.slice(last + 1).some((s) => isTrue(p.from, s));
    }
    case "ltl":
      return formulaHolds(p, run, isTrue);
  }
}

/** A run that ends stays in its last state. */
function formulaHolds(
  { formula, atoms }: LtlClaim,
  { states, loopFrom }: InfiniteRun,
  isTrue: (expr: Expr, state: State) => boolean,
): boolean {
  const parsed = parseLtl(formula);
  if ("mistake" in parsed) throw new Error(`the formula was not validated: ${formula}`);
  // The state that closes the loop is the first one of the loop again.
  const last = loopFrom === undefined ? states.length - 1 : states.length - 2;
  const back = loopFrom === undefined ? last : loopFrom - 1;
  return holdsOnLasso(parsed.formula, last, back, (name, moment) => {
    const expr = atoms.find((a) => a.name === name)?.expr;
    return expr !== undefined && isTrue(expr, states[moment] as State);
  });
}

/** The processes that pass retry marks in the loop, and no progress mark. */
export function starvingIn(interpreter: Interpreter, run: InfiniteRun): number[] {
  const { processes } = interpreter.layout;
  const passed = processes.map(() => 0);
  const marks = marksIn(interpreter, loopOf(run));
  loopOf(run).steps.forEach(({ pid }, i) => {
    passed[pid - 1] = (passed[pid - 1] as number) | (marks[i] as number);
  });
  return processes.filter((_, i) => ((passed[i] ?? 0) & (RETRY | PROGRESS)) === RETRY).map(pidOf);
}

/** The numbers, from 1, of the steps that pass the retry marks of those who starve. */
export function retriesIn(interpreter: Interpreter, run: InfiniteRun): number[] {
  const { loopFrom } = run;
  if (loopFrom === undefined) return [];
  const starving = starvingIn(interpreter, run);
  const marks = marksIn(interpreter, loopOf(run));
  return loopOf(run).steps.flatMap(({ pid }, i) => {
    const retries = starving.includes(pid) && ((marks[i] as number) & RETRY) !== 0;
    return retries ? [loopFrom + i] : [];
  });
}

/** The marks that each step passes. */
function marksIn(
  { layout }: Interpreter,
  { states, steps }: Pick<InfiniteRun, "states" | "steps">,
): number[] {
  return steps.map(({ pid, next }, i) => {
    const { pc, actor } = layout.processes[pid - 1] as Process;
    const at = (states[i]?.[pc] as number) * (actor.steps.length + 1) + (next[pc] as number);
    return marksOf(actor)[at] as number;
  });
}

const pidOf = ({ pid }: { pid: number }): number => pid;

/** `again and again: fault[0], fault[1]; waiting for ever: migrate at drain`. */
function whoStays(interpreter: Interpreter, run: InfiniteRun, except: number[] = []): string {
  const { processes } = interpreter.layout;
  const moving = new Set(loopOf(run).steps.map((s) => s.pid));
  const end = run.states.at(-1) as State;
  const movers = processes.filter((p) => moving.has(p.pid) && !except.includes(p.pid));
  const waiting = processes
    .filter((p) => !moving.has(p.pid) && !interpreter.atRest(end, p.pid))
    .map((p) => `${p.name} at ${interpreter.labelOf(end, p.pid)}`);
  const parts = [moving.size === 0 ? "nothing more has to happen" : ""];
  if (movers.length > 0) parts.push(`again and again: ${movers.map((p) => p.name).join(", ")}`);
  if (waiting.length > 0) parts.push(`waiting for ever: ${waiting.join(", ")}`);
  return parts.filter(Boolean).join("; ");
}

/** Who retries for ever, who moves meanwhile, and who waits. */
function starvation(interpreter: Interpreter, run: InfiniteRun): Violation[] {
  const starving = starvingIn(interpreter, run);
  if (starving.length === 0) return [];
  const { processes } = interpreter.layout;
  const names = processes.filter((p) => starving.includes(p.pid)).map((p) => p.name);
  const retry = names.length === 1 ? "retries" : "retry";
  const who = whoStays(interpreter, run, starving);
  const text = `${names.join(", ")} ${retry} for ever${who ? `; ${who}` : ""}`;
  return [{ kind: "starvation", property: "starvation", text }];
}
