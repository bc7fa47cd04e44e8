/** Time for a spec as a whole; weaknesses of a scheme that its spec declares. */
import { describe, expect, it } from "vitest";
import { startBudget } from "../../cli/budget.ts";
import type { LoadedSpec } from "../../cli/loader/load.ts";
import { check, folderWith } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

describe("the budget of a spec", () => {
  const [one, other] = [{ name: "one" } as LoadedSpec, { name: "other" } as LoadedSpec];

  it("is spent while any of its searches runs, and once for all that do", () => {
    let clock = 0;
    const budget = startBudget(100, () => clock);
    expect(budget.begin(one, {})).toEqual({ limits: { timeLimit: 100 }, isTight: true });
    clock = 30;
    expect(budget.begin(one, {}).limits.timeLimit).toBe(70);
    budget.end(one);
    clock = 40;
    budget.end(one);
    clock = 90;
    expect(budget.begin(one, {}).limits.timeLimit).toBe(60);
    expect(budget.begin(other, {}).limits.timeLimit).toBe(100);
    expect(budget.begin(one, { timeLimit: 10 })).toEqual({
      limits: { timeLimit: 10 },
      isTight: false,
    });
    clock = 500;
    expect(budget.begin(one, {}).limits.timeLimit).toBe(1);
  });

  it("that is spent makes what is left of it incomplete", () => {
    const folder = folderWith({ "walkers.spec.ts": walkers });
    const { code, out } = check(folder, ".", "--config", "deep", "--budget", "300ms");
    expect(out).toMatch(/^\? +walkers +deep .* incomplete: --budget of the spec spent$/m);
    expect(code).toBe(3);
  });
});

describe("a weakness that the spec declares", () => {
  const declared = race.replace(
    "  shared: k,",
    '  breaks: { ci: "no_stale_gpu_pte" },\n  shared: k,',
  );

  it("must be there", () => {
    const weak = declared.replace('when(k.invalidated.at(me.page), [goto("drop_lock")]),', "");
    const there = check(folderWith({ "race.spec.ts": weak }), ".");
    expect(there.out).toMatch(/^ok +race +ci .* violated no_stale_gpu_pte, as it must/m);
    expect(there.code).toBe(0);
    const gone = check(folderWith({ "race.spec.ts": declared }), ".");
    expect(gone.out).toMatch(/^FAIL +race +ci .* holds, but must violate no_stale_gpu_pte$/m);
    expect(gone.code).toBe(1);
  });
});
