/**
 * Everything that reductions and access sets assume about a model, checked in the states that
 * are met first. A fault is a mistake in this program, never in the model.
 */
import { interpret, type Model, type Outcome, type State } from "../../model/ir/index.ts";
import { auditMovers } from "./audit.ts";
import { auditAccess } from "./audit-access.ts";
import { type StepKind, stepKinds } from "./movers.ts";
import { renameState, renamings, type SlotSource, slotSources } from "./permute.ts";
import { type Interchangeable, interchangeable } from "./symmetry.ts";

export interface AuditReport {
  /** States looked at. */
  states: number;
  /** There are no others. */
  complete: boolean;
  /** Pairs of steps whose order was exchanged. */
  pairs: number;
  /** States that were renamed. */
  renamed: number;
}

export class AuditError extends Error {}

/** What is believed; by default, what the analyses say. */
export interface Beliefs {
  kinds?: StepKind[][] | undefined;
  parts?: Interchangeable[];
}

/** More renamings than this are not tried in one state. */
const MAX_RENAMINGS = 24;

/**
 * Looks at up to `maxStates` states, breadth-first.
 *
 * @throws AuditError when something that is believed is not true
 */
export function auditAssumptions(
  model: Model,
  maxStates: number,
  beliefs: Beliefs = {},
): AuditReport {
  const interpreter = interpret(model);
  const { layout } = interpreter;
  const { kinds = stepKinds(layout), parts = interchangeable(layout) } = beliefs;
  const movers = auditMovers(model, maxStates, kinds);
  refuse(movers.faults);
  const group = renamings(parts).slice(0, MAX_RENAMINGS);
  const sources = group.map((renaming) => slotSources(layout, renaming));
  const draw = numbers();
  const seen = new Set<string>();
  const queue: State[] = [];
  let complete = true;
  const add = (state: State): void => {
    const key = state.join();
    if (seen.has(key)) return;
    complete &&= seen.size < maxStates;
    if (seen.size >= maxStates) return;
    seen.add(key);
    queue.push(state);
  };
  for (const state of interpreter.initialStates()) add(state);
  for (const state of queue) {
    const outcomes = interpreter.successors(state);
    for (const { pid } of layout.processes) refuse(auditAccess(interpreter, state, pid, draw));
    for (const source of sources) {
      const renamed = interpreter.successors(renameState(source, state));
      if (namesOf(outcomes, source).join("\n") === namesOf(renamed).join("\n")) continue;
      refuse([`the state ${state.join()} and its renaming have different successors`]);
    }
    for (const outcome of outcomes) if (!outcome.violation) add(outcome.next);
  }
  const { pairs } = movers;
  return { states: queue.length, complete, pairs, renamed: queue.length * sources.length };
}

/** Where the outcomes lead, in an order that does not depend on who moved. */
function namesOf(outcomes: Outcome[], source?: SlotSource[]): string[] {
  const name = ({ next, violation, label }: Outcome): string =>
    violation ? `${label} ${violation.kind}` : `${source ? renameState(source, next) : next}`;
  return outcomes.map(name).sort();
}

function refuse(faults: string[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new AuditError(`an assumption of the checker is not true of this model: ${first}`);
}

/** Numbers that look random and are the same in every run. */
function numbers(): (below: number) => number {
  let seed = 1;
  return (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
}
