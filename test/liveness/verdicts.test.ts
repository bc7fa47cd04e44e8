/** Claims about infinite runs, starvation and partial deadlocks of models that are known. */
import { describe, expect, it } from "vitest";
import { type CheckOptions, check } from "../../checker/index.ts";
import { build as b, type Model, replay, validate } from "../../model/ir/index.ts";
import {
  abba,
  handshake,
  livelock,
  mutexClients,
  patient,
  peterson,
  seqlock,
  someAt,
} from "../support/progress-models.ts";

const engines = ["compiled", "interpreted"] as const;

/** The verdict in short, and the run that replays. */
function run(model: Model, options: CheckOptions) {
  expect(validate(model)).toEqual([]);
  const { verdict, moves = [], start, loopFrom, liveness } = check(model, options);
  if (verdict.kind !== "violated") return { verdict: verdict.kind, liveness, moves };
  const { violation } = verdict;
  const trace = replay(model, "", "", moves, violation, start, loopFrom);
  expect(trace.violation).toEqual(violation);
  expect(trace.loopFrom).toBe(loopFrom);
  const loop = loopFrom === undefined ? [] : moves.slice(loopFrom - 1);
  const movers = [...new Set(loop.map((m) => m.process))].sort();
  return { verdict: violation.property, text: violation.text, movers, moves, trace };
}

describe.each(engines)("the %s engine", (engine) => {
  const told = (model: Model, options: CheckOptions = {}) =>
    run(model, { engine, liveness: true, ...options });

  it("a mutex starves a weakly fair client, not a strongly fair one", () => {
    const weak = told(mutexClients("weak"));
    expect(weak).toMatchObject({ verdict: "two_gets_it", movers: ["one"] });
    expect(weak.moves.map((m) => m.label)).toContain("unlock");
    expect(told(mutexClients("strong"))).toMatchObject({ verdict: "holds" });
    expect(told(mutexClients("none"))).toMatchObject({ verdict: "two_gets_it", movers: [] });
  });

  it("Peterson: who asks gets in, though the other side may stop asking", () => {
    const claims = [
      b.leadsTo("served", someAt("side0", "yield", "spin"), someAt("side0", "leave")),
    ];
    const stops = told(peterson(claims));
    expect(stops).toMatchObject({ verdict: "served" });
    const fair = peterson(claims);
    for (const actor of fair.actors) actor.fairness = "weak";
    expect(told(fair)).toMatchObject({ verdict: "holds" });
    const again = [b.alwaysEventually("again", someAt("side0", "leave"))];
    const both = { ...fair, liveness: again };
    expect(told(both)).toMatchObject({ verdict: "holds" });
  });

  it("strong fairness does not force the rounds in which it would help", () => {
    expect(told(patient())).toMatchObject({ verdict: "client_leaves", movers: ["worker"] });
  });

  it("who waits for a while is not blocked for ever", () => {
    expect(told(handshake())).toMatchObject({ verdict: "holds" });
  });

  it("the reference livelock names the threads that keep each other from getting on", () => {
    const found = told(livelock());
    expect(found).toMatchObject({ verdict: "starvation", movers: ["fault[0]", "fault[1]"] });
    expect(found.text).toContain("fault[0]");
    expect(found.text).toContain("fault[1]");
  });

  it("a progress mark in the loop is no starvation", () => {
    const model = livelock();
    const put = model.actors[0]?.steps[2];
    if (put) put.mark = "progress";
    expect(told(model)).toMatchObject({ verdict: "holds" });
  });

  it("finitely many invalidations let the reader through", () => {
    expect(told(seqlock(false))).toMatchObject({ verdict: "read_ends", movers: ["reader", "zap"] });
    expect(told(seqlock(true))).toMatchObject({ verdict: "holds" });
  });

  it("starvation needs no claim", () => {
    const model = { ...seqlock(false), liveness: [] };
    expect(told(model)).toMatchObject({
      verdict: "starvation",
      text: "reader retries for ever; again and again: zap",
    });
    expect(told({ ...seqlock(true), liveness: [] })).toMatchObject({ verdict: "holds" });
  });

  it("two lock each other out while a daemon goes on", () => {
    expect(check(abba(), { engine }).verdict).toEqual({ kind: "holds" });
    const found = told(abba());
    expect(found).toMatchObject({ verdict: "partial_deadlock" });
    expect(found.moves.map((m) => `${m.process} ${m.label}`)).toEqual([
      "fault first",
      "evict first",
    ]);
    const waits = found.trace?.blocked.map((x) => `${x.label} ${x.waitsFor[0]?.name}`);
    expect(waits).toEqual(["second b", "second a"]);
  });
});

describe("claims", () => {
  const coin = (more: Model["liveness"] = []): Model => {
    const steps = [
      b.step("toss", "toss", b.either({ heads: [b.goto("won")], tails: [b.goto("toss")] })),
      b.step("won", "won"),
    ];
    return { ...b.model("coin", [b.actor("gambler", steps)]), liveness: more };
  };

  it("hold at the end of a run that ends", () => {
    const done = someAt("gambler", "done");
    const steps = [b.step("a", "a"), b.step("b", "b")];
    const line = b.model("line", [b.actor("gambler", steps)]);
    const claims = [
      b.eventually("passes", someAt("gambler", "b")),
      b.alwaysEventually("ends", done),
      b.leadsTo("goes_on", someAt("gambler", "a"), done),
    ];
    const holds = check({ ...line, liveness: claims });
    expect(holds.verdict).toEqual({ kind: "holds" });
    expect(holds.liveness).toMatchObject({
      checked: ["passes", "ends", "goes_on", "partial_deadlock"],
      states: 3,
      edges: 2,
      without: [],
    });
    const wrong = run({ ...line, liveness: [b.alwaysEventually("b", someAt("gambler", "b"))] }, {});
    expect(wrong).toMatchObject({ verdict: "b", movers: [] });
    expect(wrong.moves).toHaveLength(2);
    expect(wrong.trace?.loopFrom).toBeUndefined();
  });

  it("are violated by the shortest lasso", () => {
    const found = run(coin([b.eventually("wins", someAt("gambler", "won"))]), {});
    expect(found.moves).toEqual([{ process: "gambler", label: "toss", choices: [1] }]);
    expect(found.trace?.loopFrom).toBe(1);
  });

  it("that never come to be due are a finding", () => {
    const result = check(coin([b.leadsTo("nothing", b.FALSE, b.FALSE)]));
    expect(result.verdict).toEqual({ kind: "holds" });
    expect(result.findings.map((f) => `${f.kind} ${f.subject}`)).toEqual(["never_reached nothing"]);
  });

  it("are decided without symmetry and partial order, and that is said", () => {
    const model = mutexClients("strong");
    const result = check(model, { symmetry: true, partialOrder: true });
    expect(result.verdict).toEqual({ kind: "holds" });
    expect(result.liveness?.without).toEqual(["symmetry", "partial order"]);
  });

  it("say nothing about a model without initial states", () => {
    const claims = [b.eventually("wins", b.FALSE)];
    const result = check({ ...coin(claims), assume: [b.FALSE] }, { liveness: true });
    expect(result.verdict).toEqual({ kind: "holds" });
    expect(result.findings.map((f) => f.kind)).toEqual(["no_initial_state"]);
  });

  it("are the same when threads are asked for, of which so few states need one", () => {
    const result = check(mutexClients("strong"), { workers: 2 });
    expect(result.verdict).toEqual({ kind: "holds" });
    expect(result.liveness?.without).toEqual([]);
  });

  it("are not decided within too little memory", () => {
    const result = check(mutexClients("strong"), { maxMemory: 2 ** 16 + 100 });
    expect(result.verdict).toEqual({ kind: "incomplete", limit: "memory" });
  });
});
