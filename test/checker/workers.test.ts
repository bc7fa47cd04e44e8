/** Any number of threads: the same verdict, the same counts, the same counterexample. */
import { describe, expect, it } from "vitest";
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import { type CheckOptions, type CheckResult, check } from "../../checker/index.ts";
import type { Model } from "../../model/ir/index.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";

/** Small enough that the system gives the memory of many searches at once. */
const maxMemory = 2 ** 28;

function comparable({ bytes: _bytes, elapsed: _elapsed, ...rest }: CheckResult) {
  return rest;
}

function same(model: Model, workers: number, options: CheckOptions = {}): CheckResult {
  const one = check(model, { ...options, maxMemory });
  const many = check(model, { ...options, maxMemory, workers, parallelFrom: 1 });
  expect(comparable(many)).toEqual(comparable(one));
  return many;
}

describe("workers", () => {
  it.each([2, 3, 5])("%i threads on the benchmark family", (workers) => {
    const size = GPUSVM_SIZES.S;
    if (!size) throw new Error("no size S");
    const { states, transitions, symmetric } = size;
    const result = same(gpusvm(size), workers, { deadReset: false });
    expect(result).toMatchObject({ states, transitions });
    const reduced = same(gpusvm(size), workers, { deadReset: false, symmetry: true });
    expect(reduced.states).toBe(symmetric);
    same(gpusvm(size), workers, { partialOrder: true });
  });

  it("enlarge the index together", () => {
    const size = GPUSVM_SIZES.M;
    if (!size) throw new Error("no size M");
    const { states, transitions } = size;
    const result = check(gpusvm(size), { deadReset: false, maxMemory, workers: 3 });
    expect(result).toMatchObject({ verdict: { kind: "holds" }, states, transitions, findings: [] });
  });

  it("agree on classics", () => {
    same(independent(5, 5), 2);
    same(testAndSet(8), 3);
    expect(same(philosophers(7), 2).moves).toHaveLength(7);
  });

  it("stop at the same limits", () => {
    const model = independent(7, 7);
    const run = (options: CheckOptions) => check(model, { maxMemory, workers: 2, ...options });
    const states = run({ maxStates: 10_000 });
    expect(states).toMatchObject({ verdict: { limit: "states" }, states: 10_000 });
    expect(run({ shouldStop: () => true }).verdict).toMatchObject({ limit: "interrupted" });
    expect(run({ maxMemory: 3_000_000 }).verdict).toMatchObject({ limit: "memory" });
  });
});
