/** A thread that dies takes nothing with it: one thread goes on, and says so. */
import type { Worker } from "node:worker_threads";
import { expect, it, vi } from "vitest";
import { check } from "../../checker/index.ts";
import { independent } from "../support/classics.ts";

/** All threads that were started, and where they die: before they hear of work, or at it. */
const seen = vi.hoisted(() => ({ threads: [] as Worker[], at: "new Participant(" }));

vi.mock("node:worker_threads", async (original) => {
  const real = (await original()) as typeof import("node:worker_threads");
  class Dying extends real.Worker {
    constructor(source: string, options: object) {
      const dies = `throw new RangeError("no memory for it"); ${seen.at}`;
      super(source.replace(seen.at, dies), options);
      seen.threads.push(this);
    }
  }
  return { ...real, Worker: Dying };
});

it("one thread goes on where another one died", () => {
  const model = independent(5, 6);
  const notes: string[] = [];
  const limits = { maxMemory: 2 ** 28 };
  const onNote = (text: string): void => void notes.push(text);
  const threads = { workers: 3, parallelFrom: 500, onNote };
  const { states, transitions, depth, verdict } = check(model, limits);
  const result = check(model, { ...limits, ...threads });
  expect(result).toMatchObject({ states, transitions, depth, verdict });
  expect(notes).toEqual([
    "a search thread failed: RangeError: no memory for it; one thread goes on",
  ]);
});

it("one that died before it was needed, and never was, is no error", async () => {
  seen.at = "parentPort.once(";
  seen.threads.length = 0;
  const model = independent(5, 6);
  // Too little for several threads, which waste some.
  const limits = { maxMemory: 2 ** 21 };
  const alone = check(model, limits);
  const { states, verdict } = check(model, { ...limits, workers: 3, parallelFrom: 500 });
  expect({ states, verdict }).toEqual({ states: alone.states, verdict: alone.verdict });
  expect(seen.threads).toHaveLength(2);
  // What nobody hears is thrown, and ends the tests.
  const exits = seen.threads.map((thread) => new Promise((resolve) => thread.on("exit", resolve)));
  expect(await Promise.all(exits)).toEqual([1, 1]);
});
