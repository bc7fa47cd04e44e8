/** The checker against brute force on random models. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { interpret, type Model, replay, validate } from "../../model/ir/index.ts";
import {
  hasPartialDeadlock,
  type NaiveGraph,
  naiveGraph,
  starves,
  violates,
} from "../support/naive-progress.ts";
import { anyProgressModel } from "../support/random-progress.ts";

const MOST_STATES = 50;
/** What is wrong according to brute force. */
function wrongIn(graph: NaiveGraph, { liveness = [] }: Model): Set<string> {
  const claims = liveness.filter((p) => p.kind !== "ltl");
  const wrong = new Set(claims.filter((p) => violates(graph, p)).map((p) => p.name));
  if (hasPartialDeadlock(graph)) wrong.add("partial_deadlock");
  if (graph.interpreter.layout.processes.some((p) => starves(graph, p.pid)))
    wrong.add("starvation");
  return wrong;
}

describe("random models", () => {
  it("are judged as brute force does, and every lasso replays", { timeout: 60_000 }, () => {
    const met = new Map<string, number>();
    const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(anyProgressModel, fc.boolean(), (model, deadReset) => {
        const claimless = { code: "MR051" };
        for (const found of validate(model)) expect(found).toMatchObject(claimless);
        const graph = naiveGraph(interpret(model), MOST_STATES);
        if (!graph) return;
        const { verdict, moves, start, loopFrom } = check(model, { deadReset, liveness: true });
        if (verdict.kind === "violated" && verdict.violation.property === "deadlock") return;
        const wrong = wrongIn(graph, model);
        count(verdict.kind === "violated" ? verdict.violation.kind : verdict.kind);
        if (verdict.kind !== "violated") {
          expect([...wrong]).toEqual([]);
          return;
        }
        expect([...wrong]).toContain(verdict.violation.property);
        const trace = replay(model, "", "", moves ?? [], verdict.violation, start, loopFrom);
        expect(trace.violation).toEqual(verdict.violation);
      }),
      { numRuns: 1200, seed: 1 },
    );
    for (const kind of ["holds", "liveness", "starvation", "deadlock"]) {
      expect(met.get(kind) ?? 0, kind).toBeGreaterThan(5);
    }
  });
});
