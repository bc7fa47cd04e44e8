/** Steps taken as one: never another verdict, and much less to do where locks are used well. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GPUSVM_SIZES, type GpusvmSize, gpusvm } from "../../bench/models/gpusvm.ts";
import { type CheckResult, check } from "../../checker/index.ts";
import { auditMovers } from "../../checker/reduce/audit.ts";
import { allPaths, findLocks } from "../../checker/reduce/locks.ts";
import { stepKinds } from "../../checker/reduce/movers.ts";
import { layoutOf, type Model, replay } from "../../model/ir/index.ts";
import { bfs } from "../support/bfs.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";
import { anyLocking } from "../support/random-locking.ts";
import { anyModel } from "../support/random-model.ts";

const LIMIT = 20_000;

function replays(model: Model, { verdict, moves, start }: CheckResult): void {
  if (verdict.kind !== "violated") return;
  const trace = replay(model, "", "", moves ?? [], undefined, start);
  expect(trace.violation).toEqual(verdict.violation);
}

function auditOf(model: Model, states: number) {
  const explored = bfs(model, states);
  return auditMovers(explored.interpreter, explored.states);
}

/**
 * Compares with the full search; the factor by which it is smaller, or 0 when that says nothing.
 */
function compare(model: Model): number {
  const full = check(model, { maxStates: LIMIT });
  if (full.verdict.kind === "incomplete") return 0;
  const reduced = check(model, { maxStates: LIMIT, partialOrder: true });
  expect(reduced.verdict).toEqual(full.verdict);
  replays(model, reduced);
  expect(reduced.moves).toEqual(full.moves);
  if (full.verdict.kind !== "holds") return 0;
  expect(reduced.reachable).toEqual(full.reachable);
  expect(reduced.findings).toEqual(full.findings);
  expect(reduced.terminalStates).toBe(full.terminalStates);
  return full.states / reduced.states;
}

describe("the benchmark family", () => {
  const of = (name: string) => GPUSVM_SIZES[name] as GpusvmSize & { states: number };

  it("finds its locks, and nothing else", () => {
    const layout = layoutOf(gpusvm(of("S")));
    const paths = allPaths(layout);
    const found = [...findLocks(layout, paths ?? []).locks.values()];
    expect(found.map((l) => `${l.name} ${l.kind}`).sort()).toEqual([
      "mmR count",
      "mmW mutex",
      "ntR count",
      "ntW mutex",
      "plk mutex",
      "rsv mutex",
    ]);
  });

  it("knows what moves", () => {
    const kinds = stepKinds(layoutOf(gpusvm(of("M"))))?.[1];
    const at = (label: number) => kinds?.[label]?.mover;
    expect([at(3), at(4), at(6), at(15)]).toEqual(["right", "right", "right", "right"]);
    expect([at(11), at(14), at(18)]).toEqual(["left", "left", "left"]);
    expect([at(16), at(2), at(9), at(13), at(17)]).toEqual([
      "both",
      "none",
      "none",
      "none",
      "none",
    ]);
  });

  it.each([
    ["S", 19_311],
    ["M", 105_398],
  ])("size %s: %i states", (name, states) => {
    const options = { deadReset: false, partialOrder: true };
    const result = check(gpusvm(of(name)), options);
    expect(result).toMatchObject({ verdict: { kind: "holds" }, states, findings: [] });
  });

  it("keeps the verdict of every mutant that misses one statement", () => {
    const size: GpusvmSize = { P: 1, C: 1, G: 1, E: 1, Q: 0 };
    let violated = 0;
    gpusvm(size).actors.forEach((actor, a) => {
      actor.steps.forEach((step, s) => {
        step.body.forEach((stmt, i) => {
          if (actor.count === 0 || stmt.kind === "goto") return;
          const mutant = gpusvm(size);
          mutant.actors[a]?.steps[s]?.body.splice(i, 1);
          const full = check(mutant);
          const reduced = check(mutant, { partialOrder: true });
          expect(reduced.verdict).toEqual(full.verdict);
          expect(reduced.moves).toEqual(full.moves);
          replays(mutant, reduced);
          if (full.verdict.kind === "violated") violated++;
          else expect(reduced.findings).toEqual(full.findings);
        });
      });
    });
    expect(violated).toBeGreaterThan(20);
  });
});

describe("audited state by state", () => {
  it("the movers of the benchmark family are movers", () => {
    for (const size of [
      { P: 1, C: 1, G: 1, E: 0, Q: 1 },
      { P: 2, C: 1, G: 1, E: 0, Q: 0 },
    ] as const) {
      const audit = auditOf(gpusvm(size), 3_000);
      expect(audit.faults).toEqual([]);
      expect(audit.pairs).toBeGreaterThan(1_000);
    }
  });

  it("those of random programs too", () => {
    let pairs = 0;
    fc.assert(
      fc.property(fc.oneof(anyLocking, anyModel), (model) => {
        const audit = auditOf(model, 300);
        expect(audit.faults).toEqual([]);
        pairs += audit.pairs;
      }),
      { numRuns: 150 },
    );
    expect(pairs).toBeGreaterThan(10_000);
  });
});

describe("compared with the full search", () => {
  it("classics", () => {
    expect(compare(independent(4, 5))).toBeGreaterThan(1);
    expect(compare(testAndSet(5))).toBeGreaterThanOrEqual(1);
    expect(compare(philosophers(6))).toBe(0);
  });
});
