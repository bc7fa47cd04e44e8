import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fnv1a, modelHash } from "../../model/ir/hash.ts";
import type { Model } from "../../model/ir/types.ts";
import { testAndSet } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";

/** The same JSON with the keys of every object in reverse order. */
function reversed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(reversed);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).reverse();
  return Object.fromEntries(entries.map(([key, v]) => [key, reversed(v)]));
}

describe("the hash of a model", () => {
  it("is 64-bit FNV-1a (vectors of draft-eastlake-fnv)", () => {
    expect(fnv1a("")).toBe("cbf29ce484222325");
    expect(fnv1a("a")).toBe("af63dc4c8601ec8c");
    expect(fnv1a("foobar")).toBe("85944171f73967e8");
  });

  it("does not see the order of keys", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        expect(modelHash(reversed(model) as Model)).toBe(modelHash(model));
      }),
      { numRuns: 50 },
    );
  });

  it("does not see what is for people", () => {
    const model = testAndSet(2);
    const hash = modelHash(model);
    const step = {
      ...model.actors[0]?.steps[0],
      text: "other",
      src: { file: "", line: 1, column: 1 },
    };
    const actor = { ...model.actors[0], doc: "a client" };
    const steps = [step, ...(model.actors[0]?.steps.slice(1) ?? [])];
    const told = { ...model, doc: "lock", actors: [{ ...actor, steps }] } as Model;
    expect(told).not.toEqual(model);
    expect(modelHash(told)).toBe(hash);
  });

  it("sees everything else", () => {
    const hashes = [1, 2, 3, 4].map((n) => modelHash(testAndSet(n)));
    expect(new Set(hashes).size).toBe(4);
    expect(modelHash({ ...testAndSet(1), name: "other" })).not.toBe(hashes[0]);
  });

  it("stays what it was, because recorded traces name it", () => {
    expect(modelHash(testAndSet(2))).toBe("c338a953a2ecaebe");
  });
});
