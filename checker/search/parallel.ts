/**
 * A search goes on with several threads. What holds does not depend on the order in which states
 * are found, so all counts are those of one thread. What is violated does: then the caller
 * searches on in order, and gets the trace that one thread would have found.
 *
 * The threads run generated code and nothing else, so they are started from text.
 */
import { Worker } from "node:worker_threads";
import { type Code, type Generated, loadCode } from "../compile/load.ts";
import { forThreads } from "../compile/module.ts";
import { EAGER_SLOT_BITS, LAST_LOAD, MAX_LOAD, mostFor } from "../store/arena.ts";
import type { FlatStore } from "../store/flat.ts";
import { LINE } from "../store/table.ts";
import { bytesOf, newConductor } from "./conductor.ts";
import { BATCH, type Engine } from "./engine.ts";
import { CONTROL, FLAG, Participant, type SharedSearch, STATS } from "./participant.ts";
import { continueSearch, type Search, type SearchOutcome } from "./search.ts";

/**
 * States found by one thread before others take part; for fewer it does not pay. A thread takes as
 * long to start as the search to find some 200,000 states, so it is started before.
 */
const PARALLEL_FROM = 1 << 19;
const CREW_FROM = 1 << 18;
const CHUNK = 1 << 14;
/** So many that no thread waits long for another that spreads the index. */
const PIECES_OF_INDEX = 64;
const LEAST_ITEM = 256;
/** Larger items leave one thread waiting for another; and all that they lead to needs room. */
const MOST_ITEM = 1 << 14;
const MOST_SUCCESSORS_OF_ITEM = 1 << 17;
/** Pairs in a list of work; more states wait in one level only if it has above 10^9 of them. */
const MOST_ITEMS = 1 << 22;
/** Two minutes without a sign of life; writing a checkpoint gives some. */
const PATIENCE = 600;

/** Waits of 200 ms for the others to notice that a thread died; they finish their item first. */
const GOODBYES = 150;

/** A worker thread could not be started, or fell silent. */
export class WorkerError extends Error {}

interface Threads {
  generated: Generated;
  /** How many, with the one that calls. */
  threads: number;
  budget: number;
  /** States found by one thread before others take part. */
  parallelFrom?: number | undefined;
}

/** As {@link searchInParallel}, when it pays to have more threads than one; undefined before. */
export function searchWithThreads(
  search: Search,
  store: FlatStore,
  { generated, threads, budget, parallelFrom = PARALLEL_FROM }: Threads,
): SearchOutcome | undefined {
  if (continueSearch(search, Math.min(parallelFrom, CREW_FROM))) return undefined;
  const crew = startCrew(generated, threads);
  const outcome = continueSearch(search, parallelFrom)
    ? undefined
    : searchInParallel(search, store, crew, budget);
  if (!outcome) dismiss(crew);
  return outcome;
}

/**
 * Goes on with a search of one thread, in the memory of its store, and returns the outcome.
 * Undefined when there is a violation, or more states than are allowed, or not enough memory for
 * several threads, which waste some, or when one of them died: one thread has to tell, from where
 * the search stood.
 */
function searchInParallel(
  search: Search,
  store: FlatStore,
  { generated, workers }: Crew,
  budget: number,
): SearchOutcome | undefined {
  const { engine, limits, out } = search;
  const threads = workers.length + 1;
  const shared = newSharedSearch(search, store, threads, budget);
  if (!shared) return undefined;
  const { control } = shared;
  const labels = engine.batch.fired.length;
  const fired = new Float64Array(new SharedArrayBuffer(8 * labels * threads));
  const reached = new Uint8Array(new SharedArrayBuffer(Math.max(1, engine.batch.reached.length)));
  fired.set(engine.batch.fired);
  reached.set(engine.batch.reached);
  const data = { shared, fired, reached };
  workers.forEach((worker, k) => {
    sendWork(worker, { ...data, thread: k + 1 });
  });
  const mine = reporting({ ...data, thread: 0 }, loadCode(generated));
  const conductor = newConductor(search, shared, { fired, reached, labels });
  const alone = (): undefined => {
    store.reclaim(out.count, Atomics.load(control, CONTROL.slotBits));
    // Its states are numbered otherwise; the checkpoint that is there stays good.
    if (conductor.hasSaved()) search.limits = { ...limits, checkpoint: undefined };
  };
  try {
    new Participant(shared, mine, mine.arrays.R, 0, conductor).run();
  } catch (error) {
    const { message } = workerError(shared, error);
    if (!areGone(shared)) throw new WorkerError(`${message}; --workers 1 searches without others`);
    limits.note(`${message}; one thread goes on`);
    return alone();
  }
  const flag = Atomics.load(control, CONTROL.flag);
  const counts = conductor.counts();
  if (flag === FLAG.violation || counts.states > limits.maxStates) return alone();
  engine.batch.reached.set(counts.reached);
  engine.batch.fired.set(counts.fired);
  const limit = flag === FLAG.memory ? "memory" : conductor.limit();
  return {
    end: limit ? { kind: "incomplete", limit } : { kind: "complete" },
    count: counts.states + 1,
    transitions: counts.transitions,
    terminal: counts.terminal,
    initialStates: out.initialStates,
    depth: Atomics.load(control, CONTROL.depth),
    bytes: bytesOf(shared),
    levels: conductor.levels,
  };
}

function workerError({ failure }: SharedSearch, error: unknown): WorkerError {
  const end = failure.indexOf(0);
  const said = Buffer.from(failure.slice(0, end < 0 ? failure.length : end)).toString();
  const why = said || (error instanceof Error ? error.message : String(error));
  return new WorkerError(`a search thread failed: ${why}`);
}

/** Waits for the other threads to leave the arrays; one that is silent may come back to them. */
function areGone({ control, threads }: SharedSearch): boolean {
  for (let waits = 0; waits < GOODBYES; waits++) {
    const gone = Atomics.load(control, CONTROL.gone);
    if (gone === threads - 1) return true;
    Atomics.wait(control, CONTROL.gone, gone, 200);
  }
  return false;
}

function mostSuccessors({ batch, packing }: Engine): number {
  return batch.words.length / packing.words - BATCH;
}

/** The arrays of the store at their full size, with what the search has found so far. */
function newSharedSearch(
  { engine, out, next }: Search,
  store: FlatStore,
  threads: number,
  budget: number,
): SharedSearch | undefined {
  const { words } = engine.packing;
  const most = mostSuccessors(engine);
  const roomy = Math.floor(MOST_SUCCESSORS_OF_ITEM / most);
  const mostItem = Math.min(MOST_ITEM, Math.max(LEAST_ITEM, roomy));
  const reserve = threads * (mostItem * most + 2 * CHUNK);
  const { slotBits, states: mostStates } = mostFor(words, budget);
  const { slotBits: before } = store.arena;
  if (mostStates < out.count + 2 * reserve || slotBits < before) return undefined;
  if (!store.claim(out.count, mostStates, slotBits)) return undefined;
  const ints = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));
  const control = ints(CONTROL.size);
  const numbers = out.count + 2 * threads * CHUNK;
  const bits = Math.max(store.arena.slotBits, Math.ceil(Math.log2(numbers)));
  const firstBits = Math.min(slotBits, bits);
  control[CONTROL.slotBits] = firstBits;
  control[CONTROL.nextId] = out.count;
  control[CONTROL.depth] = out.levels.length - 2;
  store.arena.slotBits = firstBits;
  store.rebind();
  if (firstBits > before) engine.widen(before, out.count);
  const items: [Int32Array, Int32Array] = [ints(2 * MOST_ITEMS), ints(2 * MOST_ITEMS)];
  const levelEnd = out.levels.at(-1) as number;
  control[CONTROL.items] = listItems(items[0], next, levelEnd);
  control[CONTROL.nextItems] = listItems(items[1], levelEnd, out.count);
  const stats = new Float64Array(new SharedArrayBuffer(8 * STATS.size * threads));
  stats[STATS.states] = out.count - 1;
  stats[STATS.transitions] = out.transitions;
  stats[STATS.terminal] = out.terminal;
  return {
    control,
    items,
    states: store.arena.states,
    index: store.arena.index,
    stats,
    threads,
    words,
    mostStates,
    mostSlotBits: slotBits,
    eagerSlotBits: EAGER_SLOT_BITS,
    loads: [MAX_LOAD, LAST_LOAD],
    lineSlots: LINE,
    pieces: PIECES_OF_INDEX,
    chunk: CHUNK,
    itemStates: [LEAST_ITEM, mostItem],
    reserve,
    patience: PATIENCE,
    failure: new Uint8Array(new SharedArrayBuffer(256)),
    flags: FLAG,
    at: CONTROL,
    stat: STATS,
  };
}

function listItems(list: Int32Array, from: number, to: number): number {
  let item = 0;
  for (let first = from; first < to; first += LEAST_ITEM) {
    list[2 * item] = first;
    list[2 * item++ + 1] = Math.min(to, first + LEAST_ITEM);
  }
  return item;
}

/** What a thread is sent when the search needs it. */
interface ThreadData {
  shared: SharedSearch;
  /** Counters of all labels, for one thread after the other. */
  fired: Float64Array;
  /** Of all threads. */
  reached: Uint8Array;
  thread: number;
}

/** The code of one thread, which reports what it counts. Sent as text too: arguments only. */
function reporting(data: ThreadData, code: Code): Code {
  const { N: fired, Q: facts } = code.arrays;
  const counters = data.fired.subarray(data.thread * fired.length).subarray(0, fired.length);
  fired.set(counters);
  facts.set(data.reached.subarray(0, facts.length));
  return {
    ...code,
    expand: (from, to) => {
      const next = code.expand(from, to);
      counters.set(fired);
      return next;
    },
    reach: (from, to) => {
      code.reach(from, to);
      for (let k = 0; k < facts.length; k++) if (facts[k] !== 0) data.reached[k] = 1;
    },
  };
}

/** Threads that load the code, and wait until the search needs them. */
interface Crew {
  generated: Generated;
  workers: Worker[];
}

/** Starts all threads but the one that calls. */
function startCrew(code: Generated, threads: number): Crew {
  const generated = forThreads(code);
  const source = `
const { parentPort, workerData: generated } = require("node:worker_threads");
const Participant = ${Participant.toString()};
const loadCode = ${loadCode.toString()};
const reporting = ${reporting.toString()};
let loaded, problem;
try {
  loaded = loadCode(generated);
} catch (error) {
  problem = error;
}
parentPort.once("message", (data) => {
  if (data === undefined) return;
  const { shared, buffers, thread } = data;
  try {
    if (problem !== undefined) throw problem;
    shared.states = new Int32Array(buffers[0]);
    shared.index = new Int32Array(buffers[1]);
    const code = reporting(data, loaded);
    new Participant(shared, code, code.arrays.R, thread, undefined).run();
  } catch (error) {
    shared.failure.set(Buffer.from(String(error)).subarray(0, 256));
    Atomics.store(shared.control, shared.at.failed, 1);
  } finally {
    Atomics.add(shared.control, shared.at.gone, 1);
    Atomics.notify(shared.control, shared.at.gone);
  }
});`;
  const workers = Array.from({ length: threads - 1 }, () => {
    const worker = new Worker(source, { eval: true, workerData: generated });
    // Who waits for a thread that died notices; nobody else has to.
    worker.on("error", () => undefined);
    worker.unref();
    return worker;
  });
  return { generated, workers };
}

/** The search came to its end without them; threads that had work are not disturbed. */
function dismiss({ workers }: Crew): void {
  for (const worker of workers) worker.postMessage(undefined);
}

function sendWork(worker: Worker, data: ThreadData): void {
  // Views of more than 4 GiB do not survive the copying of messages; their buffers do.
  const { states, index } = data.shared;
  const none = new Int32Array(0);
  worker.postMessage({
    ...data,
    shared: { ...data.shared, states: none, index: none },
    buffers: [states.buffer, index.buffer],
  });
}
