/**
 * What the first thread of a parallel search does beside searching: limits, progress, and
 * checkpoints. A checkpoint has the states level by level, in the order in which they were put on
 * the lists of work; so those that are expanded come first, as after a search of one thread.
 */
import type { Limit } from "../result.ts";
import { tryToSave } from "../store/checkpoint.ts";
import { CONTROL, type Conductor, FLAG, type SharedSearch, STATS } from "./participant.ts";
import { checkpointRecord, type Search } from "./search.ts";

/** Batches of the first thread between two polls. */
const POLL_EVERY = 16;
/** Words written at a time. */
const WRITE_WORDS = 1 << 20;

/** Counters that the threads share. */
export interface Tallies {
  /** By thread, then by label. */
  fired: Float64Array;
  reached: Uint8Array;
  labels: number;
}

export interface Conducting extends Conductor {
  /** What ended the search, beside memory and violations. */
  limit(): Limit | undefined;
  /** A checkpoint was written, with states in an order that one thread cannot go on from. */
  hasSaved(): boolean;
  /** As `SearchOutcome.levels`, in the order of a checkpoint. */
  levels: number[];
  counts(): Counts;
}

interface Counts {
  states: number;
  transitions: number;
  terminal: number;
  fired: number[];
  reached: number[];
}

export function newConductor(search: Search, shared: SharedSearch, tallies: Tallies): Conducting {
  const { limits, engine, out } = search;
  const { control, stats, items: lists } = shared;
  const levels = [...out.levels];
  const writer = limits.checkpoint && newWriter(search, shared);
  let limit: Limit | undefined;
  let batches = 0;
  /** States expanded before the items of this level, and items of the next that are listed. */
  let expanded = search.next - 1;
  let listed = 0;
  let work = lists[0];
  const counts = (): Counts => {
    const fired = engine.batch.fired.map((_, label) => {
      let sum = 0;
      for (let k = label; k < tallies.fired.length; k += tallies.labels) {
        sum += tallies.fired[k] as number;
      }
      return sum;
    });
    return {
      states: total(stats, STATS.states),
      transitions: total(stats, STATS.transitions),
      terminal: total(stats, STATS.terminal),
      fired: [...fired],
      reached: [...tallies.reached.subarray(0, engine.batch.reached.length)],
    };
  };
  return {
    levels,
    counts,
    limit: () => limit,
    hasSaved: () => writer?.hasSaved() ?? false,
    poll() {
      if (++batches % POLL_EVERY !== 0) return FLAG.run;
      limit = limitReached(search, shared, work, levels);
      if (limit) return FLAG.stop;
      return limits.checkpoint?.due() ? FLAG.pause : FLAG.run;
    },
    levelDone(items, count) {
      const size = statesIn(items, 0, count);
      expanded = (levels.at(-1) as number) - 1;
      if (size > 0) levels.push((levels.at(-1) as number) + size);
      writer?.list(items, listed, count);
      listed = 0;
      work = items;
    },
    paused(items) {
      if (!writer) return;
      const count = Atomics.load(control, CONTROL.nextItems);
      writer.list(items, listed, count);
      listed = count;
      const taken = Math.min(
        Atomics.load(control, CONTROL.cursor),
        control[CONTROL.items] as number,
      );
      const done = expanded + statesIn(work, 0, taken);
      writer.write(() => checkpointRecord(search, { ...counts(), levels, expanded: done }));
    },
  };
}

interface Writer {
  /** These items come next in the file. */
  list(items: Int32Array, from: number, to: number): void;
  write(record: () => ReturnType<typeof checkpointRecord>): void;
  hasSaved(): boolean;
}

function newWriter({ limits, out, unsaved }: Search, shared: SharedSearch): Writer {
  const { states, words, stats } = shared;
  let runs = [unsaved, out.count];
  // What the first list of the next level begins with is among these.
  let skip = out.count - (out.levels.at(-1) as number);
  let everSaved = false;
  return {
    hasSaved: () => everSaved,
    list(items, from, to) {
      for (let k = from; k < to; k++) {
        const [first, end] = [items[2 * k] as number, items[2 * k + 1] as number];
        if (skip > 0) skip -= end - first;
        else if (runs.at(-1) === first) runs[runs.length - 1] = end;
        else runs.push(first, end);
      }
    },
    write(record) {
      const buffer = new Int32Array(WRITE_WORDS);
      let filled = 0;
      const flush = (): void => {
        limits.checkpoint?.append(buffer.subarray(0, filled));
        stats[STATS.beat] = (stats[STATS.beat] as number) + 1;
        filled = 0;
      };
      const saved = tryToSave(() => {
        for (let k = 0; k < runs.length; k += 2) {
          const end = (runs[k + 1] as number) * words;
          for (let at = (runs[k] as number) * words; at < end; ) {
            const some = Math.min(end - at, WRITE_WORDS - filled);
            buffer.set(states.subarray(at, at + some), filled);
            filled += some;
            at += some;
            if (filled === WRITE_WORDS) flush();
          }
        }
        flush();
        limits.checkpoint?.commit(record());
      }, limits.note);
      if (saved) runs = [];
      everSaved ||= saved;
    },
  };
}

function statesIn(items: Int32Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += (items[2 * k + 1] as number) - (items[2 * k] as number);
  return sum;
}

function total(stats: Float64Array, which: number): number {
  let sum = 0;
  for (let k = which; k < stats.length; k += STATS.size) sum += stats[k] as number;
  return sum;
}

export function bytesOf({ control, words }: SharedSearch): number {
  const slots = 2 ** Atomics.load(control, CONTROL.slotBits);
  return 4 * (Atomics.load(control, CONTROL.nextId) * words + slots);
}

function limitReached(
  { limits }: Search,
  shared: SharedSearch,
  work: Int32Array,
  levels: number[],
): Limit | undefined {
  const { control, stats } = shared;
  const states = total(stats, STATS.states);
  if (states > limits.maxStates) return "states";
  const taken = Atomics.load(control, CONTROL.cursor);
  return limits.poll({
    states,
    transitions: total(stats, STATS.transitions),
    queue: statesIn(work, taken, control[CONTROL.items] as number),
    depth: levels.length - 1,
    bytes: bytesOf(shared),
    levels,
  });
}
