/** Every kind of verdict, of limit and of finding. */
import { describe, expect, it } from "vitest";
import { type CheckOptions, check, PackError, type Progress } from "../../checker/index.ts";
import { build as b, type Model, replay } from "../../model/ir/index.ts";
import { independent } from "../support/classics.ts";

const n = b.shared("n");
const value = b.read(n);

/** Two processes that count up to `top` between them, each in steps of one. */
function counter(top: number, more: Partial<Parameters<typeof b.model>[3]> = {}): Model {
  const up = b.step("up", "n++", b.wait(b.lt(value, b.int(top))), b.set(n, b.add(value, b.int(1))));
  const again = b.step("again", "loop", b.goto("up"));
  const steps = [{ ...up, idle: true }, again];
  const shared = [b.variable("n", b.range(0, top))];
  return b.model("counter", [b.actor("adder", steps, { count: 2 })], { shared }, more);
}

const engines = ["compiled", "interpreted"] as const;

describe.each(engines)("verdicts of the %s engine", (engine) => {
  const run = (model: Model, options: CheckOptions = {}) => check(model, { ...options, engine });

  it("always: the first state in which the claim is false", () => {
    const result = run(counter(9, { always: { small: b.lt(value, b.int(3)) } }));
    expect(result.verdict).toMatchObject({
      kind: "violated",
      violation: { kind: "always", property: "small" },
    });
    expect(result.moves).toHaveLength(4);
    const trace = replay(counter(9, { always: { small: b.lt(value, b.int(3)) } }), "", "", [
      ...(result.moves ?? []),
    ]);
    expect(trace.violation).toEqual(
      result.verdict.kind === "violated" ? result.verdict.violation : undefined,
    );
  });

  it("always in an initial state: no move at all", () => {
    const result = run(counter(2, { always: { positive: b.gt(value, b.int(0)) } }));
    expect(result).toMatchObject({ states: 1, transitions: 0, depth: 0, moves: [] });
    expect(result.verdict.kind).toBe("violated");
  });

  it("a claim that has no value is violated", () => {
    const always = { odd: b.eq(b.mod(b.int(1), b.sub(b.int(1), value)), b.int(0)) };
    const result = run(counter(4, { always }));
    expect(result.verdict).toMatchObject({ violation: { kind: "division" } });
    expect(result.moves).toHaveLength(1);
  });

  it("atRest, and that it was evaluated", () => {
    const good = run(counter(3, { atRest: { full: b.eq(value, b.int(3)) } }));
    expect(good).toMatchObject({ verdict: { kind: "holds" }, terminalStates: 1, findings: [] });
    const bad = run(counter(3, { atRest: { full: b.eq(value, b.int(2)) } }));
    expect(bad.verdict).toMatchObject({ violation: { kind: "atRest", property: "full" } });
  });

  it("assertion, and that its step and its transition count", () => {
    const steps = [b.step("a", "x"), b.step("b", "BUG_ON(1)", b.assert("bug", b.FALSE))];
    const result = run(b.model("bug", [b.actor("p", steps)]));
    expect(result.verdict).toMatchObject({ violation: { kind: "assert", property: "bug" } });
    expect(result).toMatchObject({ states: 2, transitions: 2 });
    expect(result.coverage.map((c) => c.fired)).toEqual([1, 1]);
    expect(result.moves?.map((m) => m.label)).toEqual(["a", "b"]);
  });

  it("an assertion before a wait that is false", () => {
    const step = b.step("a", "x", b.assert("bug", b.FALSE), b.wait(b.FALSE));
    expect(run(b.model("bug", [b.actor("p", [step])])).verdict).toMatchObject({
      violation: { kind: "assert" },
    });
  });

  it("leaving a range, and an index that is none", () => {
    const steps = [b.step("a", "n++", b.set(n, b.add(value, b.int(1))), b.goto("a"))];
    const shared = [b.variable("n", b.range(0, 5))];
    const over = run(b.model("over", [b.actor("p", steps)], { shared }));
    expect(over.verdict).toMatchObject({ violation: { kind: "range" } });
    expect(over.moves).toHaveLength(6);
    const page = b.setOf("Page");
    const lost = run(
      b.model(
        "lost",
        [b.actor("p", [b.step("a", "x", b.set(b.shared("v", b.none(page)), b.TRUE))])],
        {
          scalarsets: [{ name: "Page", classes: [{ name: "Page", size: 2 }] }],
          shared: [b.variable("v", b.BOOL, 0, page)],
        },
      ),
    );
    expect(lost.verdict).toMatchObject({ violation: { kind: "unset" } });
  });

  it("deadlock", () => {
    const stuck = b.step("stuck", "wait for ever", b.wait(b.FALSE));
    const result = run(b.model("stuck", [b.actor("p", [b.step("go", "go"), stuck])]));
    expect(result.verdict).toMatchObject({ violation: { kind: "deadlock" } });
    expect(result).toMatchObject({ states: 2, transitions: 1, moves: [{ label: "go" }] });
  });

  it("stops inside a batch with the counts of a search that takes one step at a time", () => {
    const always = { early: b.not(b.atLabel(b.int(1), "walker", "at2")) };
    const model = { ...independent(4, 6), always: b.model("", [], {}, { always }).always };
    const result = run(model);
    // Level by level: 1 + 4 states before, then the first successor of the first state of level 1.
    expect(result).toMatchObject({ states: 6, transitions: 5 });
    expect(result.coverage.reduce((sum, c) => sum + c.fired, 0)).toBe(5);
  });

  it("limits: states, memory, time, interrupt", () => {
    const model = independent(7, 7);
    let clock = 0;
    const limits: [CheckOptions, string][] = [
      [{ maxStates: 500 }, "states"],
      [{ maxMemory: 100_000 }, "memory"],
      [{ timeLimit: 10, now: () => clock++ * 20 }, "time"],
      [{ shouldStop: () => true }, "interrupted"],
    ];
    for (const [options, limit] of limits) {
      const result = run(model, options);
      expect(result.verdict).toEqual({ kind: "incomplete", limit });
      expect(result.findings).toEqual([]);
      expect(result.states).toBeGreaterThan(0);
    }
    expect(run(model, { maxStates: 500 }).states).toBe(500);
    expect(run(independent(3, 3), { maxStates: 27 }).verdict).toEqual({ kind: "holds" });
  });

  it("findings: nothing passes vacuously", () => {
    const steps = [
      b.step("a", "x", b.goto("a")),
      b.step("dead", "x"),
      { ...b.step("rare", "x"), rare: true },
    ];
    const absent = b.actor("absent", [b.step("z", "x")], { count: 0 });
    const properties = { reachable: { never: b.FALSE }, atRest: { calm: b.TRUE } };
    const result = run(b.model("idle", [b.actor("p", steps), absent], {}, properties));
    expect(result.findings.map((f) => `${f.kind} ${f.subject}`)).toEqual([
      "label_never_fired p.dead",
      "never_reached never",
      "never_at_rest calm",
    ]);
    const empty = { ...b.model("none", [b.actor("p", steps)]), assume: [b.FALSE] };
    expect(run(empty).findings.map((f) => f.kind)).toEqual(["no_initial_state"]);
  });

  it("reports progress", () => {
    const seen: Progress[] = [];
    run(independent(5, 6), { onProgress: (p) => seen.push(p) });
    expect(seen.length).toBeGreaterThan(1);
    for (const p of seen) expect(p.queue).toBeLessThanOrEqual(p.states);
  });
});

describe("models that do not fit", () => {
  it("a range with more values than a word", () => {
    const shared = [b.variable("huge", b.range(0, 2 ** 33))];
    const model = b.model("huge", [b.actor("p", [b.step("a", "x")])], { shared });
    expect(() => check(model)).toThrow(PackError);
    expect(() => check(model)).toThrow("huge");
  });

  it("a state of too many words", () => {
    const shared = [b.variable("many", b.range(0, 2 ** 31), 0, b.range(0, 99))];
    const index = b.range(0, 99);
    const fill = b.each("i", index, (i) => [b.set(b.shared("many", i), b.int(1))]);
    const model = b.model("wide", [b.actor("p", [b.step("a", "x", fill)])], { shared });
    expect(() => check(model)).toThrow("101 words");
  });
});
