/**
 * Steps of one process taken as one: right movers, then one step of any kind, then left movers.
 * No other process needs to be given a turn in between, so no state in between is stored.
 */
import {
  type ActorDecl,
  allStmts,
  DONE,
  type Interpreter,
  type Layout,
  type Outcome,
  type State,
  type Violation,
} from "../../model/ir/index.ts";
import { type StepKind, stepKinds } from "./movers.ts";

/** Whether a process that came to a label goes on at once; `before` are the steps taken so far. */
export interface Fusion {
  goesOn(actorIndex: number, before: number[], position: number): boolean;
}

const NONE: Fusion = { goesOn: () => false };

/** Longer runs are cut; they would only make the generated code long. */
const MAX_RUN = 8;

export function fusionOf(layout: Layout): Fusion {
  const kinds = stepKinds(layout);
  if (!kinds) return NONE;
  return {
    goesOn: (actorIndex, before, position) => {
      const of = (at: number): StepKind | undefined => kinds[actorIndex]?.[at];
      const next = of(position);
      if (!next || next.blocks || before.includes(position) || before.length >= MAX_RUN)
        return false;
      if (next.mover === "both" || next.mover === "left") return true;
      return before.every((at) => of(at)?.mover === "both" || of(at)?.mover === "right");
    },
  };
}

export function noFusion(): Fusion {
  return NONE;
}

/** One or more steps of one process taken as one. */
export interface Run {
  steps: Outcome[];
  next: State;
  violation?: Violation;
}

/** All runs that begin in the state, in the order of the interpreter. */
export function runsFrom(interpreter: Interpreter, fusion: Fusion, state: State): Run[] {
  return interpreter.layout.processes.flatMap(({ pid }) =>
    extendRuns(interpreter, fusion, pid, [], state),
  );
}

function extendRuns(
  interpreter: Interpreter,
  fusion: Fusion,
  pid: number,
  before: Outcome[],
  state: State,
): Run[] {
  const process = interpreter.layout.processes[pid - 1];
  if (!process) throw new Error(`no process ${pid}`);
  return interpreter.stepsOf(state, pid).flatMap((outcome): Run[] => {
    const steps = [...before, outcome];
    if (outcome.violation) return [{ steps, next: outcome.next, violation: outcome.violation }];
    const position = outcome.next[process.pc] as number;
    const taken = steps.map((s) => positionOf(process.actor, s.label));
    if (!fusion.goesOn(process.actorIndex, taken, position)) return [{ steps, next: outcome.next }];
    return extendRuns(interpreter, fusion, pid, steps, outcome.next);
  });
}

function positionOf(actor: ActorDecl, label: string): number {
  return actor.steps.findIndex((s) => s.label === label);
}

/** At most how many times as many runs as first steps there are. */
export function widening(fusion: Fusion, actor: ActorDecl, actorIndex: number): number {
  const from = (before: number[]): number => {
    const step = actor.steps[before.at(-1) as number];
    const targets = allStmts(step?.body ?? []).flatMap((s) => (s.kind === "goto" ? [s.label] : []));
    const next = actor.steps[(before.at(-1) as number) + 1]?.label ?? DONE;
    const wider = [...targets, next].map((label) => {
      const position = positionOf(actor, label);
      if (!fusion.goesOn(actorIndex, before, position)) return 1;
      const branches = allStmts(actor.steps[position]?.body ?? []).flatMap((s) =>
        s.kind === "either" ? [s.branches.length] : [],
      );
      return branches.reduce((a, b) => a * b, 1) * from([...before, position]);
    });
    return Math.max(...wider);
  };
  return Math.max(1, ...actor.steps.map((_, position) => from([position])));
}
