/** Runs the searches of a plan in order and judges each. */
import { join } from "node:path";
import { EXIT, type ExitCode, worse } from "./exit-codes.ts";
import type { Review } from "./expect/review.ts";
import { judge, type Outcome } from "./judge.ts";
import type { Task } from "./prepare.ts";
import { progressLine } from "./progress.ts";
import { type Checkpoints, type Limits, type Searcher, startSearcher } from "./search.ts";

export interface Run {
  outcomes: Outcome[];
  interrupted: boolean;
}

/** What the run says to the shell. */
export function codeOf({ outcomes, interrupted }: Run): ExitCode {
  if (interrupted) return EXIT.interrupted;
  return outcomes.reduce<ExitCode>((code, o) => worse(code, o.code), EXIT.ok);
}

export interface Extras {
  /** Of all tasks: each has a folder of its own in this one. */
  checkpoints?: Checkpoints | undefined;
  /** Called before `onOutcome`, to search for what the outcome lacks. */
  deepen?: (outcome: Outcome, searcher: Searcher) => Promise<void>;
  /** Compares each result with what was promoted. */
  review?: Review | undefined;
}

/**
 * @param onOutcome called after each search, before the next one starts; may search on its own
 */
export async function runTasks(
  tasks: Task[],
  limits: Limits,
  onOutcome: (outcome: Outcome, searcher: Searcher) => void | Promise<void>,
  { checkpoints, deepen, review }: Extras = {},
): Promise<Run> {
  const progress = progressLine(process.stderr);
  const searcher = startSearcher((task, p) => progress.update(task.stem, p));
  const outcomes: Outcome[] = [];
  const terms = { review, reduced: limits.symmetry === true || limits.partialOrder === true };
  try {
    for (const task of tasks) {
      if (searcher.interrupted()) break;
      const own = checkpoints && { ...checkpoints, folder: join(checkpoints.folder, task.stem) };
      const outcome = judge(task, await searcher.run(task, limits, own), terms);
      await deepen?.(outcome, searcher);
      progress.clear();
      outcomes.push(outcome);
      await onOutcome(outcome, searcher);
    }
    return { outcomes, interrupted: searcher.interrupted() };
  } finally {
    progress.clear();
    await searcher.close();
  }
}
