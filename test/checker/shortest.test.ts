/** What is shown when the full search is too large to look for the shortest counterexample. */
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { build as b, type Model, replay } from "../../model/ir/index.ts";

/** `k` bystanders that make the full search large, and one process that fails in the end. */
function crowd(k: number): Model {
  const steps = Array.from({ length: 11 }, (_, i) => b.step(`s${i}`, "x"));
  const late = [...steps, b.step("fail", "BUG()", b.assert("bug", b.FALSE))];
  return b.model("crowd", [b.actor("bystander", steps, { count: k }), b.actor("victim", late)]);
}

describe("the counterexample of a reduced search", () => {
  it("is the shortest when the full search is feasible", () => {
    const model = crowd(3);
    const full = check(model);
    const reduced = check(model, { partialOrder: true, symmetry: true });
    expect(full).toMatchObject({ shortest: true, verdict: { kind: "violated" } });
    expect(reduced.moves).toEqual(full.moves);
    expect(reduced.states).toBeLessThan(full.states);
  });

  it("is a run of the model that says so, when it is not", () => {
    const model = crowd(3);
    const result = check(model, { partialOrder: true, maxStates: 40 });
    expect(result).toMatchObject({ shortest: false, verdict: { kind: "violated" } });
    const trace = replay(model, "", "", result.moves ?? []);
    expect(trace.violation).toMatchObject({ property: "bug" });
  });
});
