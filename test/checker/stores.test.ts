/** However states are kept: the same verdict, the same counts, the same counterexample. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import {
  type CheckOptions,
  type CheckResult,
  check,
  type Disk,
  DiskFullError,
} from "../../checker/index.ts";
import { omissionProbability } from "../../checker/store/codecs.ts";
import { type Model, replay } from "../../model/ir/index.ts";
import { independent, philosophers } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";

/** Pages of eight entries; arrays and indexes that end where a search has just begun. */
const sizes = { entryBits: 3, slotBits: 4, mostWords: 2 ** 19, mostSlotBits: 15 };
const tiny = { ...sizes, mostWords: 64, mostSlotBits: 14 };

const STORES: Record<string, CheckOptions> = {
  "several arrays": { sizes: tiny },
  compress: { compress: true, sizes },
};

/** A disk in memory, with room for this many words. */
function disk(room = Number.POSITIVE_INFINITY): Disk {
  const pieces: number[] = [];
  return {
    append(words) {
      if (pieces.length + words.length > room) throw new DiskFullError("full");
      for (const word of words) pieces.push(word);
    },
    read: (into, from) => into.set(pieces.slice(from, from + into.length)),
  };
}

function comparable({ bytes: _bytes, elapsed: _elapsed, omission: _o, ...rest }: CheckResult) {
  return rest;
}

function sameAsPlain(model: Model, options: CheckOptions, limits: CheckOptions = {}): CheckResult {
  const other = check(model, { ...limits, ...options });
  expect(comparable(other)).toEqual(comparable(check(model, limits)));
  return other;
}

/** What holds has no verdict; what is violated has a trace, one of the shortest. */
function compactedLikePlain(model: Model, limits: CheckOptions = {}): void {
  const plain = check(model, limits);
  const compacted = check(model, { ...limits, hashCompaction: true, sizes });
  if (plain.verdict.kind === "incomplete") {
    expect(compacted.verdict).toEqual(plain.verdict);
    return;
  }
  const { states, transitions, depth, coverage, reachable } = plain;
  expect(compacted).toMatchObject({ states, transitions, depth, coverage, reachable });
  const { verdict, moves, start } = compacted;
  if (plain.verdict.kind === "holds") {
    expect(verdict).toEqual({ kind: "incomplete", limit: "hash_compaction" });
    expect(compacted.findings).toEqual([]);
    return;
  }
  expect(verdict.kind).toBe(plain.verdict.kind);
  if (verdict.kind !== "violated") return;
  expect(moves).toHaveLength(plain.moves?.length ?? -1);
  expect(replay(model, "", "", moves ?? [], undefined, start).violation).toEqual(verdict.violation);
}

describe.each(Object.entries(STORES))("%s", (_name, options) => {
  it("says the same about random models", () => {
    fc.assert(
      fc.property(anyModel, fc.boolean(), (model, violable) => {
        const limits = { maxStates: 3_000 };
        sameAsPlain(violable ? model : { ...model, always: [] }, options, limits);
      }),
      { numRuns: 60 },
    );
  });

  it("says the same about larger ones, with and without reductions", () => {
    const size = gpusvm(GPUSVM_SIZES.S as never);
    const { states, transitions } = GPUSVM_SIZES.S as { states: number; transitions: number };
    expect(sameAsPlain(size, options, { deadReset: false })).toMatchObject({ states, transitions });
    sameAsPlain(size, options, { symmetry: true });
    sameAsPlain(size, options, { partialOrder: true });
    sameAsPlain(independent(5, 5), options);
    expect(sameAsPlain(philosophers(7), options).moves).toHaveLength(7);
  });
});

describe("spill", () => {
  /** Memory for a few hundred states. */
  const little = { maxMemory: 40_000, sizes };

  it("says the same about random models", () => {
    fc.assert(
      fc.property(anyModel, fc.boolean(), (model, violable) => {
        const asked = violable ? model : { ...model, always: [] };
        const plain = check(asked, { maxStates: 3_000 });
        const spilled = check(asked, { maxStates: 3_000, ...little, spill: disk() });
        // There may be one new state more than memory for those of one level.
        if (spilled.verdict.kind === "incomplete") return;
        expect(comparable(spilled)).toEqual(comparable(plain));
      }),
      { numRuns: 60 },
    );
  });

  it("keeps counts and counterexample with a fraction of the memory", () => {
    const size = gpusvm(GPUSVM_SIZES.S as never);
    for (const options of [{ deadReset: false }, { symmetry: true }]) {
      const spilled = check(size, { ...options, maxMemory: 400_000, sizes, spill: disk() });
      expect(comparable(spilled)).toEqual(comparable(check(size, options)));
      expect(spilled.bytes).toBeLessThanOrEqual(400_000);
    }
    const big = philosophers(9);
    const spilled = check(big, { maxMemory: 60_000, sizes, spill: disk() });
    expect(spilled.moves).toHaveLength(9);
    expect(comparable(spilled)).toEqual(comparable(check(big)));
  });

  it("ends as incomplete when the disk is full, with what it has found", () => {
    const size = gpusvm(GPUSVM_SIZES.S as never);
    const { verdict, states } = check(size, {
      maxMemory: 400_000,
      sizes,
      spill: disk(100_000),
    });
    expect(verdict).toEqual({ kind: "incomplete", limit: "disk" });
    expect(states).toBeGreaterThan(30_000);
  });
});

describe("hash compaction", () => {
  it("never says holds, and finds what there is to find", () => {
    fc.assert(
      fc.property(anyModel, fc.boolean(), (model, violable) => {
        compactedLikePlain(violable ? model : { ...model, always: [] }, { maxStates: 3_000 });
      }),
      { numRuns: 60 },
    );
    compactedLikePlain(philosophers(7));
    compactedLikePlain(gpusvm(GPUSVM_SIZES.S as never), { symmetry: true });
  });

  it("tells the probability of an omission", () => {
    const { omission, states } = check(independent(5, 5), { hashCompaction: true });
    expect(omission).toBe(omissionProbability(states));
    // One pair in 2^64, and the birthday bound at 2^32 states.
    expect(omissionProbability(2)).toBe(2 ** -64);
    expect(omissionProbability(2 ** 32)).toBeCloseTo(0.5, 6);
    expect(omissionProbability(2 ** 40)).toBe(1);
  });
});

describe("memory", () => {
  const size = gpusvm(GPUSVM_SIZES.S as never);
  it.each<[string, CheckOptions]>([
    ["plain", {}],
    ["several arrays", { sizes: tiny }],
    ["compress", { compress: true }],
    ["hash compaction", { hashCompaction: true }],
  ])("%s: ends within the budget, as incomplete", (_name, options) => {
    const budget = 700_000;
    const { verdict, bytes, states } = check(size, { ...options, maxMemory: budget });
    expect(verdict).toEqual({ kind: "incomplete", limit: "memory" });
    expect(bytes).toBeLessThanOrEqual(budget);
    expect(states).toBeGreaterThan(10_000);
  });
});
