/**
 * Breadth-first search. The store is the queue: states are numbered in the order in which they
 * are found, and each level (all states at one distance from the initial ones) is a run of
 * numbers. That is enough to rebuild a shortest trace, so no parent is kept.
 */
import type { Outcome, State } from "../../model/ir/index.ts";
import { packState, unpackState } from "../compile/pack.ts";
import type { Limit, Progress } from "../result.ts";
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type CheckpointRecord,
  type CheckpointSink,
  tryToSave,
  verifyRecord,
  type WordSource,
} from "../store/checkpoint.ts";
import type { Store } from "../store/store.ts";
import { type Engine, labelNumber } from "./engine.ts";
import { expectedStates } from "./estimate.ts";

/** Where a search is; the levels as in its outcome. */
export type Standing = Omit<Progress, "elapsed" | "expected"> & { levels: number[] };

export interface SearchLimits {
  maxStates: number;
  /** Asked every few thousand states. */
  poll: (standing: Standing) => Limit | undefined;
  checkpoint?: CheckpointSink | undefined;
  /** Told what the user should know, and does not end the search. */
  note: (text: string) => void;
  /** Asked only for checkpoints. */
  modelHash: () => string;
}

export interface Resumption {
  record: CheckpointRecord;
  words: WordSource;
}

export type SearchEnd =
  | { kind: "complete" }
  | { kind: "incomplete"; limit: Limit }
  /** A stored state in which an `always` property is not true. */
  | { kind: "badState"; state: number }
  /** Expanding this state met a violation. */
  | { kind: "badStep"; state: number };

export interface SearchOutcome {
  end: SearchEnd;
  /** States are numbered from 1 to `count - 1`. */
  count: number;
  transitions: number;
  terminal: number;
  initialStates: number;
  /** Steps from the initial states to the furthest state. */
  depth: number;
  /** Of states and index. */
  bytes: number;
  /** Level k are the states `levels[k]` to `levels[k + 1] - 1`. */
  levels: number[];
}

/** A search that can be continued. */
export interface Search {
  engine: Engine;
  store: Store;
  limits: SearchLimits;
  end: SearchEnd | undefined;
  out: Omit<SearchOutcome, "end" | "depth" | "bytes">;
  /** First state that is not expanded yet. */
  next: number;
  /** Some `reachable` fact was not yet true. */
  pendingFacts: boolean;
  sincePoll: number;
  /** How often each label had fired before this batch. */
  firedBefore: Float64Array;
  /** First state that is not in a checkpoint yet. */
  unsaved: number;
}

/** Transitions between two polls. */
const POLL_EVERY = 1 << 14;

/** Nothing is expanded yet: the initial states are there, or those of a checkpoint. */
export function beginSearch(
  engine: Engine,
  store: Store,
  limits: SearchLimits,
  resumption?: Resumption,
): Search {
  const out = { count: 1, transitions: 0, terminal: 0, initialStates: 0, levels: [1] };
  const s: Search = {
    engine,
    store,
    limits,
    end: undefined,
    out,
    next: 1,
    pendingFacts: engine.batch.reached.length > 0,
    sincePoll: 0,
    firedBefore: engine.batch.fired.slice(),
    unsaved: 1,
  };
  if (resumption) takeUp(s, resumption);
  else {
    storeInitial(s, engine.interpreter.initialStates());
    closeLevel(s);
  }
  return s;
}

/** Goes on to the end, or until more than `most` states are found; true at the end. */
export function continueSearch(s: Search, most = Number.POSITIVE_INFINITY): boolean {
  const { out } = s;
  for (;;) {
    const to = out.levels.at(-1) as number;
    while (s.next < to && !s.end) {
      if (out.count > most) return false;
      expandBatch(s, to);
    }
    settle(s);
    if (s.end || !closeLevel(s)) return true;
  }
}

/** The states beyond `unsettled` may be known already. The violating one, the last one, is not. */
function settle(s: Search): void {
  const { store, out, end } = s;
  if (!store.settle) return;
  out.count = store.settle(out.count);
  if (end?.kind === "badState") s.end = { ...end, state: out.count - 1 };
}

export function outcomeOf({ store, out, end }: Search): SearchOutcome {
  const depth = Math.max(0, out.levels.length - 2);
  return { ...out, depth, bytes: store.bytes(out.count), end: end ?? { kind: "complete" } };
}

/** Puts everything back as it was. */
function takeUp(s: Search, { record, words }: Resumption): void {
  const { engine, store, out } = s;
  const { batch, packing } = engine;
  verifyRecord(record, words.length, {
    modelHash: s.limits.modelHash(),
    words: packing.words,
    labels: batch.fired.length,
    facts: batch.reached.length,
  });
  const { transitions, terminal, initialStates, levels, states, expanded } = record;
  Object.assign(out, { transitions, terminal, initialStates, levels: [...levels] });
  batch.fired.set(record.fired);
  batch.reached.set(record.reached);
  s.pendingFacts = record.reached.includes(0);
  const limit = store.restore(states, (into, from) => words.read(into, from * packing.words));
  if (limit) {
    s.end = { kind: "incomplete", limit };
    return;
  }
  out.count = states + 1;
  s.unsaved = out.count;
  s.next = expanded + 1;
}

/** Ends the level that was being filled; false when nothing is in it. */
function closeLevel({ out }: Search): boolean {
  if (out.count === out.levels.at(-1)) return false;
  out.levels.push(out.count);
  return true;
}

function storeInitial(s: Search, states: State[]): void {
  const { packing, batch } = s.engine;
  s.out.initialStates = states.length;
  const perBatch = Math.floor(batch.words.length / packing.words);
  for (let from = 0; from < states.length && !s.end; from += perBatch) {
    const some = states.slice(from, from + perBatch);
    some.forEach((state, i) => {
      packState(packing, state, batch.words, i * packing.words);
    });
    batch.filled = some.length * packing.words;
    storeBatch(s);
  }
}

function expandBatch(s: Search, to: number): void {
  const { engine, store, out } = s;
  const { batch, packing } = engine;
  const from = s.next;
  s.firedBefore.set(batch.fired);
  s.next = store.expand(from, to);
  const bad = storeBatch(s);
  if (bad > 0) recount(s, from, bad);
  if (isFull(s)) leaveBatch(s, from);
  if (s.end) return;
  out.transitions += batch.filled / packing.words;
  out.terminal += batch.terminal;
  if (batch.problem) countBadStep(s, s.next);
  else pollLimits(s);
}

function isFull({ end }: Search): boolean {
  return end?.kind === "incomplete" && (end.limit === "memory" || end.limit === "disk");
}

/** As if the batch had not been begun: where there is more room, the search can go on here. */
function leaveBatch(s: Search, from: number): void {
  s.next = from;
  s.engine.batch.fired.set(s.firedBefore);
  saveCheckpoint(s);
}

/** Stores the batch. Returns the position of a successor that violates `always`, from 1, or 0. */
function storeBatch(s: Search): number {
  const { engine, out } = s;
  const limit = makeRoom(s, engine.batch.filled / engine.packing.words);
  if (limit) {
    s.end = { kind: "incomplete", limit };
    return 0;
  }
  const { store } = s;
  const before = out.count;
  out.count = store.insert(before);
  if (out.count > s.limits.maxStates + 1 && store.settle) return storeLast(s, before);
  const cut = Math.min(out.count, s.limits.maxStates + 1);
  const bad = store.check(before, cut);
  if (bad > 0) out.count = bad + 1;
  else if (cut < out.count) {
    out.count = cut;
    s.end = { kind: "incomplete", limit: "states" };
  }
  if (s.pendingFacts) {
    store.reach(before, out.count);
    s.pendingFacts = engine.batch.reached.includes(0);
  }
  if (bad === 0) return 0;
  s.end = { kind: "badState", state: bad };
  return positionInBatch(s, bad);
}

/** More states than are allowed, unless some of them turn out to be known. */
function storeLast(s: Search, before: number): number {
  const { store, out, limits } = s;
  const bad = store.check(before, out.count);
  if (s.pendingFacts) store.reach(before, out.count);
  if (bad > 0) {
    out.count = bad + 1;
    s.end = { kind: "badState", state: bad };
    return positionInBatch(s, bad);
  }
  settle(s);
  if (out.count <= limits.maxStates + 1) return 0;
  out.count = limits.maxStates + 1;
  s.end = { kind: "incomplete", limit: "states" };
  return 0;
}

function makeRoom(s: Search, more: number): Limit | undefined {
  const { levels } = s.out;
  let limit = s.store.reserve(s.out.count, more, () => expectedStates(levels)?.high);
  if (limit === "memory" && s.store.settle) {
    settle(s);
    limit = s.store.reserve(s.out.count, more);
  }
  const wider = limit && s.store.successor?.(s.out.count, more);
  if (!wider) return limit;
  s.store = wider;
  return wider.reserve(s.out.count, more);
}

function positionInBatch({ engine, store }: Search, state: number): number {
  const { words } = engine.packing;
  engine.canonicalize(engine.batch.filled);
  for (let at = 0; at < engine.batch.filled; at += words) {
    if (store.is(state, engine.batch.words, at)) return at / words + 1;
  }
  throw new Error("the new state is not in the batch");
}

/** The search ended inside a batch: counts again what was done of it, in the interpreter. */
function recount(s: Search, from: number, outcomes: number): void {
  const { engine, out } = s;
  const { batch } = engine;
  batch.fired.set(s.firedBefore);
  out.transitions += outcomes;
  let left = outcomes;
  for (let i = from; left > 0; i++) {
    const runs = engine.runs(storedState(engine, s.store, i));
    if (runs.length === 0) out.terminal++;
    for (const run of runs.slice(0, left)) countLabels(engine, run.steps);
    left -= runs.length;
  }
}

function countBadStep(s: Search, state: number): void {
  const { engine, store, out } = s;
  s.end = { kind: "badStep", state };
  const bad = engine.runs(storedState(engine, store, state)).find((run) => run.violation);
  if (!bad) return;
  out.transitions++;
  countLabels(engine, bad.steps);
}

function countLabels({ batch, packing }: Engine, steps: Outcome[]): void {
  for (const { pid, label } of steps) {
    const n = labelNumber(packing, pid, label);
    batch.fired[n] = (batch.fired[n] as number) + 1;
  }
}

function pollLimits(s: Search): void {
  s.sincePoll += s.engine.batch.filled / s.engine.packing.words + 1;
  if (s.sincePoll < POLL_EVERY) return;
  s.sincePoll = 0;
  const { count, transitions, levels } = s.out;
  const limit = s.limits.poll({
    states: count - 1,
    transitions,
    queue: count - s.next,
    depth: levels.length - 1,
    bytes: s.store.bytes(count),
    levels,
  });
  if (limit) s.end = { kind: "incomplete", limit };
  if (limit || s.limits.checkpoint?.due()) saveCheckpoint(s);
}

function saveCheckpoint(s: Search): void {
  const { engine, store, limits, out } = s;
  const { checkpoint } = limits;
  if (!checkpoint) return;
  const { words } = engine.packing;
  const { transitions, terminal, levels } = out;
  const saved = tryToSave(() => {
    for (let n = s.unsaved; n < out.count; ) {
      const more = store.read(n, out.count);
      checkpoint.append(more);
      n += more.length / words;
    }
    const fired = [...engine.batch.fired];
    const reached = [...engine.batch.reached];
    const counts = { states: out.count - 1, transitions, terminal, fired, reached };
    checkpoint.commit(checkpointRecord(s, { ...counts, levels, expanded: s.next - 1 }));
  }, limits.note);
  if (saved) s.unsaved = out.count;
}

type Counters = Pick<
  CheckpointRecord,
  "states" | "expanded" | "transitions" | "terminal" | "levels" | "fired" | "reached"
>;

export function checkpointRecord(
  { engine, limits, out }: Search,
  counters: Counters,
): CheckpointRecord {
  return {
    format: CHECKPOINT_FORMAT,
    version: CHECKPOINT_VERSION,
    modelHash: limits.modelHash(),
    words: engine.packing.words,
    initialStates: out.initialStates,
    ...counters,
  };
}

export function storedState({ packing }: Engine, store: Store, state: number): State {
  return unpackState(packing, store.read(state, state + 1), 0);
}
