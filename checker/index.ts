/** The public door of the checker: a model goes in, a verdict comes out. */
import {
  interpret,
  type Model,
  modelHash,
  resetDeadLocals,
  violationsIn,
} from "../model/ir/index.ts";
import { compileEngine } from "./compile/module.ts";
import { packingOf } from "./compile/pack.ts";
import { fusionOf, noFusion } from "./reduce/fuse.ts";
import { interchangeable } from "./reduce/symmetry.ts";
import type { CheckOptions, CheckResult, Limit, Verdict } from "./result.ts";
import type { Engine, Reductions } from "./search/engine.ts";
import { findingsOf } from "./search/findings.ts";
import { interpretedEngine } from "./search/interpreted.ts";
import { searchInParallel } from "./search/parallel.ts";
import { type SearchLimits, type SearchOutcome, search } from "./search/search.ts";
import { moveOf, pathTo, runAlong } from "./search/trace.ts";
import { type Arena, defaultBudget, newArena } from "./store/arena.ts";

export { PackError } from "./compile/pack.ts";
export type {
  CheckOptions,
  CheckResult,
  Finding,
  Limit,
  Progress,
  Verdict,
} from "./result.ts";
export { WorkerError } from "./search/parallel.ts";
export {
  CheckpointError,
  type CheckpointRecord,
  type CheckpointSink,
} from "./store/checkpoint.ts";

/**
 * Searches all reachable states of a valid model, breadth-first and exactly.
 *
 * @throws PackError when a range or the whole state is too wide for the engine
 * @throws WorkerError when a worker thread dies
 * @throws CheckpointError when `resume` is damaged, or of another model or version
 */
export function check(model: Model, options: CheckOptions = {}): CheckResult {
  const now = options.now ?? (() => 0);
  const began = now();
  const reduced = options.deadReset === false ? model : resetDeadLocals(model);
  const { engine, reductions } = engineFor(reduced, options);
  const budget = options.maxMemory ?? defaultBudget();
  const arena = newArena(engine.packing.words, budget);
  const limits: SearchLimits = {
    maxStates: options.maxStates ?? Number.POSITIVE_INFINITY,
    poll: (progress) => {
      const elapsed = now() - began;
      options.onProgress?.({ ...progress, elapsed });
      return stopReason(options, elapsed);
    },
    checkpoint: options.checkpoint,
    modelHash: () => modelHash(reduced),
  };
  const threads = options.checkpoint || options.resume ? 1 : (options.workers ?? 1);
  const parallel =
    threads > 1 && engine.kind === "compiled"
      ? searchInParallel(engine, reductions, limits, threads, budget)
      : undefined;
  const outcome = parallel ?? search(engine, arena, limits, options.resume);
  return { ...report(engine, arena, outcome), elapsed: now() - began };
}

function stopReason(options: CheckOptions, elapsed: number): Limit | undefined {
  if (options.shouldStop?.()) return "interrupted";
  return elapsed > (options.timeLimit ?? Number.POSITIVE_INFINITY) ? "time" : undefined;
}

function engineFor(
  model: Model,
  options: CheckOptions,
): { engine: Engine; reductions: Reductions } {
  const interpreter = interpret(model);
  const { layout } = interpreter;
  const packing = packingOf(layout);
  const reductions: Reductions = {
    parts: options.symmetry ? interchangeable(layout) : [],
    fusion: options.partialOrder ? fusionOf(layout) : noFusion(),
  };
  const slow = (): Engine => interpretedEngine(interpreter, packing, reductions);
  if (options.engine === "interpreted") return { engine: slow(), reductions };
  try {
    return { engine: compileEngine(interpreter, packing, reductions), reductions };
  } catch (error) {
    if (error instanceof EvalError) return { engine: slow(), reductions };
    throw error;
  }
}

function report(
  engine: Engine,
  arena: Arena,
  outcome: SearchOutcome,
): Omit<CheckResult, "elapsed"> {
  const { batch, interpreter } = engine;
  const { model } = interpreter;
  let label = 0;
  const coverage = model.actors.flatMap((actor) =>
    actor.steps.map((step) => {
      return { actor: actor.name, label: step.label, fired: batch.fired[label++] as number };
    }),
  );
  const counts = {
    states: outcome.count - 1,
    transitions: outcome.transitions,
    depth: outcome.depth,
    initialStates: outcome.initialStates,
    terminalStates: outcome.terminal,
    coverage,
    reachable: model.reachable.map(({ name }, k) => ({ name, reached: batch.reached[k] === 1 })),
  };
  const complete = outcome.end.kind === "complete";
  const findings = complete ? findingsOf(model, counts) : [];
  const verdict = verdictOf(engine, arena, outcome);
  return { ...counts, ...verdict, findings, engine: engine.kind, bytes: outcome.bytes };
}

function verdictOf(
  engine: Engine,
  arena: Arena,
  { end, levels }: SearchOutcome,
): Pick<CheckResult, "moves" | "start"> & { verdict: Verdict } {
  if (end.kind === "complete") return { verdict: { kind: "holds" } };
  if (end.kind === "incomplete") return { verdict: end };
  const path = pathTo(engine, arena, levels, end.state);
  const { start, moves, end: state } = runAlong(engine, arena, path);
  const bad = end.kind === "badStep" ? engine.runs(state).find((run) => run.violation) : undefined;
  for (const step of bad?.steps ?? []) moves.push(moveOf(engine, step));
  const violation = bad?.violation ?? violationsIn(engine.interpreter, state)[0];
  if (!violation) throw new Error("the interpreter finds nothing wrong with this state");
  return { verdict: { kind: "violated", violation }, moves, start };
}
