import { describe, expect, it } from "vitest";
import { stateGraph } from "../../counterexamples/state-graph.ts";
import { explain } from "../../counterexamples/why.ts";
import * as b from "../../model/ir/build.ts";
import { interpret } from "../../model/ir/eval.ts";
import { replay } from "../../model/ir/replay.ts";
import type { Move } from "../../model/ir/trace.ts";
import type { Expr, Model, Ref } from "../../model/ir/types.ts";
import { philosophers } from "../support/classics.ts";

const move = (process: string, label: string, ...choices: number[]): Move => ({
  process,
  label,
  choices,
});

/**
 * A device copies a CPU entry, checks a sequence number, and installs the copy; unmap comes
 * between.
 */
function staleCopy(): Model {
  const frame = b.setOf("Frame");
  const page = b.setOf("Page");
  const at = (name: string, index: Expr) => b.shared(name, index);
  const mine = b.read(b.local("page"));
  const fault = b.actor(
    "fault",
    [
      b.step("pick", "fault on a page", b.choose(b.local("page"))),
      b.step("copy", "pfn = cpu_pte[page]", b.set(b.local("pfn"), b.read(at("cpu_pte", mine)))),
      b.step(
        "check",
        "if (seq != 0) goto copy",
        b.when(b.ne(b.read(b.shared("seq")), b.int(0)), [b.goto("done")]),
      ),
      b.step("install", "gpu_pte[page] = pfn", b.set(at("gpu_pte", mine), b.read(b.local("pfn")))),
    ],
    { locals: [b.variable("page", page), b.variable("pfn", frame)] },
  );
  const none = b.none(frame);
  const unmap = b.actor(
    "unmap",
    [
      b.step("bump", "seq++", b.choose(b.local("page")), b.set(b.shared("seq"), b.int(1))),
      b.step("zap", "gpu_pte[page] = none", b.set(at("gpu_pte", mine), none)),
      b.step("clear", "cpu_pte[page] = none", b.set(at("cpu_pte", mine), none)),
    ],
    { locals: [b.variable("page", page)] },
  );
  const p = b.bound("p");
  const gone = b.implies(
    b.eq(b.read(at("cpu_pte", p)), none),
    b.eq(b.read(at("gpu_pte", p)), none),
  );
  return b.model(
    "stale-copy",
    [fault, unmap],
    {
      scalarsets: [
        { name: "Frame", classes: [{ name: "sys", size: 2 }] },
        { name: "Page", classes: [{ name: "page", size: 2 }] },
      ],
      shared: [
        { ...b.variable("cpu_pte", frame, 1, page), init: { kind: "cells", values: [1, 2] } },
        b.variable("gpu_pte", frame, 0, page),
        b.variable("seq", b.range(0, 1)),
      ],
    },
    { always: { no_stale: b.forall("p", page, () => gone), idle: b.TRUE } },
  );
}

const race = [
  move("fault", "pick", 2),
  move("fault", "copy"),
  move("fault", "check"),
  move("unmap", "bump", 2),
  move("unmap", "zap"),
  move("fault", "install"),
  move("unmap", "clear"),
];

describe("why a trace violates", () => {
  const model = staleCopy();
  const why = explain(model, replay(model, "c", "", race)).why;

  it("names the member and the part of the property that is false", () => {
    expect(why?.failed).toBe("p = page1: gpu_pte[page1] == none");
  });

  it("shows what that part reads, and its values", () => {
    expect(why?.values).toEqual(["cpu_pte[page1] = none", "gpu_pte[page1] = sys1"]);
  });

  it("says of a test that leads elsewhere how it came out", () => {
    const text = (label: string) => `if (seq != 0) goto ${label}`;
    const actors = model.actors.map((actor) => ({
      ...actor,
      steps: actor.steps.map((s) => (s.label === "check" ? { ...s, text: text("done") } : s)),
    }));
    const precise = { ...model, actors };
    const late = [...race.slice(0, 2), move("unmap", "bump", 2), move("fault", "check")];
    const lost = explain(precise, {
      ...replay(precise, "c", "", late),
      violation: { kind: "assert", property: "p", text: "" },
    });
    expect(lost.steps[3]?.chosen).toEqual(["true"]);
    const kept = explain(precise, replay(precise, "c", "", race));
    expect(kept.steps[2]?.chosen).toEqual(["false"]);
  });

  it("finds the step after which every schedule ends in it", () => {
    // Before the zap, installing first would have been harmless: the zap would have removed the
    // entry.
    expect(why?.turn).toBe(5);
  });

  it("finds the value that was carried stale and the check that was overtaken", () => {
    expect(why?.flows).toEqual([
      { kind: "value", from: 2, to: 6, text: "pfn = sys1" },
      { kind: "check", from: 3, to: 6, text: "if (seq != 0) goto copy" },
    ]);
  });

  it("follows the value through shared memory and another process", () => {
    const frame = b.setOf("Frame");
    const copy = (to: Ref, from: Ref) => b.set(to, b.read(from));
    const pfn = b.local("pfn");
    const job = b.shared("job");
    const [cpu, gpu] = [b.shared("cpu_pte"), b.shared("gpu_pte")];
    const fault = b.actor(
      "fault",
      [b.step("copy", "pfn = *pte", copy(pfn, cpu)), b.step("push", "push(job)", copy(job, pfn))],
      { locals: [b.variable("pfn", frame)] },
    );
    const worker = b.actor("worker", [
      b.step("run", "run(job)", b.wait(b.ne(b.read(job), b.none(frame))), copy(gpu, job)),
    ]);
    const unmap = b.actor("unmap", [b.step("zap", "*pte = 0", b.set(cpu, b.none(frame)))]);
    const noEntry = b.eq(b.read(gpu), b.none(frame));
    const hasPage = b.ne(b.read(cpu), b.none(frame));
    const queued = b.model(
      "queued",
      [fault, worker, unmap],
      {
        scalarsets: [{ name: "Frame", classes: [{ name: "sys", size: 1 }] }],
        shared: [
          b.variable("cpu_pte", frame, 1),
          b.variable("gpu_pte", frame),
          b.variable("job", frame),
        ],
      },
      { always: { no_stale: b.or(noEntry, hasPage) } },
    );
    const moves = [
      move("fault", "copy"),
      move("fault", "push"),
      move("unmap", "zap"),
      move("worker", "run"),
    ];
    const found = explain(queued, replay(queued, "c", "", moves)).why;
    expect(found).toEqual({
      flows: [{ kind: "value", from: 1, to: 4, text: "pfn = sys0" }],
      turn: 1,
      values: ["gpu_pte = sys0", "cpu_pte = none"],
    });
  });

  it("names no check that came before the value was read", () => {
    const early = staleCopy();
    const [fault] = early.actors;
    const [pick, copy, check, install] = fault?.steps ?? [];
    if (!fault || !pick || !copy || !check || !install) throw new Error("four steps");
    fault.steps = [pick, check, copy, install];
    const moves = [0, 2, 1, 3, 4, 5, 6].map((i) => race[i] as Move);
    expect(explain(early, replay(early, "c", "", moves)).why?.flows).toEqual([
      { kind: "value", from: 3, to: 6, text: "pfn = sys1" },
    ]);
  });

  it("draws no arrow for a value that became stale after all was done", () => {
    const moves = [0, 1, 2, 5, 3, 6].map((i) => race[i] as Move);
    const skipped = staleCopy();
    const [, unmap] = skipped.actors;
    if (!unmap) throw new Error("two actors");
    unmap.steps = unmap.steps.filter((s) => s.label !== "zap");
    const found = explain(skipped, replay(skipped, "c", "", moves)).why;
    expect(found?.failed).toBe("p = page1: gpu_pte[page1] == none");
    expect(found?.flows).toEqual([]);
  });

  it("follows a test through the local that it was put into", () => {
    const model = staleCopy();
    const [fault] = model.actors;
    const check = fault?.steps[2];
    if (!fault || !check) throw new Error("a check");
    fault.locals.push(b.variable("again", { kind: "bool" }));
    check.body = [
      b.set(b.local("again"), b.ne(b.read(b.shared("seq")), b.int(0))),
      b.when(b.read(b.local("again")), [b.goto("done")]),
    ];
    const { flows } = explain(model, replay(model, "c", "", race)).why ?? {};
    expect(flows?.map((f) => [f.kind, f.from, f.to])).toEqual([
      ["value", 2, 6],
      ["check", 3, 6],
    ]);
  });

  it("names the check of what an assertion needs", () => {
    const seqIs0 = b.eq(b.read(b.shared("seq")), b.int(0));
    const user = b.actor("user", [
      b.step("look", "if (seq) return", b.when(b.not(seqIs0), [b.goto("done")])),
      b.step("use", "BUG_ON(seq)", b.assert("seq_is_0", seqIs0)),
    ]);
    const bump = b.actor("bump", [b.step("bump", "seq++", b.set(b.shared("seq"), b.int(1)))]);
    const shared = [b.variable("seq", b.range(0, 1))];
    const model = b.model("look-and-use", [user, bump], { shared }, { always: { idle: b.TRUE } });
    const moves = [move("user", "look"), move("bump", "bump"), move("user", "use")];
    expect(explain(model, replay(model, "c", "", moves)).why).toEqual({
      flows: [{ kind: "check", from: 1, to: 3, text: "if (seq) return" }],
      turn: 2,
    });
  });

  it("sees no stale value when nobody changed the source", () => {
    const moves = [move("fault", "pick", 2), move("fault", "copy"), move("fault", "check")];
    const calm = replay(model, "c", "", [...moves, move("fault", "install")]);
    expect(explain(model, calm)).toBe(calm);
  });

  it("leaves the turning point out when the search for a way out is cut off", () => {
    const trace = replay(model, "c", "", race);
    expect(explain(model, trace, { budget: 1 }).why?.turn).toBeUndefined();
  });

  it("agrees on every deadlock of the philosophers with the whole state graph", () => {
    const diners = philosophers(2);
    const graph = stateGraph(diners);
    const interpreter = interpret(diners);
    const [first] = interpreter.initialStates();
    expect(first).toBeDefined();
    const moves = [move("philosopher0", "think", 0), move("philosopher1", "think", 0)];
    const trace = replay(diners, "c", "", moves);
    expect(trace.violation?.kind).toBe("deadlock");
    // After one fork is taken the other philosopher may still eat: only the second step decides.
    const explained = explain(diners, trace);
    expect(explained.why?.turn).toBe(2);
    expect(explained.blocked.map((e) => e.until)).toEqual(["fork[1] == 0", "fork[0] == 0"]);
    const watched = explained.steps.map((s) => s.changes.filter((c) => c.watched));
    expect(watched.map((all) => all.map((c) => c.name))).toEqual([["fork[0]"], ["fork[1]"]]);
    expect(graph.states.filter((s) => s.broken === "deadlock")).toHaveLength(2);
  });
});
