/**
 * The definition of a mover, checked state by state with the reference interpreter: whatever the
 * analysis of the text says about a step has to be true of every run. Slow; for tests and for
 * doubt.
 */
import type { Interpreter, Outcome, State } from "../../model/ir/index.ts";
import { type StepKind, stepKinds } from "./movers.ts";

export interface Audit {
  /** Pairs of steps whose order was exchanged. */
  pairs: number;
  /** One line per pair that does not commute as it should; no more than {@link MOST_FAULTS}. */
  faults: string[];
}

/** An analysis that is wrong is wrong in many places. */
export const MOST_FAULTS = 10;

/** @param kinds what is believed of the steps, by actor */
export function auditMovers(
  interpreter: Interpreter,
  states: Iterable<State>,
  kinds: StepKind[][] | undefined = stepKinds(interpreter.layout),
): Audit {
  const audit: Audit = { pairs: 0, faults: [] };
  if (!kinds) return audit;
  for (const state of states) {
    for (const process of interpreter.layout.processes) {
      const kind = kinds[process.actorIndex]?.[state[process.pc] as number]?.mover;
      if (kind === "right" || kind === "both") auditRight(interpreter, state, process.pid, audit);
      if (kind === "left" || kind === "both") auditLeft(interpreter, state, process.pid, audit);
    }
    if (audit.faults.length >= MOST_FAULTS) break;
  }
  return audit;
}

function others(interpreter: Interpreter, state: State, pid: number): Outcome[] {
  return interpreter.successors(state).filter((o) => o.pid !== pid);
}

/** The same step from another state. */
function again(interpreter: Interpreter, state: State, step: Outcome): Outcome | undefined {
  const choices = step.choices.join();
  return interpreter
    .stepsOf(state, step.pid)
    .find((o) => o.label === step.label && o.choices.join() === choices);
}

/** First `a`, then `b`, and the other way round: the same state, or the same violation by `b`. */
function auditRight(interpreter: Interpreter, state: State, pid: number, audit: Audit): void {
  for (const a of interpreter.stepsOf(state, pid)) {
    if (a.violation) continue;
    for (const b of others(interpreter, a.next, pid)) {
      audit.pairs++;
      const before = again(interpreter, state, b);
      const after = before && !before.violation && again(interpreter, before.next, a);
      const same = b.violation
        ? before?.violation?.kind === b.violation.kind
        : after && !after.violation && after.next.join() === b.next.join();
      if (!same) audit.faults.push(line("right", a, b));
    }
  }
}

/** First `b`, then `a`, and the other way round. */
function auditLeft(interpreter: Interpreter, state: State, pid: number, audit: Audit): void {
  for (const b of others(interpreter, state, pid)) {
    const later = b.violation ? interpreter.stepsOf(state, pid) : interpreter.stepsOf(b.next, pid);
    for (const a of later) {
      if (a.violation) continue;
      audit.pairs++;
      const first = b.violation ? a : again(interpreter, state, a);
      const then = first && !first.violation && again(interpreter, first.next, b);
      const same = b.violation
        ? then && then.violation?.kind === b.violation.kind
        : then && !then.violation && then.next.join() === a.next.join();
      if (!same) audit.faults.push(line("left", a, b));
    }
  }
}

function line(kind: string, a: Outcome, b: Outcome): string {
  const name = (o: Outcome): string => `process ${o.pid} at ${o.label}`;
  return `${name(a)} does not move to the ${kind} past ${name(b)}`;
}
