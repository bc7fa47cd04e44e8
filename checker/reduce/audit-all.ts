/**
 * Everything that reductions and access sets assume about a model, checked in states that a search
 * has found, spread evenly over all of them. A fault is a mistake in this program, never in the
 * model.
 */
import {
  type Interpreter,
  interpret,
  type Model,
  type Outcome,
  type State,
} from "../../model/ir/index.ts";
import { auditMovers, MOST_FAULTS } from "./audit.ts";
import { auditAccess } from "./audit-access.ts";
import { type StepKind, stepKinds } from "./movers.ts";
import { renameState, renamings, type SlotSource, slotSources } from "./permute.ts";
import { type Interchangeable, interchangeable } from "./symmetry.ts";

export interface AuditReport {
  /** States looked at ... */
  states: number;
  /** ... of so many. */
  of: number;
  /** Pairs of steps whose order was exchanged. */
  pairs: number;
  /** States that were renamed. */
  renamed: number;
  /** What is believed and not true, a line each; not all, if there are many. */
  faults: string[];
}

/** Where the states are that a search has found: from 1 to `count - 1`, in its order. */
export interface Found {
  count: number;
  stateAt: (number: number) => State;
}

/** What is believed; by default, what the analyses say. */
export interface Beliefs {
  kinds?: StepKind[][] | undefined;
  parts?: Interchangeable[];
}

/** More renamings than this are not tried in one state. */
const MAX_RENAMINGS = 24;

/** Looks at up to `most` of the states. */
export function auditAssumptions(
  model: Model,
  { count, stateAt }: Found,
  most: number,
  beliefs: Beliefs = {},
): AuditReport {
  const of = count - 1;
  const size = Math.min(most, of);
  const states = Array.from({ length: size }, (_, k) => stateAt(1 + Math.floor((k * of) / size)));
  const interpreter = interpret(model);
  const { layout } = interpreter;
  const { kinds = stepKinds(layout), parts = interchangeable(layout) } = beliefs;
  const { pairs, faults } = auditMovers(interpreter, states, kinds);
  const group = renamings(parts).slice(0, MAX_RENAMINGS);
  const sources = group.map((renaming) => slotSources(layout, renaming));
  const draw = numbers();
  for (const state of states) {
    if (faults.length >= MOST_FAULTS) break;
    for (const { pid } of layout.processes) {
      faults.push(...auditAccess(interpreter, state, pid, draw));
    }
    faults.push(...auditRenamings(interpreter, state, sources));
  }
  return { states: size, of, pairs, renamed: size * sources.length, faults };
}

function auditRenamings(interpreter: Interpreter, state: State, sources: SlotSource[][]): string[] {
  const outcomes = interpreter.successors(state);
  const isOther = (source: SlotSource[]): boolean => {
    const renamed = interpreter.successors(renameState(source, state));
    return namesOf(outcomes, source).join("\n") !== namesOf(renamed).join("\n");
  };
  if (!sources.some(isOther)) return [];
  return [`the state ${state.join()} and its renaming have different successors`];
}

/** Where the outcomes lead, in an order that does not depend on who moved. */
function namesOf(outcomes: Outcome[], source?: SlotSource[]): string[] {
  const name = ({ next, violation, label }: Outcome): string =>
    violation ? `${label} ${violation.kind}` : `${source ? renameState(source, next) : next}`;
  return outcomes.map(name).sort();
}

/** Numbers that look random and are the same in every run. */
function numbers(): (below: number) => number {
  let seed = 1;
  return (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
}
