/** The audit believes nothing: each false belief is found. */
import { describe, expect, it } from "vitest";
import { gpusvm } from "../../bench/models/gpusvm.ts";
import { auditAssumptions } from "../../checker/reduce/audit-all.ts";
import { stepKinds } from "../../checker/reduce/movers.ts";
import { layoutOf } from "../../model/ir/index.ts";

const model = gpusvm({ P: 2, C: 2, G: 1, E: 0, Q: 0 });

describe("an audit", () => {
  it("finds nothing wrong with what the analyses say", () => {
    const report = auditAssumptions(model, 300);
    expect(report).toMatchObject({ states: 300, complete: false });
    expect(report.pairs).toBeGreaterThan(100);
    expect(report.renamed).toBe(300 * 3);
  });

  it("finds a step that is taken for a mover", () => {
    const kinds = stepKinds(layoutOf(model))?.map((steps) => {
      return steps.map((kind) => ({ ...kind, mover: "both" as const }));
    });
    const audit = () => auditAssumptions(model, 300, { kinds });
    expect(audit).toThrow(
      /an assumption of the checker is not true of this model: .* does not move/,
    );
  });

  it("finds names that are taken for the same", () => {
    const { processes } = layoutOf(model);
    const values = processes.map((p) => p.pid).slice(1, 4);
    const parts = [{ kind: "proc" as const, name: "all", values }];
    const audit = () => auditAssumptions(model, 300, { parts });
    expect(audit).toThrow(/its renaming/);
  });
});
