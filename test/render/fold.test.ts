import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldText, foldTrace } from "../../counterexamples/render/fold.ts";
import { anyTrace } from "./arbitrary.ts";
import { long, stalePte } from "./traces.ts";

describe("folding", () => {
  it("leaves a trace alone that fits", () => {
    expect(foldTrace(stalePte, 14).map((r) => r.kind)).toEqual(Array(14).fill("step"));
  });

  it("keeps every step, in order, in exactly one row, and folds only runs", () => {
    fc.assert(
      fc.property(anyTrace, fc.integer({ min: 8, max: 40 }), (trace, limit) => {
        const rows = foldTrace(trace, limit);
        const numbers = rows.flatMap((r) =>
          r.kind === "step" ? [r.step.number] : r.steps.map((s) => s.number),
        );
        expect(numbers).toEqual(trace.steps.map((s) => s.number));
        expect(rows.length).toBeLessThanOrEqual(limit);
        for (const row of rows)
          if (row.kind === "fold") expect(row.steps.length).toBeGreaterThan(2);
      }),
    );
  });

  it("shows what the property reads, the arrows' ends and the last steps first", () => {
    const why = { flows: [{ kind: "value" as const, from: 100, to: 300, text: "x" }], turn: 200 };
    const rows = foldTrace({ ...long, why }, 22);
    const shown = rows.flatMap((r) => (r.kind === "step" ? [r.step.number] : []));
    const wanted = [100, 200, 251, 300, 401, 496, 497, 498, 499, 500];
    expect(wanted.filter((n) => !shown.includes(n))).toEqual([]);
    expect(shown).not.toContain(150);
  });

  it("says whose steps are left out and whether they matter", () => {
    const folds = foldTrace(long, 30).filter((r) => r.kind === "fold");
    const texts = folds.map((fold) => foldText(long, fold));
    expect(texts).toContain("... 14 steps of poller and reader that touch nothing relevant ...");
    const withLocks = folds.filter((f) => f.steps.some((s) => s.locks.length > 0));
    expect(withLocks.length).toBeGreaterThan(0);
    for (const fold of withLocks) expect(foldText(long, fold)).toMatch(/left out \.\.\.$/);
  });
});
