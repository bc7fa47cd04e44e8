/**
 * The same search on several threads. What holds does not depend on the order in which states are
 * found, so all counts are those of one thread. What is violated does: then the caller searches
 * again in order, and gets the trace that one thread would have found.
 *
 * The threads run generated code and nothing else, so they are started from text.
 */
import { Worker } from "node:worker_threads";
import { moduleText } from "../compile/module.ts";
import { packState } from "../compile/pack.ts";
import type { Limit } from "../result.ts";
import { EAGER_SLOT_BITS } from "../store/arena.ts";
import { newFilter } from "../store/table.ts";
import type { Engine, Reductions } from "./engine.ts";
import {
  CONTROL,
  FLAG,
  Participant,
  type SharedEngine,
  type SharedSearch,
  STATS,
} from "./participant.ts";
import type { SearchLimits, SearchOutcome } from "./search.ts";

const FIRST_SLOT_BITS = 20;
const CHUNK = 1 << 14;
const ITEM_STATES = 256;
/** Pairs in a list of work; more states wait in one level only if it has above 10^9 of them. */
const MOST_ITEMS = 1 << 22;
/** Batches of the first thread between two polls. */
const POLL_EVERY = 16;
/** Part of the budget for the index. */
const INDEX_SHARE = 0.35;

/** A worker thread could not be started, or died. */
export class WorkerError extends Error {}

/**
 * The outcome of a search that found no violation. Undefined when there is one, or when the
 * memory is not enough for several threads, which waste some: one thread has to tell.
 */
export function searchInParallel(
  engine: Engine,
  reductions: Reductions,
  limits: SearchLimits,
  threads: number,
  budget: number,
): SearchOutcome | undefined {
  const shared = newSharedSearch(engine.packing.words, threads, budget, capacityOf(engine));
  if (!shared) return undefined;
  const { control, stats } = shared;
  const labels = engine.batch.fired.length;
  const fired = new Float64Array(new SharedArrayBuffer(8 * labels * threads));
  const reached = new Uint8Array(new SharedArrayBuffer(Math.max(1, engine.batch.reached.length)));
  const text = moduleText(engine.packing, reductions, true);
  const data = { text, shared, fired, reached, labels, capacity: capacityOf(engine) };
  const filter = newFilter(engine.packing.words);
  const mine = loadEngine({ ...data, filter, thread: 0 });
  const initial = storeInitial(engine, shared, mine, fired);
  if (mine.code.check(1, initial) > 0) return undefined;
  const workers = Array.from({ length: threads - 1 }, (_, k) =>
    startWorker({ ...data, filter, thread: k + 1, initial }),
  );
  let limit: Limit | undefined;
  let batches = 0;
  const poll = (): number => {
    if (++batches % POLL_EVERY !== 0) return FLAG.run;
    limit = limitReached(shared, limits);
    return limit ? FLAG.stop : FLAG.run;
  };
  try {
    new Participant(shared, mine.code, mine.registers, 0, initial, poll).run();
  } catch (error) {
    throw new WorkerError(error instanceof Error ? error.message : String(error));
  } finally {
    for (const worker of workers) worker.unref();
  }
  const flag = Atomics.load(control, CONTROL.flag);
  if (flag === FLAG.violation || flag === FLAG.memory) return undefined;
  engine.batch.reached.set(reached.subarray(0, engine.batch.reached.length));
  for (let k = 0; k < fired.length; k++) {
    const label = k % labels;
    engine.batch.fired[label] = (engine.batch.fired[label] as number) + (fired[k] as number);
  }
  const states = total(stats, STATS.states);
  if (states > limits.maxStates) limit = "states";
  return {
    end: limit ? { kind: "incomplete", limit } : { kind: "complete" },
    count: Math.min(states, limits.maxStates) + 1,
    transitions: total(stats, STATS.transitions),
    terminal: total(stats, STATS.terminal),
    initialStates: engine.interpreter.initialStates().length,
    depth: Atomics.load(control, CONTROL.depth),
    bytes: bytesOf(shared),
    levels: [],
  };
}

function capacityOf(engine: Engine): number {
  return engine.batch.words.length / engine.packing.words;
}

function total(stats: Float64Array, which: number): number {
  let sum = 0;
  for (let k = which; k < stats.length; k += STATS.size) sum += stats[k] as number;
  return sum;
}

function bytesOf({ control, words }: SharedSearch): number {
  const slots = 2 ** Atomics.load(control, CONTROL.slotBits);
  return 4 * (Atomics.load(control, CONTROL.nextId) * words + slots);
}

function limitReached(shared: SharedSearch, limits: SearchLimits): Limit | undefined {
  const states = total(shared.stats, STATS.states);
  if (states > limits.maxStates) return "states";
  return limits.poll({
    states,
    transitions: total(shared.stats, STATS.transitions),
    queue: Math.max(0, shared.control[CONTROL.nextItems] as number) * ITEM_STATES,
    depth: shared.control[CONTROL.depth] as number,
    bytes: bytesOf(shared),
  });
}

/** The system gives pages when they are touched: the whole budget is asked for at once. */
function newSharedSearch(
  words: number,
  threads: number,
  budget: number,
  capacity: number,
): SharedSearch | undefined {
  const mostSlotBits = Math.min(31, Math.floor(Math.log2((budget * INDEX_SHARE) / 4)));
  if (mostSlotBits < FIRST_SLOT_BITS) return undefined;
  const stateBytes = budget - 4 * 2 ** mostSlotBits;
  const mostStates = Math.min(2 ** mostSlotBits, Math.floor(stateBytes / (4 * words)));
  const ints = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));
  const control = ints(CONTROL.size);
  control[CONTROL.slotBits] = FIRST_SLOT_BITS;
  control[CONTROL.nextId] = 1;
  try {
    return {
      control,
      items: [ints(2 * MOST_ITEMS), ints(2 * MOST_ITEMS)],
      states: ints(mostStates * words),
      index: ints(2 ** mostSlotBits),
      stats: new Float64Array(new SharedArrayBuffer(8 * STATS.size * threads)),
      threads,
      words,
      mostStates,
      mostSlotBits,
      eagerSlotBits: EAGER_SLOT_BITS,
      chunk: Math.max(CHUNK, capacity),
      itemStates: ITEM_STATES,
      flags: FLAG,
      at: CONTROL,
      stat: STATS,
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface ThreadData {
  text: string;
  shared: SharedSearch;
  fired: Float64Array;
  reached: Uint8Array;
  labels: number;
  /** Successors that a batch may hold. */
  capacity: number;
  filter: Int32Array;
  thread: number;
}

/** Loads the generated code of one thread. Sent as text too: it may use its argument only. */
function loadEngine(data: ThreadData): {
  code: SharedEngine;
  registers: Int32Array;
  batch: Int32Array;
} {
  const { text, shared, fired, labels, capacity, thread } = data;
  const scratch = (): Int32Array => new Int32Array(Math.max(capacity, 1024));
  const registers = new Int32Array(4);
  const batch = new Int32Array(capacity * shared.words);
  const make = new Function("C", "H", "E", "P", "K", "R", "N", "Q", text);
  const counters = fired.subarray(thread * labels, (thread + 1) * labels);
  const filter = data.filter.slice();
  const code = make(
    batch,
    scratch(),
    scratch(),
    scratch(),
    filter,
    registers,
    counters,
    data.reached,
  ) as SharedEngine;
  return { code, registers, batch };
}

function startWorker(data: ThreadData & { initial: number }): Worker {
  const source = `
const { workerData: data } = require("node:worker_threads");
const Participant = ${Participant.toString()};
const loadEngine = ${loadEngine.toString()};
try {
  data.shared.states = new Int32Array(data.buffers[0]);
  data.shared.index = new Int32Array(data.buffers[1]);
  const { code, registers } = loadEngine(data);
  new Participant(data.shared, code, registers, data.thread, data.initial, undefined).run();
} catch (error) {
  Atomics.store(data.shared.control, data.shared.at.failed, 1);
}`;
  // Views of more than 4 GiB do not survive the copying of messages; their buffers do.
  const { states, index } = data.shared;
  const none = new Int32Array(0);
  const workerData = {
    ...data,
    shared: { ...data.shared, states: none, index: none },
    buffers: [states.buffer, index.buffer],
  };
  return new Worker(source, { eval: true, workerData });
}

/** Stores the initial states as the first level; returns the first free number. */
function storeInitial(
  engine: Engine,
  shared: SharedSearch,
  mine: ReturnType<typeof loadEngine>,
  fired: Float64Array,
): number {
  const { words } = engine.packing;
  const states = engine.interpreter.initialStates();
  const perBatch = mine.batch.length / words;
  mine.code.bind(shared.states, shared.index, FIRST_SLOT_BITS);
  let count = 1;
  for (let from = 0; from < states.length; from += perBatch) {
    const some = states.slice(from, from + perBatch);
    some.forEach((state, i) => {
      packState(engine.packing, state, mine.batch, i * words);
    });
    count = mine.code.insert(count, some.length * words);
  }
  fired.fill(0);
  mine.code.reach(1, count);
  shared.stats[STATS.states] = count - 1;
  shared.control[CONTROL.nextId] = count;
  const items = shared.items[0];
  for (let first = 1; first < count; first += ITEM_STATES) {
    const item = shared.control[CONTROL.items] as number;
    items[2 * item] = first;
    items[2 * item + 1] = Math.min(count, first + ITEM_STATES);
    shared.control[CONTROL.items] = item + 1;
  }
  return count;
}
