/** The engines, and a search of twenty lines, say the same about random models. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packingOf, packState, unpackState } from "../../checker/compile/pack.ts";
import { type CheckResult, check } from "../../checker/index.ts";
import { interpret, type Model, replay } from "../../model/ir/index.ts";
import { bfs } from "../support/bfs.ts";
import { anyModel } from "../support/random-model.ts";

const LIMIT = 1_500;

function comparable(result: CheckResult) {
  const { engine: _engine, elapsed: _elapsed, ...rest } = result;
  return rest;
}

function replays(model: Model, { verdict, moves, start }: CheckResult): void {
  if (verdict.kind !== "violated") return;
  const trace = replay(model, "", "", moves ?? [], undefined, start);
  expect(trace.violation).toEqual(verdict.violation);
}

describe("random models", () => {
  it("have the same outcome in all engines", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const options = { maxStates: LIMIT, deadReset: false };
        const compiled = check(model, options);
        expect(compiled.engine).toBe("compiled");
        for (const engine of ["javascript", "interpreted"] as const) {
          const other = check(model, { ...options, engine });
          expect(other.engine).toBe(engine);
          expect(comparable(compiled)).toEqual(comparable(other));
        }
        replays(model, compiled);
      }),
      { numRuns: 500 },
    );
  });

  it("have the counts of the plain search when nothing is violated", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const result = check({ ...model, always: [] }, { maxStates: LIMIT, deadReset: false });
        if (result.verdict.kind !== "holds") return;
        const plain = bfs({ ...model, always: [] });
        expect(result.states).toBe(plain.states.length);
        expect(result.transitions).toBe(plain.transitions);
        expect(plain.verdicts).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("keep their verdict when dead locals are reset", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const full = check(model, { maxStates: LIMIT, deadReset: false });
        const reset = check(model, { maxStates: LIMIT });
        if (full.verdict.kind === "incomplete") return;
        expect(reset.verdict.kind).toBe(full.verdict.kind);
        expect(reset.moves?.length).toBe(full.moves?.length);
        expect(reset.states).toBeLessThanOrEqual(full.states);
        if (full.verdict.kind === "holds") expect(reset.reachable).toEqual(full.reachable);
        replays(model, reset);
      }),
      { numRuns: 300 },
    );
  });

  it("are packed and unpacked without loss", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const interpreter = interpret(model);
        const packing = packingOf(interpreter.layout);
        const words = new Int32Array(packing.words + 1);
        for (const state of interpreter.initialStates().slice(0, 20)) {
          const next = interpreter.successors(state).filter((o) => !o.violation);
          for (const s of [state, ...next.map((o) => o.next)]) {
            packState(packing, s, words, 1);
            expect(unpackState(packing, words, 1)).toEqual(s.map((v) => v + 0));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
