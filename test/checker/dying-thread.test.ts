/** A thread that dies takes nothing with it: one thread goes on, and says so. */
import { expect, it, vi } from "vitest";
import { check } from "../../checker/index.ts";
import { independent } from "../support/classics.ts";

vi.mock("node:worker_threads", async (original) => {
  const real = (await original()) as typeof import("node:worker_threads");
  class Dying extends real.Worker {
    constructor(source: string, options: object) {
      const dies = 'throw new RangeError("no memory for it"); new Participant(';
      super(source.replace("new Participant(", dies), options);
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
