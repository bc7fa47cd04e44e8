/** The audit believes nothing: each false belief is found. */
import { describe, expect, it } from "vitest";
import { gpusvm } from "../../bench/models/gpusvm.ts";
import { check } from "../../checker/index.ts";
import { auditAssumptions } from "../../checker/reduce/audit-all.ts";
import { stepKinds } from "../../checker/reduce/movers.ts";
import { layoutOf, type State } from "../../model/ir/index.ts";
import { bfs } from "../support/bfs.ts";

const model = gpusvm({ P: 2, C: 2, G: 1, E: 0, Q: 0 });
const { states } = bfs(model, 2_000);
const found = { count: states.length + 1, stateAt: (n: number) => states[n - 1] as State };

describe("an audit", () => {
  it("finds nothing wrong with what the analyses say", () => {
    const report = auditAssumptions(model, found, 300);
    expect(report).toMatchObject({ states: 300, of: found.count - 1, faults: [] });
    expect(report.pairs).toBeGreaterThan(100);
    expect(report.renamed).toBe(300 * 3);
  });

  it("finds a step that is taken for a mover", () => {
    const kinds = stepKinds(layoutOf(model))?.map((steps) => {
      return steps.map((kind) => ({ ...kind, mover: "both" as const }));
    });
    const { faults } = auditAssumptions(model, found, 300, { kinds });
    expect(faults[0]).toMatch(/does not move/);
  });

  it("finds names that are taken for the same", () => {
    const { processes } = layoutOf(model);
    const values = processes.map((p) => p.pid).slice(1, 4);
    const parts = [{ kind: "proc" as const, name: "all", values }];
    const { faults } = auditAssumptions(model, found, 300, { parts });
    expect(faults[0]).toMatch(/its renaming/);
  });

  it("looks at states from the first to the last, whatever reductions the search has", () => {
    const full = check(model, { audit: 100 });
    expect(full).toMatchObject({ verdict: { kind: "holds" } });
    expect(full.audit).toMatchObject({ states: 100, of: full.states, faults: [] });
    const reduced = check(model, { audit: 100, symmetry: true, partialOrder: true, workers: 2 });
    expect(reduced.audit).toMatchObject({ states: 100, of: reduced.states, faults: [] });
    const numbers: number[] = [];
    const stateAt = (number: number) => {
      numbers.push(number);
      return found.stateAt(number);
    };
    auditAssumptions(model, { ...found, stateAt }, 4);
    const quarter = (found.count - 1) / 4;
    expect(numbers).toEqual([0, 1, 2, 3].map((k) => 1 + Math.floor(k * quarter)));
  });
});
