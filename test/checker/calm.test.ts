/**
 * The counterexample that is shown: among the shortest, the one with the fewest context switches.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CheckResult, check } from "../../checker/index.ts";
import * as b from "../../model/ir/build.ts";
import {
  interpret,
  type Model,
  type Move,
  replay,
  type State,
  violationsIn,
} from "../../model/ir/index.ts";
import { anyModel } from "../support/random-model.ts";

function switches(moves: Move[]): number {
  return moves.filter((m, i) => i > 0 && m.process !== moves[i - 1]?.process).length;
}

function processes(moves: Move[]): number {
  return new Set(moves.map((m) => m.process)).size;
}

/** All runs of that length that violate the property, by trying everything. */
function allRuns(
  model: Model,
  length: number,
  property: string,
  budget: number,
): Move[][] | undefined {
  const interpreter = interpret(model);
  const found: Move[][] = [];
  let left = budget;
  const go = (state: State, moves: Move[]): void => {
    if (left-- < 0) return;
    if (moves.length === length) {
      if (violationsIn(interpreter, state)[0]?.property === property) found.push(moves);
      return;
    }
    for (const outcome of interpreter.successors(state)) {
      const process = interpreter.layout.processes[outcome.pid - 1]?.name as string;
      const next = [...moves, { process, label: outcome.label, choices: outcome.choices }];
      if (!outcome.violation) go(outcome.next, next);
      else if (next.length === length && outcome.violation.property === property) found.push(next);
    }
  };
  for (const state of interpreter.initialStates()) go(state, []);
  return left < 0 ? undefined : found;
}

function violated(model: Model): (CheckResult & { moves: Move[] }) | undefined {
  const result = check(model, { maxStates: 1_500, deadReset: false });
  return result.verdict.kind === "violated" && result.moves
    ? { ...result, moves: result.moves }
    : undefined;
}

describe("the counterexample", () => {
  it("has the fewest switches, then the fewest processes, of all that are as short", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyModel, (model) => {
        const result = violated(model);
        if (result?.verdict.kind !== "violated") return;
        const { property } = result.verdict.violation;
        const runs = allRuns(model, result.moves.length, property, 20_000);
        if (!runs || runs.length < 2) return;
        compared++;
        const fewest = Math.min(...runs.map(switches));
        expect(switches(result.moves)).toBe(fewest);
        const calm = runs.filter((r) => switches(r) === fewest);
        expect(processes(result.moves)).toBe(Math.min(...calm.map(processes)));
      }),
      { numRuns: 400, seed: 1 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  it("has the fewest processes also where another way to the same state has as many so far", () => {
    const x = b.shared("x");
    const from = (n: number, label: string) =>
      b.step(
        label,
        `if (x == ${n}) x++`,
        b.wait(b.eq(b.read(x), b.int(n))),
        b.set(x, b.int(n + 1)),
        b.goto(label),
      );
    const twice = b.step(
      "twice",
      "if (x != 1) x++",
      b.wait(b.ne(b.read(x), b.int(1))),
      b.set(x, b.add(b.read(x), b.int(1))),
      b.goto("twice"),
    );
    const actors = [
      b.actor("first", [from(0, "first")]),
      b.actor("second", [from(1, "second")]),
      b.actor("both", [twice]),
    ];
    const declared = { shared: [b.variable("x", b.range(0, 3))] };
    const never = { always: { below_three: b.lt(b.read(x), b.int(3)) } };
    const result = violated(b.model("merge", actors, declared, never));
    expect(result?.moves.map((m) => m.process)).toEqual(["both", "second", "both"]);
  });

  it("still replays", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const result = violated(model);
        if (result?.verdict.kind !== "violated") return;
        const trace = replay(model, "", "", result.moves, undefined, result.start);
        expect(trace.violation).toEqual(result.verdict.violation);
      }),
      { numRuns: 400 },
    );
  });

  it("is the same for both engines", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const options = { maxStates: 1_500 };
        const compiled = check(model, options);
        const interpreted = check(model, { ...options, engine: "interpreted" });
        expect(compiled.moves).toEqual(interpreted.moves);
      }),
      { numRuns: 200 },
    );
  });

  it("is the same for every engine, store and number of threads where it is not compared", () => {
    // All 7^6 states lie on a shortest run, and so many are too many to choose among.
    const names = ["a", "b", "c", "d", "e", "f"];
    const value = (name: string) => b.read(b.shared(name));
    const model = b.model(
      "counters",
      names.map((name) => {
        const body = [
          b.wait(b.lt(value(name), b.int(6))),
          b.set(b.shared(name), b.add(value(name), b.int(1))),
          b.goto("next"),
        ];
        return b.actor(`count_${name}`, [b.step("next", `${name}++`, ...body)]);
      }),
      { shared: names.map((name) => b.variable(name, b.range(0, 6))) },
      { always: { not_all: b.not(b.and(...names.map((name) => b.eq(value(name), b.int(6))))) } },
    );
    const plain = check(model);
    expect(plain).toMatchObject({ states: 7 ** 6, shortest: true });
    expect(plain.moves).toHaveLength(36);
    for (const options of [
      { engine: "javascript" },
      { workers: 2, parallelFrom: 5_000 },
      { compress: true },
      { partialOrder: true },
    ] as const) {
      expect(check(model, options).moves, JSON.stringify(options)).toEqual(plain.moves);
    }
  });
});
