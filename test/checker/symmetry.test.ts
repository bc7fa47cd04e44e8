/**
 * Symmetry: the published counts, orbits counted one by one, and the verdicts of the full search.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import { check } from "../../checker/index.ts";
import { renameState, renamings, slotSources } from "../../checker/reduce/permute.ts";
import { interchangeable } from "../../checker/reduce/symmetry.ts";
import { build as b, type Expr, layoutOf, type Model } from "../../model/ir/index.ts";
import { bfs } from "../support/bfs.ts";
import { independent, testAndSet } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";

const LIMIT = 800;

/** Orbits among the reachable states, by brute force. */
function orbits(model: Model): number {
  const { states, interpreter } = bfs(model);
  const { layout } = interpreter;
  const group = renamings(interchangeable(layout)).map((r) => slotSources(layout, r));
  const smallest = (state: number[]): string =>
    [state.join(), ...group.map((g) => renameState(g, state).join())].sort()[0] as string;
  return new Set(states.map(smallest)).size;
}

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
}

describe("counts with symmetry", () => {
  it.each(["S", "M"])("benchmark size %s has the counts of Rumur and TLC", (name) => {
    const size = GPUSVM_SIZES[name];
    if (!size) throw new Error(`no size ${name}`);
    const result = check(gpusvm(size), { deadReset: false, symmetry: true });
    expect(result).toMatchObject({ verdict: { kind: "holds" }, states: size.symmetric });
  });

  it.each([
    [2, 4],
    [3, 5],
    [5, 4],
    [6, 3],
  ])("%i independent processes of %i steps: multisets of labels", (k, n) => {
    const result = check(independent(k, n), { symmetry: true });
    expect(result.states).toBe(choose(n + k - 1, k));
    expect(result.findings).toEqual([]);
  });

  it.each([2, 3, 5])("test-and-set lock with %i clients", (n) => {
    // Nobody or one inside: how many of the others try.
    const result = check(testAndSet(n), { symmetry: true });
    expect(result.states).toBe(orbits(testAndSet(n)));
  });
});

describe("what is told apart is not interchangeable", () => {
  const page = b.setOf("Page");
  const scalarsets = [{ name: "Page", classes: [{ name: "Page", size: 2 }] }];
  const model = (expr: Expr): Model => {
    const shared = [b.variable("owner", b.PROC, 0, page), b.variable("flag", b.BOOL, 0, page)];
    const steps = [b.step("a", "x", b.set(b.shared("owner", b.read(b.local("p"))), b.SELF))];
    const choose_page = b.step("c", "x", b.choose(b.local("p")));
    const locals = [b.variable("p", page)];
    const actors = [b.actor("q", [choose_page, ...steps], { count: 2, locals })];
    return b.model("told", actors, { scalarsets, shared }, { always: { claim: expr } });
  };
  const parts = (expr: Expr): string[] => interchangeable(layoutOf(model(expr))).map((p) => p.name);
  const owner = (p: Expr): Expr => b.read(b.shared("owner", p));

  it("neither by a constant, nor by an order, nor by a number", () => {
    expect(parts(b.TRUE)).toEqual(["Page", "q"]);
    const free = b.forall("p", page, (p) => b.eq(owner(p), b.none(b.PROC)));
    expect(parts(free)).toEqual(["Page", "q"]);
    expect(parts(b.read(b.shared("flag", b.constant(page, 1))))).toEqual(["q"]);
    const first = b.forall("p", page, (p) => b.eq(owner(p), b.constant(b.PROC, 1)));
    expect(parts(first)).toEqual(["Page"]);
    const ordered = b.forall("p", page, (p) => b.lt(owner(p), b.constant(b.PROC, 0)));
    expect(parts(ordered)).toEqual(["Page"]);
    const numbered = b.forall("p", page, (p) => b.eq(p, b.int(0)));
    expect(parts(numbered)).toEqual(["q"]);
    expect(parts(b.atLabel(b.constant(b.PROC, 1), "q", "a"))).toEqual(["Page"]);
  });
});

describe("random models with symmetry", () => {
  it("have one state per orbit", () => {
    let reduced = 0;
    fc.assert(
      fc.property(anyModel, (random) => {
        const model = { ...random, always: [] };
        const result = check(model, { maxStates: LIMIT, deadReset: false, symmetry: true });
        if (result.verdict.kind !== "holds") return;
        expect(result.states).toBe(orbits(model));
        if (result.states < check(model, { deadReset: false }).states) reduced++;
      }),
      { numRuns: 400, seed: 1 },
    );
    expect(reduced).toBeGreaterThan(10);
  });
});
