/** Models whose counts are known in closed form, and the benchmark family at its smallest size. */
import { describe, expect, it } from "vitest";
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import { check } from "../../checker/index.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";

describe("states and transitions in closed form", () => {
  it.each([
    [1, 3],
    [2, 5],
    [3, 4],
    [5, 3],
    [8, 7],
  ])("%i independent processes of %i steps", (k, n) => {
    const result = check(independent(k, n));
    expect(result).toMatchObject({
      verdict: { kind: "holds" },
      states: n ** k,
      transitions: k * n ** k,
      depth: k * (n - 1),
      findings: [],
    });
  });

  it.each([1, 2, 3, 4, 5, 8, 12])("test-and-set lock with %i clients", (n) => {
    const result = check(testAndSet(n));
    expect(result).toMatchObject({
      verdict: { kind: "holds" },
      states: (n + 1) * 2 ** n,
      transitions: n * (n + 3) * 2 ** (n - 1),
      findings: [],
    });
  });

  it.each([2, 3, 4, 6, 8])("%i philosophers deadlock after everybody took one fork", (n) => {
    const result = check(philosophers(n));
    expect(result.verdict).toMatchObject({ kind: "violated", violation: { kind: "deadlock" } });
    expect(result.moves).toHaveLength(n);
  });

  it.each([2, 3, 4, 6, 8])("%i philosophers who may rest while they wait", (n) => {
    const model = philosophers(n);
    for (const actor of model.actors) {
      for (const step of actor.steps) step.idle = step.label.startsWith("has_");
    }
    expect(check(model)).toMatchObject({
      verdict: { kind: "holds" },
      states: 3 ** n,
      transitions: 7 * n * 3 ** (n - 2),
      terminalStates: 2,
    });
  });
});

describe("the benchmark family", () => {
  it.each(["S", "M"])("size %s has the counts that other tools publish", (name) => {
    const size = GPUSVM_SIZES[name];
    if (!size) throw new Error(`no size ${name}`);
    const { states, transitions } = size;
    const result = check(gpusvm(size), { deadReset: false });
    expect(result).toMatchObject({ verdict: { kind: "holds" }, states, transitions, findings: [] });
  });
});
