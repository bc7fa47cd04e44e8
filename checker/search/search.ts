/**
 * Breadth-first search. The store is the queue: states are numbered in the order in which they
 * are found, and each level (all states at one distance from the initial ones) is a run of
 * numbers. That is enough to rebuild a shortest trace, so no parent is kept.
 */
import type { Outcome, State } from "../../model/ir/index.ts";
import { packState, unpackState } from "../compile/pack.ts";
import type { Limit, Progress } from "../result.ts";
import { type Arena, arenaBytes, enlargeIndex, isCrowded, reserveStates } from "../store/arena.ts";
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type CheckpointRecord,
  type CheckpointSink,
  verifyRecord,
} from "../store/checkpoint.ts";
import { type Engine, labelNumber } from "./engine.ts";

export interface SearchLimits {
  maxStates: number;
  /** Asked every few thousand states. */
  poll: (progress: Omit<Progress, "elapsed">) => Limit | undefined;
  checkpoint?: CheckpointSink | undefined;
  /** Asked only for checkpoints. */
  modelHash: () => string;
}

export interface Resumption {
  record: CheckpointRecord;
  /** At least the words of the states in the record. */
  words: Int32Array;
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

interface Search {
  engine: Engine;
  arena: Arena;
  limits: SearchLimits;
  end: SearchEnd | undefined;
  out: Omit<SearchOutcome, "end" | "depth" | "bytes">;
  /** Some `reachable` fact was not yet true. */
  pendingFacts: boolean;
  sincePoll: number;
  /** First state that is not in a checkpoint yet. */
  unsaved: number;
}

/** Transitions between two polls. */
const POLL_EVERY = 1 << 14;

export function search(
  engine: Engine,
  arena: Arena,
  limits: SearchLimits,
  resumption?: Resumption,
): SearchOutcome {
  const out = { count: 1, transitions: 0, terminal: 0, initialStates: 0, levels: [1] };
  const s: Search = {
    engine,
    arena,
    limits,
    end: undefined,
    out,
    pendingFacts: engine.batch.reached.length > 0,
    sincePoll: 0,
    unsaved: 1,
  };
  engine.bind(arena);
  let next = 1;
  if (resumption) {
    next = takeUp(s, resumption);
  } else {
    storeInitial(s, engine.interpreter.initialStates());
    closeLevel(s);
  }
  for (; !s.end; next = out.levels.at(-2) as number) {
    expandLevel(s, next);
    if (!closeLevel(s)) break;
  }
  const depth = Math.max(0, out.levels.length - 2);
  const bytes = arenaBytes(arena, out.count);
  return { ...out, depth, bytes, end: s.end ?? { kind: "complete" } };
}

/** Puts everything back as it was; returns the first state to expand. */
function takeUp(s: Search, { record, words }: Resumption): number {
  const { engine, arena, out } = s;
  const { batch, packing } = engine;
  verifyRecord(record, words, {
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
  if (!makeRoom(s, states + 1)) {
    s.end = { kind: "incomplete", limit: "memory" };
    return 1;
  }
  arena.states.set(words.subarray(0, states * packing.words), packing.words);
  out.count = states + 1;
  s.unsaved = out.count;
  engine.grow(out.count);
  return expanded + 1;
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
    store(s);
  }
}

function expandLevel(s: Search, first: number): void {
  const { engine, out } = s;
  const { batch, packing } = engine;
  const fired = new Float64Array(batch.fired.length);
  let next = first;
  const to = out.levels.at(-1) as number;
  while (next < to && !s.end) {
    const from = next;
    fired.set(batch.fired);
    next = engine.expand(from, to);
    const bad = store(s);
    if (bad > 0) {
      recount(s, from, bad, fired);
      return;
    }
    if (s.end) return;
    out.transitions += batch.filled / packing.words;
    out.terminal += batch.terminal;
    if (batch.problem) countBadStep(s, next);
    else pollLimits(s, next);
  }
}

/** Stores the batch. Returns the position of a successor that violates `always`, from 1, or 0. */
function store(s: Search): number {
  const { engine, out } = s;
  const { words } = engine.packing;
  const { filled } = engine.batch;
  if (!makeRoom(s, out.count + filled / words)) {
    s.end = { kind: "incomplete", limit: "memory" };
    return 0;
  }
  const before = out.count;
  out.count = engine.insert(before, filled);
  const cut = Math.min(out.count, s.limits.maxStates + 1);
  const bad = engine.check(before, cut);
  if (bad > 0) out.count = bad + 1;
  else if (cut < out.count) {
    out.count = cut;
    s.end = { kind: "incomplete", limit: "states" };
  }
  if (s.pendingFacts) {
    engine.reach(before, out.count);
    s.pendingFacts = engine.batch.reached.includes(0);
  }
  if (bad === 0) return 0;
  s.end = { kind: "badState", state: bad };
  return positionInBatch(s, bad);
}

function makeRoom({ engine, arena, out }: Search, most: number): boolean {
  while (isCrowded(arena, most)) {
    if (!enlargeIndex(arena, most)) return false;
    engine.bind(arena);
    engine.grow(out.count);
  }
  if (!reserveStates(arena, most)) return false;
  engine.bind(arena);
  return true;
}

function positionInBatch({ engine, arena }: Search, state: number): number {
  const { words } = engine.packing;
  engine.canonicalize(engine.batch.filled);
  for (let at = 0; at < engine.batch.filled; at += words) {
    if (sameWords(engine.batch.words, at, arena.states, state * words, words)) {
      return at / words + 1;
    }
  }
  throw new Error("the new state is not in the batch");
}

export function sameWords(a: Int32Array, i: number, b: Int32Array, j: number, n: number): boolean {
  for (let k = 0; k < n; k++) if (a[i + k] !== b[j + k]) return false;
  return true;
}

/** The search ended inside a batch: counts again what was done of it, in the interpreter. */
function recount(s: Search, from: number, outcomes: number, firedBefore: Float64Array): void {
  const { engine, arena, out } = s;
  const { batch, packing } = engine;
  batch.fired.set(firedBefore);
  out.transitions += outcomes;
  let left = outcomes;
  for (let i = from; left > 0; i++) {
    const runs = engine.runs(unpackState(packing, arena.states, i * packing.words));
    if (runs.length === 0) out.terminal++;
    for (const run of runs.slice(0, left)) countLabels(engine, run.steps);
    left -= runs.length;
  }
}

function countBadStep(s: Search, state: number): void {
  const { engine, arena, out } = s;
  s.end = { kind: "badStep", state };
  const { packing } = engine;
  const words = unpackState(packing, arena.states, state * packing.words);
  const bad = engine.runs(words).find((run) => run.violation);
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

function pollLimits(s: Search, next: number): void {
  s.sincePoll += s.engine.batch.filled / s.engine.packing.words + 1;
  if (s.sincePoll < POLL_EVERY) return;
  s.sincePoll = 0;
  const { count, transitions, levels } = s.out;
  const limit = s.limits.poll({
    states: count - 1,
    transitions,
    queue: count - next,
    depth: levels.length - 1,
    bytes: arenaBytes(s.arena, count),
  });
  if (limit) s.end = { kind: "incomplete", limit };
  if (limit || s.limits.checkpoint?.due()) saveCheckpoint(s, next);
}

function saveCheckpoint(s: Search, next: number): void {
  const { engine, arena, limits, out } = s;
  const { words } = engine.packing;
  if (!limits.checkpoint || next >= (out.levels.at(-1) as number)) return;
  limits.checkpoint.append(arena.states.subarray(s.unsaved * words, out.count * words));
  s.unsaved = out.count;
  limits.checkpoint.commit({
    format: CHECKPOINT_FORMAT,
    version: CHECKPOINT_VERSION,
    modelHash: limits.modelHash(),
    words,
    states: out.count - 1,
    expanded: next - 1,
    transitions: out.transitions,
    terminal: out.terminal,
    initialStates: out.initialStates,
    levels: out.levels,
    fired: [...engine.batch.fired],
    reached: [...engine.batch.reached],
  });
}
