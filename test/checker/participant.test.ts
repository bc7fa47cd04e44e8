/** A thread that dies or gives no sign of life ends the search of the others. */
import { expect, it } from "vitest";
import {
  CONTROL,
  FLAG,
  Participant,
  type SharedEngine,
  type SharedSearch,
  STATS,
} from "../../checker/search/participant.ts";

const ints = (n: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * n));

/** One of two threads, without work; the other one never comes. */
function alone(patience: number): { shared: SharedSearch; run: () => void } {
  const shared: SharedSearch = {
    control: ints(CONTROL.size),
    items: [ints(2), ints(2)],
    states: ints(8),
    index: ints(8),
    stats: new Float64Array(new SharedArrayBuffer(16 * STATS.size)),
    threads: 2,
    words: 1,
    mostStates: 8,
    mostSlotBits: 3,
    eagerSlotBits: 3,
    lineSlots: 1,
    pieces: 5,
    chunk: 1,
    itemStates: [1, 1],
    reserve: 2,
    loads: [1, 1],
    patience,
    failure: new Uint8Array(8),
    flags: FLAG,
    at: CONTROL,
    stat: STATS,
  };
  const engine = { bind: () => undefined } as unknown as SharedEngine;
  const one = new Participant(shared, engine, ints(4), 0, undefined);
  return { shared, run: () => one.run() };
}

it("silence is noticed", () => {
  expect(() => alone(2).run()).toThrow("no sign of life");
});

it("death is noticed at once", () => {
  const { shared, run } = alone(1000);
  Atomics.store(shared.control, CONTROL.failed, 1);
  expect(run).toThrow("a thread died");
});
