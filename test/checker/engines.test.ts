/** The generated engine and a search of twenty lines say the same about random models. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packingOf, packState, unpackState } from "../../checker/compile/pack.ts";
import { check } from "../../checker/index.ts";
import { interpret } from "../../model/ir/index.ts";
import { bfs } from "../support/bfs.ts";
import { anyModel } from "../support/random-model.ts";

const LIMIT = 1_500;

describe("random models", () => {
  it("have the counts of the plain search when nothing is violated", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const result = check({ ...model, always: [] }, { maxStates: LIMIT, deadReset: false });
        if (result.verdict.kind !== "holds") return;
        const plain = bfs({ ...model, always: [] });
        expect(result.states).toBe(plain.states.length);
        expect(result.transitions).toBe(plain.transitions);
        expect(plain.verdicts).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("are packed and unpacked without loss", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const interpreter = interpret(model);
        const packing = packingOf(interpreter.layout);
        const words = new Int32Array(packing.words + 1);
        for (const state of interpreter.initialStates().slice(0, 20)) {
          const next = interpreter.successors(state).filter((o) => !o.violation);
          for (const s of [state, ...next.map((o) => o.next)]) {
            packState(packing, s, words, 1);
            expect(unpackState(packing, words, 1)).toEqual(s.map((v) => v + 0));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
