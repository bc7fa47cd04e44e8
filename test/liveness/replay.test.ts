/** What a lasso must be to replay: closed, fair, and in violation of what it says. */
import { describe, expect, it } from "vitest";
import {
  build as b,
  type Model,
  type Move,
  marksOf,
  PROGRESS,
  parseModel,
  printModel,
  RETRY,
  ReplayError,
  replay,
  stringifyModel,
  validate,
} from "../../model/ir/index.ts";
import { abba, mutexClients, seqlock, someAt } from "../support/progress-models.ts";

const move = (process: string, label: string): Move => ({ process, label, choices: [] });
const named = (property: string) => ({ kind: "liveness" as const, property });

function refused(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ReplayError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("a lasso", () => {
  const around = [move("one", "work"), move("one", "lock"), move("one", "unlock")];
  const stem = [move("two", "work")];
  const lasso = (model: Model, moves: Move[], loopFrom?: number, property = "two_gets_it") =>
    replay(model, "", "", moves, named(property), undefined, loopFrom);

  it("of one client that locks again and again starves the other", () => {
    const trace = lasso(mutexClients("weak"), [...stem, ...around], 2);
    expect(trace.loopFrom).toBe(2);
    expect(trace.violation?.text).toContain("again and again: one; waiting for ever: two at lock");
    expect(trace.blocked.map((x) => x.label)).toEqual(["lock"]);
  });

  it("that is unfair is refused", () => {
    expect(refused(() => lasso(mutexClients("strong"), [...stem, ...around], 2))).toBe(
      "step 4: the run is not fair: two could move and never does",
    );
    expect(refused(() => lasso(mutexClients("weak"), stem))).toContain("one could move");
  });

  it("that moves a finite process for ever is refused", () => {
    const zaps = ["bump", "bump", "bump"].map((l) => move("zap", l));
    const run = () => lasso(seqlock(true), zaps, 1, "read_ends");
    expect(refused(run)).toBe("step 3: the run is not fair: reader could move and never does");
    const ended = [move("reader", "begin"), move("reader", "retry"), ...zaps];
    expect(refused(() => lasso(seqlock(true), ended, 3, "read_ends"))).toBe(
      "step 5: the run is not fair: zap moves again and again, but is finite",
    );
  });

  it("that does not close, or closes nowhere, is refused", () => {
    const weak = mutexClients("weak");
    expect(refused(() => lasso(weak, [...stem, ...around.slice(0, 2)], 2))).toBe(
      "step 3: the state is not the one before step 2",
    );
    expect(refused(() => lasso(weak, stem, 2))).toBe("step 1: 2 is not the number of a step");
  });

  it("that violates something else is refused", () => {
    expect(refused(() => lasso(mutexClients("weak"), [...stem, ...around], 2, "other"))).toBe(
      "step 4: the run should violate other, but it violates two_gets_it",
    );
  });
});

describe("a partial deadlock", () => {
  const expected = { kind: "deadlock" as const, property: "partial_deadlock" };
  const both = [move("fault", "first"), move("evict", "first")];

  it("lists who is blocked, what it holds and what it waits for", () => {
    const { blocked, violation } = replay(abba(), "", "", both, expected);
    expect(blocked.map((x) => [x.holds[0]?.name, x.waitsFor[0]?.name])).toEqual([
      ["a", "b"],
      ["b", "a"],
    ]);
    expect(violation?.text).toContain("fault at second, evict at second");
  });

  it("is none while all can go on", () => {
    expect(refused(() => replay(abba(), "", "", both.slice(0, 1), expected))).toContain(
      "should violate partial_deadlock, but it violates nothing",
    );
  });
});

describe("the IR of progress", () => {
  const model = (): Model => {
    const again = b.goto("go", "retry");
    const steps = [
      b.step("go", "go", b.when(b.TRUE, [again])),
      { ...b.step("rest", "rest", b.goto("rest")), idle: true },
      { ...b.step("won", "won"), mark: "progress" as const },
    ];
    const client = b.actor("client", steps, { fairness: "strong", finite: true });
    return {
      ...b.model("marks", [client]),
      liveness: [
        b.eventually("ends", someAt("client", "done")),
        b.leadsTo("served", someAt("client", "go"), someAt("client", "won")),
      ],
    };
  };

  it("survives JSON and is printed", () => {
    const parsed = parseModel(stringifyModel(model()));
    expect(parsed).toMatchObject({ model: model() });
    const text = printModel(model());
    expect(text).toContain("actor client /* fairness: strong */ /* finitely many steps */ {");
    expect(text).toContain("goto go; /* retry */");
    expect(text).toContain("leads_to served: (exists p in client: p at client:go) ~> ");
  });

  it("is validated like other properties", () => {
    expect(validate(model())).toEqual([]);
    const [first] = model().liveness ?? [];
    if (!first) throw new Error("no claim");
    const twice = { ...model(), liveness: [first, first] };
    expect(validate(twice).map((d) => `${d.code} ${d.path}`)).toEqual(["MR011 /liveness/1/name"]);
    const odd = { ...model(), liveness: [b.leadsTo("odd", b.int(1), b.TRUE)] };
    expect(validate(odd).map((d) => `${d.code} ${d.path}`)).toEqual(["MR032 /liveness/0/from"]);
  });

  it("marks jumps, steps and the way out of idleness", () => {
    const [client] = model().actors;
    if (!client) throw new Error("no actor");
    expect([...marksOf(client)]).toEqual([
      ...[RETRY, 0, 0, 0],
      ...[PROGRESS, PROGRESS, PROGRESS, PROGRESS],
      ...[PROGRESS, PROGRESS, PROGRESS, PROGRESS],
    ]);
  });
});
