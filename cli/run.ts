/** Runs the searches of a plan, several at a time, and judges each, in the order of the plan. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type CheckResult, defaultBudget } from "../checker/index.ts";
import { startBudget } from "./budget.ts";
import type { ResultCache } from "./cache.ts";
import { EXIT, type ExitCode, worse } from "./exit-codes.ts";
import type { Review } from "./expect/review.ts";
import { judge, type Outcome } from "./judge.ts";
import type { Task } from "./prepare.ts";
import { type ProgressLine, progressLine } from "./progress.ts";
import { type Checkpoints, type Limits, type Searcher, startSearchers } from "./search.ts";

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
  /** Searches at the same time; without it, one for each processor that the threads leave. */
  jobs?: number | undefined;
  cache?: ResultCache | undefined;
  /** Milliseconds for all searches of one spec together. */
  budget?: number | undefined;
  /** Hash of the model of which the order of locks is to be found, too. */
  lockOrder?: ((task: Task) => string | undefined) | undefined;
  /** In place of searchers that end with this run. */
  start?: typeof startSearchers | undefined;
}

/**
 * @param onOutcome called for one outcome after the other, in the order of the tasks
 */
export async function runTasks(
  tasks: Task[],
  limits: Limits,
  onOutcome: (outcome: Outcome) => void | Promise<void>,
  extras: Extras = {},
): Promise<Run> {
  const { review } = extras;
  const terms = { review, reduced: limits.symmetry === true || limits.partialOrder === true };
  const shares = sharesOf(tasks.length, limits, extras.jobs);
  const budget = startBudget(extras.budget ?? Number.POSITIVE_INFINITY);
  const progress = progressLine(process.stderr);
  const found: (Outcome | undefined)[] = tasks.map(() => undefined);
  const outcomes: Outcome[] = [];
  const pool = (extras.start ?? startSearchers)(shares.jobs, (task, p) => {
    progress.update(`${outcomes.length + 1}/${tasks.length} ${task.stem}`, p);
  });
  const tell = teller(found, outcomes, progress, onOutcome);
  const search = async (i: number, searcher: Searcher, own: Limits): Promise<boolean> => {
    const task = tasks[i] as Task;
    const { limits: allowed, isTight } = budget.begin(task.spec, own);
    const { result, cached } = await answer(task, allowed, searcher, extras);
    budget.end(task.spec);
    if (ranOutOfShare(result, limits, shares.jobs)) return false;
    const outcome = { ...judge(task, result, { ...terms, outOfBudget: isTight }), cached };
    await extras.deepen?.(outcome, searcher);
    found[i] = outcome;
    await tell();
    return true;
  };
  try {
    let next = 0;
    const late: number[] = [];
    const work = async (searcher: Searcher): Promise<void> => {
      while (next < tasks.length && !pool.interrupted()) {
        const i = next++;
        if (!(await search(i, searcher, shares.limits))) late.push(i);
      }
    };
    await Promise.all(pool.searchers.map(work));
    // With all the memory, and nobody beside it.
    for (const i of late) await search(i, pool.searchers[0] as Searcher, limits);
    return { outcomes, interrupted: pool.interrupted() };
  } finally {
    progress.clear();
    await pool.close();
  }
}

/** Tells outcomes as soon as all before them are told, never two at a time. */
function teller(
  found: (Outcome | undefined)[],
  told: Outcome[],
  progress: ProgressLine,
  onOutcome: (outcome: Outcome) => void | Promise<void>,
): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const tellAll = async (): Promise<void> => {
    for (let next = found[told.length]; next; next = found[told.length]) {
      progress.clear();
      told.push(next);
      await onOutcome(next);
    }
  };
  return () => {
    last = last.then(tellAll);
    return last;
  };
}

/** From memory, or by searching. */
async function answer(task: Task, within: Limits, searcher: Searcher, extras: Extras) {
  const { checkpoints, cache } = extras;
  const lockOrder = extras.lockOrder?.(task);
  const limits = lockOrder === undefined ? within : { ...within, lockOrder };
  const known = checkpoints ? undefined : cache?.get(task.model, limits);
  if (known) return { result: known, cached: true };
  const own = checkpoints && { ...checkpoints, folder: join(checkpoints.folder, task.stem) };
  const result = await searcher.run(task, limits, own);
  cache?.put(task.model, limits, result);
  return { result, cached: false };
}

interface Shares {
  jobs: number;
  /** Of one search while others run. */
  limits: Limits;
}

/** Searches times threads are not more than processors; memory is divided among the searches. */
function sharesOf(tasks: number, limits: Limits, wanted: number | undefined): Shares {
  const cores = availableParallelism();
  const budget = defaultBudget();
  const fit = limits.maxMemory ? Math.max(1, Math.floor(budget / limits.maxMemory)) : cores;
  const free = Math.max(1, Math.floor(cores / (limits.workers ?? 1)));
  const jobs = Math.max(1, Math.min(tasks, wanted ?? Math.min(free, fit)));
  const workers = limits.workers ?? Math.max(1, Math.floor(cores / jobs));
  const share = jobs > 1 ? { maxMemory: Math.floor(budget / jobs) } : {};
  return { jobs, limits: { ...share, ...limits, workers } };
}

/** It hit a limit that nobody asked for, and would have more room alone. */
function ranOutOfShare({ verdict }: CheckResult, limits: Limits, jobs: number): boolean {
  const hit = verdict.kind === "incomplete" && verdict.limit === "memory";
  return hit && jobs > 1 && limits.maxMemory === undefined;
}
