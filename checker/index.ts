/** The public door of the checker: a model goes in, a verdict comes out. */
import {
  interpret,
  type Model,
  modelHash,
  type Outcome,
  resetDeadLocals,
  type State,
  type Violation,
  violationsIn,
} from "../model/ir/index.ts";
import { compileEngine } from "./compile/module.ts";
import { packingOf } from "./compile/pack.ts";
import { checkProgress, type Explored } from "./liveness/index.ts";
import { auditAssumptions } from "./reduce/audit-all.ts";
import { fusionOf, noFusion } from "./reduce/fuse.ts";
import { interchangeable } from "./reduce/symmetry.ts";
import type { CheckOptions, CheckResult, Limit, Progress, Verdict } from "./result.ts";
import { calmest } from "./search/calm.ts";
import type { Engine, Reductions } from "./search/engine.ts";
import { expectedStates } from "./search/estimate.ts";
import { findingsOf } from "./search/findings.ts";
import { interpretedEngine } from "./search/interpreted.ts";
import { searchWithThreads } from "./search/parallel.ts";
import {
  beginSearch,
  continueSearch,
  outcomeOf,
  type SearchLimits,
  type SearchOutcome,
  type Standing,
  storedState,
} from "./search/search.ts";
import { moveOf, pathTo, runAlong } from "./search/trace.ts";
import { defaultBudget } from "./store/arena.ts";
import { fingerprints, omissionProbability, treeStates } from "./store/codecs.ts";
import { type FlatStore, flatStore } from "./store/flat.ts";
import { giveBack } from "./store/give-back.ts";
import { keyedStore } from "./store/keyed.ts";
import { PAGE_SIZES } from "./store/pages.ts";
import { spillStore } from "./store/spill.ts";
import type { Store } from "./store/store.ts";

export { PackError } from "./compile/pack.ts";
export { speaksOfProgress } from "./liveness/index.ts";
export {
  type LockCycle,
  type LockOrderEdge,
  type LockReport,
  lockReport,
} from "./lock-order/index.ts";
export {
  findLockOrder,
  isHarmless,
  type LockOrder,
  lockOrderOf,
  orderPairs,
} from "./lock-order/summary.ts";
export type { AuditReport } from "./reduce/audit-all.ts";
export type {
  CheckOptions,
  CheckResult,
  Finding,
  Limit,
  LivenessReport,
  Progress,
  Verdict,
} from "./result.ts";
export { WorkerError } from "./search/parallel.ts";
export { type Schedule, type Walk, walk } from "./simulate/walk.ts";
export { defaultBudget } from "./store/arena.ts";
export {
  CheckpointError,
  type CheckpointRecord,
  type CheckpointSink,
  type WordSource,
} from "./store/checkpoint.ts";
export { type Disk, DiskError, DiskFullError } from "./store/disk.ts";

/**
 * Searches all reachable states of a valid model, breadth-first and exactly.
 *
 * @throws PackError when a range or the whole state is too wide for the engine
 * @throws WorkerError when a worker thread gives no sign of life
 * @throws CheckpointError when `resume` is damaged, or of another model or version
 */
export function check(model: Model, options: CheckOptions = {}): CheckResult {
  try {
    return searchAndJudge(model, options);
  } finally {
    giveBack();
  }
}

function searchAndJudge(model: Model, options: CheckOptions): CheckResult {
  const now = options.now ?? (() => 0);
  const began = now();
  const reduced = options.deadReset === false ? model : resetDeadLocals(model);
  const { engine, reductions } = engineFor(reduced, options);
  const limits: SearchLimits = {
    maxStates: options.maxStates ?? Number.POSITIVE_INFINITY,
    poll: (standing) => {
      const elapsed = now() - began;
      options.onProgress?.(progressAt(standing, elapsed));
      return stopReason(options, elapsed);
    },
    checkpoint: options.checkpoint,
    note: (text) => options.onNote?.(text),
    modelHash: () => modelHash(reduced),
  };
  const wanted = options.liveness ?? (model.liveness ?? []).length > 0;
  const budget = options.maxMemory ?? defaultBudget();
  const plan = { engine, reductions, limits, budget, wanted: wanted !== false };
  const { store, outcome } = searchAll(plan, options);
  const found = { count: outcome.count, stateAt: (n: number) => storedState(engine, store, n) };
  const { audit } = options;
  const audited = audit ? { audit: auditAssumptions(reduced, found, audit) } : {};
  const result = { ...report(engine, store, outcome, reductions), ...audited };
  if (result.verdict.kind === "violated" && result.shortest === false) {
    const plain = plainCounterexample(reduced, options, limits, outcome.count);
    return { ...result, ...plain, elapsed: now() - began };
  }
  if (result.verdict.kind !== "holds" || !wanted) return { ...result, elapsed: now() - began };
  const without = reductionsOn(options);
  const whole =
    without.length > 0
      ? searchWhole(reduced, options, limits)
      : { outcome, arena: (store as FlatStore).arena, kind: engine.kind };
  const poll = (): boolean => stopReason(options, now() - began) !== undefined;
  const only = typeof wanted === "boolean" ? undefined : wanted;
  const more = progressOf({ model, searched: reduced, ...whole, without, only, poll }, () =>
    stopReason(options, now() - began),
  );
  const findings = [...result.findings, ...more.findings];
  return { ...result, ...more, findings, elapsed: now() - began };
}

/** To estimate takes longer than to poll: it is done for those who look at it. */
function progressAt({ levels, ...standing }: Standing, elapsed: number): Progress {
  return {
    ...standing,
    elapsed,
    get expected() {
      return expectedStates(levels);
    },
  };
}

interface Plan {
  engine: Engine;
  reductions: Reductions;
  limits: SearchLimits;
  budget: number;
  /** The graph is needed afterwards. */
  wanted: boolean;
}

interface Searched {
  store: Store;
  outcome: SearchOutcome;
}

/** On one thread until it pays to have more; in order again when they found a violation. */
function searchAll(plan: Plan, options: CheckOptions): Searched {
  const { engine, limits, budget, wanted } = plan;
  const { resume, sizes = PAGE_SIZES } = options;
  const { generated } = engine;
  const alone = wanted || options.audit !== undefined;
  const threads = alone || !generated ? 1 : (options.workers ?? 1);
  const other = otherStore(engine, options, budget);
  const flat = other ? undefined : flatStore(engine, budget, sizes);
  // What looks at the whole graph afterwards looks at one array.
  if (flat && wanted) flat.successor = undefined;
  const store = other ?? (flat as FlatStore);
  const search = beginSearch(engine, store, limits, resume);
  if (threads > 1 && flat && generated) {
    const { parallelFrom } = options;
    const outcome = searchWithThreads(search, flat, { generated, threads, budget, parallelFrom });
    if (outcome) return { store, outcome };
  }
  continueSearch(search);
  return { store: search.store, outcome: outcomeOf(search) };
}

/** The store that was asked for, if it is not the plain one. */
function otherStore(engine: Engine, options: CheckOptions, budget: number): Store | undefined {
  const { compress, hashCompaction, spill, sizes = PAGE_SIZES } = options;
  const { words } = engine.packing;
  if (spill) return spillStore(engine, spill, budget, sizes);
  if (hashCompaction) return keyedStore(engine, fingerprints(words), budget, sizes);
  if (compress) return keyedStore(engine, treeStates(words, sizes), budget, sizes);
  return undefined;
}

/** What changes who moves when, and so says nothing about infinite runs. */
function reductionsOn({ symmetry, partialOrder, compress, spill }: CheckOptions): string[] {
  const on = { symmetry, "partial order": partialOrder, compress, spill };
  return Object.entries(on).flatMap(([name, isOn]) => (isOn ? [name] : []));
}

/** States that a search for the shortest counterexample may store at least. */
const PLAIN_STATES = 2_000_000;

/**
 * What a search without reductions shows of a violation that a reduced one has found: the same
 * counterexample for all of them. It gets as many states as make it not much dearer than what was
 * done already; nothing when these are not enough.
 */
function plainCounterexample(
  model: Model,
  options: CheckOptions,
  limits: SearchLimits,
  states: number,
): Partial<CheckResult> {
  const most = Math.min(limits.maxStates, Math.max(PLAIN_STATES, 8 * states));
  const whole = searchWhole(model, options, { ...limits, maxStates: most });
  if (whole.outcome.end.kind === "incomplete") return {};
  if (whole.outcome.end.kind === "complete") throw new Error("a reduction shows what is not there");
  return verdictOf(whole.engine, whole.store, whole.outcome, { parts: [], fusion: noFusion() });
}

/** The same search without reductions, on one thread. */
function searchWhole(
  model: Model,
  options: CheckOptions,
  limits: SearchLimits,
): Pick<Explored, "outcome" | "arena" | "kind"> & { engine: Engine; store: Store } {
  const plain: CheckOptions = { ...options, symmetry: false, partialOrder: false };
  const { engine } = engineFor(model, plain);
  const store = flatStore(engine, options.maxMemory ?? defaultBudget());
  store.successor = undefined;
  const { maxStates, poll, note, modelHash } = limits;
  const search = beginSearch(engine, store, { maxStates, poll, note, modelHash });
  continueSearch(search);
  const outcome = outcomeOf(search);
  return { outcome, arena: store.arena, engine, store, kind: engine.kind };
}

type More = Pick<CheckResult, "verdict" | "findings"> & Partial<CheckResult>;

function progressOf(explored: Explored, stop: () => Limit | undefined): More {
  const { end } = explored.outcome;
  if (end.kind === "incomplete") return { verdict: end, findings: [] };
  if (end.kind !== "complete") throw new Error("a reduction has hidden a violation");
  const found = checkProgress(explored);
  switch (found.kind) {
    case "stopped": {
      const limit = found.by === "memory" ? "memory" : (stop() ?? "time");
      return { verdict: { kind: "incomplete", limit }, findings: [] };
    }
    case "holds":
      return { verdict: { kind: "holds" }, findings: found.findings, liveness: found.report };
    case "violated": {
      const { violation, lasso, report: liveness } = found;
      const { start, moves, loopFrom } = lasso;
      const loop = loopFrom === undefined ? {} : { loopFrom };
      const verdict: Verdict = { kind: "violated", violation };
      return { verdict, findings: [], start, moves, ...loop, liveness };
    }
  }
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
    const translated = options.engine !== "javascript";
    return { engine: compileEngine(interpreter, packing, reductions, translated), reductions };
  } catch (error) {
    if (error instanceof EvalError) return { engine: slow(), reductions };
    throw error;
  }
}

function report(
  engine: Engine,
  store: Store,
  outcome: SearchOutcome,
  reductions: Reductions,
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
  const complete = outcome.end.kind === "complete" && !store.approximate;
  const findings = complete ? findingsOf(model, counts) : [];
  const verdict = verdictOf(engine, store, outcome, reductions);
  const omission = store.approximate ? { omission: omissionProbability(counts.states) } : {};
  const { bytes, end, levels } = outcome;
  const expected = end.kind === "incomplete" ? expectedStates(levels) : undefined;
  const estimate = expected ? { expected } : {};
  return { ...counts, ...verdict, ...omission, ...estimate, findings, engine: engine.kind, bytes };
}

function verdictOf(
  engine: Engine,
  store: Store,
  { end, levels }: SearchOutcome,
  { parts, fusion }: Reductions,
): Pick<CheckResult, "moves" | "start" | "shortest"> & { verdict: Verdict } {
  if (end.kind === "complete") {
    if (!store.approximate) return { verdict: { kind: "holds" } };
    return { verdict: { kind: "incomplete", limit: "hash_compaction" } };
  }
  if (end.kind === "incomplete") return { verdict: end };
  // The calmest one needs all states, and each of them must be itself.
  const isPlain = parts.length === 0 && fusion === noFusion() && !store.approximate;
  if (isPlain) {
    const violation = violationAt(
      engine,
      storedState(engine, store, end.state),
      end.kind,
    ).violation;
    const calm = calmest(engine, store, levels, end, violation);
    if (calm) {
      const { moves, start } = calm;
      const verdict: Verdict = { kind: "violated", violation: calm.violation };
      return { verdict, moves, start, shortest: true };
    }
  }
  const path = pathTo(engine, store, levels, end.state);
  const { start, moves, end: state } = runAlong(engine, store, path);
  const { violation, steps } = violationAt(engine, state, end.kind);
  for (const step of steps) moves.push(moveOf(engine, step));
  return { verdict: { kind: "violated", violation }, moves, start, shortest: isPlain };
}

/**
 * What is wrong with the state in which the search ended, and the step that violates, if one does.
 */
function violationAt(
  engine: Engine,
  state: State,
  end: "badState" | "badStep",
): { violation: Violation; steps: Outcome[] } {
  const bad = end === "badStep" ? engine.runs(state).find((run) => run.violation) : undefined;
  const violation = bad?.violation ?? violationsIn(engine.interpreter, state)[0];
  if (!violation) throw new Error("the interpreter finds nothing wrong with this state");
  return { violation, steps: bad?.steps ?? [] };
}
