import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validate } from "../../model/ir/validate.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";

describe("a valid model", () => {
  it.each([independent(2, 3), testAndSet(3), philosophers(4)])("$name has no diagnostics", (m) => {
    expect(validate(m)).toEqual([]);
  });

  it("has no diagnostics, whatever it looks like", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        expect(validate(model)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
