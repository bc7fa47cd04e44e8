import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as b from "../../model/ir/build.ts";
import { interpret, type Outcome } from "../../model/ir/eval.ts";
import { layoutOf } from "../../model/ir/layout.ts";
import type { Expr, Model, Stmt, VarDecl } from "../../model/ir/types.ts";
import { violationsIn } from "../../model/ir/verdict.ts";
import { bfs } from "../support/bfs.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";

describe("numbers of states in closed form", () => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 4],
    [4, 3],
  ])("%i independent processes of %i steps", (k, n) => {
    const { states, transitions, deadlocks } = bfs(independent(k, n));
    expect(states.length).toBe(n ** k);
    expect(transitions).toBe(k * n ** k);
    expect(deadlocks).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])("test-and-set lock with %i clients", (n) => {
    const { states, transitions, verdicts } = bfs(testAndSet(n));
    expect(states.length).toBe((n + 1) * 2 ** n);
    expect(transitions).toBe(n * (n + 3) * 2 ** (n - 1));
    expect(verdicts).toEqual([]);
  });

  it.each([2, 3, 4, 5])("%i philosophers, either fork first", (n) => {
    const { states, transitions, deadlocks, verdicts } = bfs(philosophers(n));
    expect(states.length).toBe(3 ** n);
    expect(transitions).toBe(7 * n * 3 ** (n - 2));
    expect(deadlocks.length).toBe(2);
    expect(verdicts).toEqual(["deadlock deadlock"]);
  });
});

const PAGE = b.setOf("Page");
const N = b.shared("n");
const n = b.read(N);
const page = b.read(b.local("page"));

const SHARED = [
  b.variable("n", b.range(0, 3)),
  b.variable("cell", b.range(0, 3), 0, PAGE),
  b.variable("owner", b.PROC),
];

/** One process that takes the one step; two pages of class sys and one of class vram. */
function oneStep(body: Stmt[], more: { locals?: VarDecl[]; always?: Record<string, Expr> } = {}) {
  const locals = more.locals ?? [b.variable("page", PAGE)];
  const actor = b.actor("one", [b.step("s", "", ...body), b.step("t", "")], { locals });
  const classes = [
    { name: "sys", size: 2 },
    { name: "vram", size: 1 },
  ];
  const scalarsets = [{ name: "Page", classes }];
  return b.model("m", [actor], { scalarsets, shared: SHARED }, { always: more.always ?? {} });
}

/** The ways to take that step, and a reader of the cells after it. */
function run(body: Stmt[], more: { locals?: VarDecl[] } = {}) {
  const { initialStates, successors, layout, labelOf } = interpret(oneStep(body, more));
  const [start] = initialStates();
  if (!start) throw new Error("no initial state");
  const ways = successors(start);
  const cell = (way: Outcome | undefined, name: string): number | undefined =>
    way?.next[layout.slots.findIndex((slot) => slot.name === name)];
  return { ways, cell, label: (way: Outcome | undefined) => way && labelOf(way.next, 1) };
}

describe("a step", () => {
  it("sees its own earlier effects", () => {
    const { ways, cell } = run([b.set(N, b.int(1)), b.set(N, b.add(n, b.int(1)))]);
    expect(ways.map((w) => cell(w, "n"))).toEqual([2]);
  });

  it("falls through to the next label, and jumps by goto", () => {
    const jump = run([b.when(b.eq(n, b.int(0)), [b.goto("done")]), b.set(N, b.int(1))]);
    expect(jump.ways.map(jump.label)).toEqual(["done"]);
    expect(jump.cell(jump.ways[0], "n")).toBe(0);
    const through = run([b.when(b.eq(n, b.int(1)), [b.goto("done")], [b.set(N, b.int(3))])]);
    expect(through.ways.map(through.label)).toEqual(["t"]);
    expect(through.cell(through.ways[0], "n")).toBe(3);
  });

  it("is taken in one way for each member that satisfies the condition after the choice", () => {
    const { ways, cell } = run([b.choose(b.local("page"), b.inClass(page, "Page", "sys"))]);
    expect(ways.map((w) => [w.choices, w.chosen, cell(w, "one.page")])).toEqual([
      [[1], ["page = sys0"], 1],
      [[2], ["page = sys1"], 2],
    ]);
  });

  it("combines choices in order, branches among them", () => {
    const { ways, cell } = run([
      b.choose(N, b.le(n, b.int(1))),
      b.either({ ok: [], enomem: [b.set(N, b.int(3))] }),
    ]);
    expect(ways.map((w) => [w.choices, w.chosen[1], cell(w, "n")])).toEqual([
      [[0, 0], "ok", 0],
      [[0, 1], "enomem", 3],
      [[1, 0], "ok", 1],
      [[1, 1], "enomem", 3],
    ]);
  });

  it("is disabled by a false wait, but not before an assertion in front of it", () => {
    expect(run([b.wait(b.FALSE)]).ways).toEqual([]);
    const { ways } = run([b.assert("rule", b.FALSE, "must hold"), b.wait(b.FALSE)]);
    expect(ways.map((w) => w.violation)).toEqual([
      { kind: "assert", property: "rule", text: "must hold" },
    ]);
    expect(run([b.wait(b.FALSE), b.assert("rule", b.FALSE)]).ways).toEqual([]);
  });

  it("runs each over the members, none left out, and knows them as lock instances", () => {
    const { ways, cell } = run([
      b.each("p", PAGE, (p) => [
        b.set(b.shared("cell", p), b.add(b.read(b.shared("cell", p)), b.int(1))),
        b.lock("release", "page_lock", [p]),
      ]),
    ]);
    const [way] = ways;
    const cells = ["sys0", "sys1", "vram0"].map((m) => cell(way, `cell[${m}]`));
    expect(cells).toEqual([1, 1, 1]);
    expect(way?.locks.map((l) => l.name)).toEqual([
      "page_lock[sys0]",
      "page_lock[sys1]",
      "page_lock[vram0]",
    ]);
  });

  it("knows who runs", () => {
    const { ways, cell } = run([b.set(b.shared("owner"), b.SELF)]);
    expect(cell(ways[0], "owner")).toBe(1);
  });
});

describe("a violation in a step", () => {
  const violation = (...body: Stmt[]) => run(body).ways.map((w) => w.violation);

  it("keeps the effects before it and the label", () => {
    const { ways, cell, label } = run([b.set(N, b.int(1)), b.set(N, b.sub(n, b.int(2)))]);
    expect(ways.map((w) => w.violation?.text)).toEqual(["n is set to -1, outside its range 0..3"]);
    expect(cell(ways[0], "n")).toBe(1);
    expect(label(ways[0])).toBe("s");
  });

  it("is an index that is none", () => {
    expect(violation(b.set(b.shared("cell", page), b.int(1)))).toEqual([
      { kind: "unset", property: "unset_value", text: "cell is indexed by page, which is none" },
    ]);
  });

  it("is a divisor that is not positive; a remainder is never negative", () => {
    expect(violation(b.set(N, b.mod(b.int(1), n)))).toMatchObject([{ kind: "division" }]);
    const { ways, cell } = run([b.set(N, b.mod(b.int(-1), b.int(3)))]);
    expect(cell(ways[0], "n")).toBe(2);
  });

  it("is not looked for where && || => and ?: stop", () => {
    const bad = b.eq(b.mod(b.int(1), n), b.int(0));
    const conds: Expr[] = [
      { kind: "and", args: [b.eq(n, b.int(1)), bad] },
      { kind: "or", args: [b.eq(n, b.int(0)), bad] },
      b.implies(b.eq(n, b.int(1)), bad),
      b.ite(b.eq(n, b.int(0)), b.eq(n, b.int(0)), bad),
    ];
    expect(violation(...conds.map((c) => b.when(c, [])))).toEqual([undefined]);
    for (const cond of [{ kind: "and", args: [b.TRUE, bad] } as Expr, b.not(bad)]) {
      expect(violation(b.when(cond, []))).toMatchObject([{ kind: "division" }]);
    }
  });
});

describe("expressions", () => {
  const truth = (expr: Expr, state?: number[]) => {
    const { evaluate, initialStates } = interpret(oneStep([]));
    return evaluate(expr, state ?? (initialStates()[0] as number[]));
  };
  // n, cell[sys0], cell[sys1], cell[vram0], owner, one.pc, one.page
  const state = [2, 0, 1, 2, 1, 1, 3];

  it("quantify over members and processes", () => {
    const zero = (p: Expr) => b.eq(b.read(b.shared("cell", p)), b.int(0));
    expect(truth(b.forall("p", PAGE, zero), state)).toBe(false);
    expect(truth(b.exists("p", PAGE, zero), state)).toBe(true);
    expect(truth(b.eq(b.count("p", PAGE, zero), b.int(1)), state)).toBe(true);
    expect(
      truth(
        b.eq(
          b.count("p", b.range(0, 3), () => b.TRUE),
          b.int(4),
        ),
      ),
    ).toBe(true);
    expect(
      truth(
        b.forall("p", b.PROC, (p) => b.eq(p, b.read(b.shared("owner")))),
        state,
      ),
    ).toBe(true);
  });

  it("look at processes: labels and locals", () => {
    const one = (of: (p: Expr) => Expr) => b.exists("p", b.instances("one"), of);
    expect(
      truth(
        one((p) => b.atLabel(p, "one", "t")),
        state,
      ),
    ).toBe(true);
    expect(
      truth(
        one((p) => b.atLabel(p, "one", "s", "done")),
        state,
      ),
    ).toBe(false);
    expect(truth(b.atLabel(b.none(b.PROC), "one", "s"), state)).toBe(false);
    const peeked = (p: Expr) => b.read(b.peek("one", p, "page"));
    expect(
      truth(
        one((p) => b.inClass(peeked(p), "Page", "vram")),
        state,
      ),
    ).toBe(true);
    expect(truth(b.eq(peeked(b.none(b.PROC)), page), state)).toMatchObject({ kind: "unset" });
  });

  it("know no class of none", () => {
    const inSome = (e: Expr) => b.or(b.inClass(e, "Page", "sys"), b.inClass(e, "Page", "vram"));
    expect(truth(inSome(b.none(PAGE)))).toBe(false);
    expect(truth(b.forall("p", PAGE, inSome))).toBe(true);
  });
});

describe("initial states", () => {
  it("open any value of the domain, members without none, narrowed by assume", () => {
    const any = { kind: "any" as const };
    const shared = [b.variable("n", b.range(1, 3), any), b.variable("page", PAGE, any)];
    const scalarsets = [{ name: "Page", classes: [{ name: "Page", size: 2 }] }];
    const actors = [b.actor("one", [b.step("s", "")])];
    const open = b.model("m", actors, { shared, scalarsets });
    expect(interpret(open).initialStates()).toEqual([
      [1, 1, 0],
      [1, 2, 0],
      [2, 1, 0],
      [2, 2, 0],
      [3, 1, 0],
      [3, 2, 0],
    ]);
    const narrow: Model = { ...open, assume: [b.eq(n, b.int(2))] };
    expect(interpret(narrow).initialStates()).toEqual([
      [2, 1, 0],
      [2, 2, 0],
    ]);
  });
});

describe("a state without successors", () => {
  const verdicts = (idle: boolean, atRest: Record<string, Expr>) => {
    const stuck = { ...b.step("sleep", "", b.wait(b.FALSE)), idle };
    const model = b.model(
      "m",
      [b.actor("daemon", [stuck])],
      { shared: SHARED.slice(0, 1) },
      { atRest },
    );
    return violationsIn(interpret(model), [0, 0]).map((v) => [v.kind, v.property]);
  };

  it("is a deadlock unless everybody rests", () => {
    expect(verdicts(false, { fine: b.FALSE })).toEqual([["deadlock", "deadlock"]]);
    expect(verdicts(true, {})).toEqual([]);
  });

  it("is the only one that has to: a process at an idle step may go on", () => {
    const awake = { ...b.step("sleep", "", b.goto("done")), idle: true };
    const model = b.model("m", [b.actor("daemon", [awake])], {}, { atRest: { fine: b.FALSE } });
    const interpreter = interpret(model);
    expect(violationsIn(interpreter, [0])).toEqual([]);
    expect(violationsIn(interpreter, [1])).toMatchObject([{ property: "fine" }]);
  });

  it("has to satisfy what holds at rest", () => {
    const claims = { zero: b.eq(n, b.int(0)), one: b.eq(n, b.int(1)) };
    expect(verdicts(true, claims)).toEqual([["atRest", "one"]]);
  });
});

describe("on random models", () => {
  it("the interpreter is deterministic, keeps its input, and stays within the layout", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const { slots } = layoutOf(model);
        const { interpreter, states } = bfs(model, 60);
        for (const state of states) {
          const before = [...state];
          const ways = interpreter.successors(state);
          expect(interpret(structuredClone(model)).successors(state)).toEqual(ways);
          expect(state).toEqual(before);
          for (const { next } of ways) {
            const outside = slots.filter(
              (s, i) => !(s.lo <= Number(next[i]) && Number(next[i]) <= s.hi),
            );
            expect([next.length, outside]).toEqual([slots.length, []]);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("different choices are different ways", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const { interpreter, states } = bfs(model, 60);
        for (const state of states) {
          const ways = interpreter.successors(state).map((w) => `${w.pid} ${w.choices.join()}`);
          expect(new Set(ways).size).toBe(ways.length);
        }
      }),
      { numRuns: 100 },
    );
  });
});
