/**
 * Random runs of a model, for what is too large to be searched. A run that meets no violation says
 * nothing about the others.
 */
import {
  type Interpreter,
  type Move,
  type Outcome,
  type State,
  type Violation,
  violationsIn,
} from "../../model/ir/index.ts";
import { type Random, randomFrom } from "./random.ts";

/**
 * Who moves next. `random`: any of the possible steps. `priority`: the process of highest priority
 * that can move; priorities are drawn at the start, and at `changes` steps of the run, drawn too,
 * the one that would move becomes the lowest (PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A
 * Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010: a race that
 * needs d orderings is met with probability at least 1 / (n k^(d-1)) for n processes, k steps and
 * d - 1 changes).
 */
export type Schedule = { kind: "random" } | { kind: "priority"; changes: number };

export interface Walk {
  start: State;
  moves: Move[];
  violation: Violation | undefined;
  /** Nobody can move, legally. */
  ended: boolean;
}

/**
 * One run of `steps` steps at most; the same for the same seed.
 *
 * @param fired told of each step: process number and label
 */
export function walk(
  interpreter: Interpreter,
  schedule: Schedule,
  seed: number,
  steps: number,
  fired: (pid: number, label: string) => void,
): Walk {
  const random = randomFrom(seed);
  const { layout } = interpreter;
  const starts = interpreter.initialStates();
  const start = starts[random.below(starts.length)];
  if (!start) return { start: [], moves: [], violation: undefined, ended: true };
  const pick = pickerOf(schedule, layout.processes.length, steps, random);
  const moves: Move[] = [];
  let state = start;
  let violation = violationsIn(interpreter, state)[0];
  for (let n = 0; n < steps && !violation; n++) {
    const options = interpreter.successors(state);
    // A deadlock, and a claim at rest that is false, are among the violations.
    if (options.length === 0) return { start, moves, violation, ended: true };
    const step = pick(options, n);
    fired(step.pid, step.label);
    const process = layout.processes[step.pid - 1]?.name ?? "";
    moves.push({ process, label: step.label, choices: step.choices });
    violation = step.violation;
    state = step.next;
    if (!violation) violation = violationsIn(interpreter, state)[0];
  }
  return { start, moves, violation, ended: false };
}

type Picker = (options: Outcome[], step: number) => Outcome;

function pickerOf(schedule: Schedule, processes: number, steps: number, random: Random): Picker {
  const anyOf = (options: Outcome[]): Outcome => options[random.below(options.length)] as Outcome;
  if (schedule.kind === "random") return anyOf;
  const priority = shuffled(processes, random);
  const changes = Array.from({ length: schedule.changes }, () => random.below(steps));
  let lowest = 0;
  const highest = (options: Outcome[]): number =>
    options.reduce(
      (best, { pid }) => {
        return (priority[pid - 1] as number) > (priority[best - 1] as number) ? pid : best;
      },
      (options[0] as Outcome).pid,
    );
  return (options, step) => {
    if (changes.includes(step)) priority[highest(options) - 1] = --lowest;
    const pid = highest(options);
    return anyOf(options.filter((o) => o.pid === pid));
  };
}

/** 1 to n in random order (Fisher and Yates). */
function shuffled(n: number, random: Random): number[] {
  const list = Array.from({ length: n }, (_, i) => i + 1);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j] as number, list[i] as number];
  }
  return list;
}
