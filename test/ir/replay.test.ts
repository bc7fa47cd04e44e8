import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as b from "../../model/ir/build.ts";
import { interpret, type Outcome, type State } from "../../model/ir/eval.ts";
import { showSlot } from "../../model/ir/layout.ts";
import { ReplayError, replay, scheduleOf, startOf } from "../../model/ir/replay.ts";
import type { Move, Trace } from "../../model/ir/trace.ts";
import type { Expr, Model, Stmt } from "../../model/ir/types.ts";
import { anyModel } from "../support/random-model.ts";

const NOBODY = b.none(b.PROC);

function take(name: string): Stmt[] {
  const owner = b.shared(name);
  return [b.lock("acquire", name), b.wait(b.eq(b.read(owner), NOBODY)), b.set(owner, b.SELF)];
}

function drop(name: string): Stmt[] {
  return [b.lock("release", name), b.set(b.shared(name), NOBODY)];
}

/**
 * Two tasks that take two locks in opposite order, and a daemon that holds a third one while idle.
 */
function abba(): Model {
  const task = (name: string, first: string, second: string) =>
    b.actor(name, [
      b.step("one", `lock(${first})`, ...take(first)),
      b.step("two", `lock(${second})`, ...take(second)),
      b.step("both", "work", ...drop(second), ...drop(first)),
    ]);
  const daemon = b.actor("daemon", [
    b.step("begin", "lock(c)", ...take("c")),
    { ...b.step("sleep", "wait for work", b.wait(b.FALSE)), idle: true },
  ]);
  const shared = ["a", "b", "c"].map((name) => b.variable(name, b.PROC));
  return b.model("abba", [task("left", "a", "b"), task("right", "b", "a"), daemon], { shared });
}

const moves = (...steps: string[]): Move[] =>
  steps.map((step) => {
    const [process, label, ...choices] = step.split(" ") as [string, string, ...string[]];
    return { process, label, choices: choices.map(Number) };
  });

describe("replaying a deadlock", () => {
  const trace = replay(abba(), "ci", "mutant", moves("left one", "daemon begin", "right one"), {
    kind: "deadlock",
    property: "deadlock",
  });

  it("tells who is stuck", () => {
    expect(trace.violation).toEqual({
      kind: "deadlock",
      property: "deadlock",
      text: "nobody can go on: left at two, right at two",
    });
    const use = (op: string, name: string) => ({
      op,
      mode: "exclusive",
      lock: "mutex",
      class: name,
      name,
    });
    expect(trace.blocked).toEqual([
      {
        pid: 1,
        label: "two",
        text: "lock(b)",
        waitsFor: [use("acquire", "b")],
        holds: [use("acquire", "a")],
      },
      {
        pid: 2,
        label: "two",
        text: "lock(a)",
        waitsFor: [use("acquire", "a")],
        holds: [use("acquire", "b")],
      },
      {
        pid: 3,
        label: "sleep",
        text: "wait for work",
        waitsFor: [],
        holds: [use("acquire", "c")],
      },
    ]);
  });

  it("tells each step", () => {
    expect([trace.model, trace.config, trace.variant]).toEqual(["abba", "ci", "mutant"]);
    expect(trace.lanes.map((l) => l.name)).toEqual(["left", "right", "daemon"]);
    expect(trace.steps[1]).toMatchObject({
      number: 2,
      pid: 3,
      process: "daemon",
      label: "begin",
      next: "sleep",
      text: "lock(c)",
      changes: [{ name: "c", from: "none", to: "daemon", watched: false }],
    });
    expect(trace.initial[0]).toEqual({ name: "a", value: "none" });
  });

  it("says nothing of locks that were given back", () => {
    const free = replay(abba(), "", "", moves("left one", "left two", "left both"));
    expect(free.violation).toBeUndefined();
    expect(free.blocked).toEqual([]);
    expect(free.steps[2]?.locks.map((l) => `${l.op} ${l.name}`)).toEqual([
      "release b",
      "release a",
    ]);
  });
});

describe("what a stuck process holds", () => {
  it("follows trylock, downgrade and release, by instance and mode", () => {
    const event = (op: "trylock" | "acquire" | "downgrade" | "release" | "wait", n: number) =>
      b.lock(op, "l", [b.int(n)]);
    const model = b.model("m", [
      b.actor("task", [
        b.step("all", "", event("trylock", 1), event("acquire", 2), event("acquire", 3)),
        b.step("some", "", event("release", 1), event("downgrade", 3), event("wait", 4)),
        b.step(
          "modes",
          "",
          b.lock("acquire", "l", [b.int(5)], { mode: "shared" }),
          event("acquire", 5),
          b.lock("release", "l", [b.int(5)], { mode: "shared" }),
        ),
        b.step("stuck", "", b.wait(b.FALSE)),
      ]),
    ]);
    const trace = replay(model, "", "", moves("task all", "task some", "task modes"));
    expect(trace.blocked[0]?.holds.map((l) => `${l.mode} ${l.name}`)).toEqual([
      "exclusive l[2]",
      "shared l[3]",
      "exclusive l[5]",
    ]);
  });
});

describe("replaying a violated property", () => {
  const PAGE = b.setOf("Page");
  const page = b.read(b.local("page"));
  const map = b.actor(
    "map",
    [
      b.step("pick", "pick a page", b.choose(b.local("page"))),
      b.step(
        "write",
        "write it",
        b.set(b.shared("count"), b.int(1)),
        b.set(b.shared("pte", page), b.TRUE),
        b.assert("small", b.eq(b.read(b.shared("count")), b.int(0)), "count is small"),
      ),
    ],
    { locals: [b.variable("page", PAGE)] },
  );
  const build = (always: Record<string, Expr>, atRest: Record<string, Expr> = {}): Model =>
    b.model(
      "m",
      [map],
      {
        scalarsets: [{ name: "Page", classes: [{ name: "Page", size: 2 }] }],
        shared: [b.variable("pte", b.BOOL, 0, PAGE), b.variable("count", b.range(0, 1))],
      },
      { always, atRest },
    );
  const unpicked = b.forall("m", b.instances("map"), (m) =>
    b.ne(b.read(b.peek("map", m, "page")), b.none(PAGE)),
  );

  it("marks the cells that an assertion reads", () => {
    const trace = replay(build({}), "", "", moves("map pick 2", "map write"));
    expect(trace.steps[0]?.chosen).toEqual(["page = page1"]);
    expect(trace.violation).toEqual({ kind: "assert", property: "small", text: "count is small" });
    expect(trace.steps[1]).toMatchObject({
      next: "write",
      changes: [
        { name: "pte[page1]", from: "false", to: "true", watched: false },
        { name: "count", from: "0", to: "1", watched: true },
      ],
    });
  });

  it("marks locals that the property peeks at", () => {
    const trace = replay(
      build({ picked: { kind: "not", arg: unpicked } }),
      "",
      "",
      moves("map pick 1"),
    );
    expect(trace.steps[0]?.changes).toEqual([
      { name: "map.page", from: "none", to: "page0", watched: true, pid: 1 },
    ]);
  });

  it("finds it in the initial state already, and prints it when it has no sentence", () => {
    const trace = replay(build({ picked: unpicked }), "", "", []);
    expect(trace.violation).toEqual({
      kind: "always",
      property: "picked",
      text: "forall m in map: m.page != none",
    });
  });

  it("picks the expected one of several", () => {
    const model = build({ picked: unpicked, never: b.FALSE });
    const expected = { kind: "always" as const, property: "never" };
    expect(replay(model, "", "", [], expected).violation).toMatchObject(expected);
  });

  it("says when a property has no value", () => {
    const nobody = b.read(b.peek("map", b.none(b.PROC), "page"));
    const trace = replay(build({ odd: b.eq(nobody, b.none(PAGE)) }), "", "", []);
    expect(trace.violation).toEqual({
      kind: "unset",
      property: "unset_value",
      text: "odd has no value: map.page is read of none",
    });
  });
});

describe("moves that do not fit", () => {
  const failing = (list: Move[], expected?: Parameters<typeof replay>[4]): [number, string] => {
    try {
      replay(abba(), "", "", list, expected);
    } catch (error) {
      if (error instanceof ReplayError) return [error.step, error.reason];
    }
    throw new Error("it replays");
  };
  it.each<[Move[], number, string]>([
    [moves("middle one"), 1, "there is no process middle"],
    [moves("left two"), 1, "left is at one, not at two"],
    [moves("left one", "right one", "left two"), 3, "left can't go on at two"],
    [moves("left one 1"), 1, "left can't choose [1] at one, only []"],
  ])("%#", (list, step, reason) => {
    expect(failing(list)).toEqual([step, reason]);
  });

  it("a run that violates something else", () => {
    const expected = { kind: "deadlock" as const, property: "deadlock" };
    const reason = "the run should violate deadlock, but it violates nothing";
    expect(failing(moves("left one"), expected)).toEqual([1, reason]);
  });

  it("a step after the violation", () => {
    const wrong = b.step("wrong", "", b.assert("never", b.FALSE));
    const model = b.model("m", [b.actor("one", [wrong])]);
    const again = () => replay(model, "", "", moves("one wrong", "one wrong"));
    expect(again).toThrow("step 2: the run already ended with a violation of never");
  });

  it("a state that is not initial, and a model without initial states", () => {
    const model = abba();
    expect(() => replay(model, "", "", [], undefined, [1, 0, 0, 0, 0, 0])).toThrow(ReplayError);
    expect(() => replay({ ...model, assume: [b.FALSE] }, "", "", [])).toThrow("no initial state");
    const trace = replay(model, "", "", []);
    expect(() => startOf({ ...model, assume: [b.FALSE] }, trace)).toThrow(ReplayError);
  });
});

/** Walks at random, at most 12 steps; stops at a violation. */
function randomWalk(model: Model, numbers: number[]): { start: State; end: State; taken: Move[] } {
  const interpreter = interpret(model);
  const [first = 0, ...rest] = numbers;
  const starts = interpreter.initialStates();
  const start = starts[first % starts.length] as State;
  const taken: Move[] = [];
  let end = start;
  for (const number of rest) {
    const ways = interpreter.successors(end);
    const outcome: Outcome | undefined = ways[number % ways.length];
    if (!outcome) break;
    const { pid, label, choices } = outcome;
    taken.push({ process: interpreter.layout.processes[pid - 1]?.name as string, label, choices });
    end = outcome.next;
    if (outcome.violation) break;
  }
  return { start, end, taken };
}

describe("replaying random walks of random models", () => {
  it("ends where the walk ended, and its schedule gives the same trace again", () => {
    const walk = fc.array(fc.nat(1000), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(anyModel, walk, (model, numbers) => {
        const { layout, initialStates } = interpret(model);
        fc.pre(initialStates().length > 0);
        const { start, end, taken } = randomWalk(model, numbers);
        const trace: Trace = replay(model, "c", "v", taken, undefined, start);
        const cells = new Map(trace.initial.map((cell) => [cell.name, cell.value]));
        for (const change of trace.steps.flatMap((s) => s.changes)) {
          expect(cells.get(change.name)).toBe(change.from);
          cells.set(change.name, change.to);
        }
        for (const step of trace.steps) cells.set(`${step.process}.pc`, step.next);
        const shown = end.map((v, i) => [layout.slots[i]?.name, showSlot(layout, i, v)]);
        expect([...cells]).toEqual(shown);
        const again = startOf(model, trace);
        expect(replay(model, "c", "v", scheduleOf(trace), trace.violation, again)).toEqual(trace);
        expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
      }),
      { numRuns: 200 },
    );
  });
});
