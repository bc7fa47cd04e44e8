/** What a picture may say of a step and of a wait: locks refused, locks not yet taken, retries. */
import { actor, bool, goto, retry, set, shared, when } from "mmrace";
import {
  dma_resv,
  dma_resv_lock_ctx,
  mutex,
  mutex_lock,
  mutex_unlock,
  ww_acquire_init,
  ww_class,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { layoutOf } from "../../counterexamples/render/dot-layout.ts";
import { ladder, toDot } from "../../counterexamples/render/index.ts";
import { pageTrace } from "../../counterexamples/render/report-data.ts";
import { RETRIES } from "../../counterexamples/render/step-text.ts";
import { replay } from "../../model/ir/replay.ts";
import type { Trace } from "../../model/ir/trace.ts";
import { build, type Input } from "../kernel/run.ts";
import { lanes, makeTrace, use } from "./traces.ts";

const NO_LINKS = { source: "", kernel: "" };

function counterexample(input: Input, liveness = false): Trace {
  const model = build(input);
  const { verdict, moves = [], start, loopFrom } = check(model, { liveness });
  if (verdict.kind !== "violated") throw new Error(verdict.kind);
  return replay(model, "ci", "", moves, verdict.violation, start, loopFrom);
}

describe("a step that asks for a lock", () => {
  it("has not taken it when told -EDEADLK", () => {
    const k = shared({
      a: dma_resv({ ctx: true }),
      b: dma_resv({ ctx: true }),
      ctx: ww_class(),
      died: bool,
    });
    const client = (name: string, first: typeof k.a, second: typeof k.a) =>
      actor(name, { edeadlk: bool }, (me) => ({
        init: ["ww_acquire_init()", ww_acquire_init(k.ctx)],
        first: ["dma_resv_lock(first)", dma_resv_lock_ctx(first, k.ctx, me.edeadlk)],
        second: [
          "dma_resv_lock(second)",
          dma_resv_lock_ctx(second, k.ctx, me.edeadlk),
          when(me.edeadlk, [set(k.died, true)]),
        ],
        end: ["stays", goto("end")],
      }));
    const trace = counterexample({
      shared: k,
      actors: [client("ab", k.a, k.b), client("ba", k.b, k.a)],
      always: { nobody_dies: k.died.not() },
    });
    const taken = trace.steps.map((s) => [
      s.label,
      s.locks.map((l) => `${l.op} ${l.class}`).length,
    ]);
    expect(taken.at(-1)).toEqual(["second", 0]);
    expect(taken.filter(([label]) => label === "first").map(([, n]) => n)).toEqual([1, 1]);
  });
});

describe("the bar of a wait", () => {
  it("begins where the lock is taken, not where the process came to stand", () => {
    const wants = { label: "lock", text: "mutex_lock(&m)", holds: [] };
    const trace = makeTrace({
      lanes: lanes("early", "holder"),
      steps: [
        { pid: 2, text: "something else" },
        { pid: 2, text: "mutex_lock(&m)", locks: [use("acquire", "m")] },
      ],
      violation: { kind: "deadlock", property: "deadlock", text: "nobody can move" },
      blocked: [{ pid: 1, ...wants, waitsFor: [use("acquire", "m")] }],
    });
    const { bars, rows } = layoutOf(trace);
    const waits = bars.filter((b) => b.waiting);
    expect(waits).toHaveLength(1);
    expect(waits[0]?.top).toBeGreaterThan(rows[1]?.top as number);
    expect(waits[0]?.top).toBeLessThan(rows[2]?.top as number);
  });
});

describe("the loop of a lasso", () => {
  it("shows which of its steps are the retries", () => {
    const k = shared({ busy: bool });
    const trace = counterexample(
      {
        shared: k,
        actors: [
          actor("fault", {}, () => ({
            look: ["if (busy) goto again", when(k.busy, [goto("again")]), goto("done")],
            again: ["goto look", retry(), goto("look")],
          })),
          actor("storm", {}, () => ({
            on: ["busy = true", set(k.busy, true)],
            off: ["busy = false", set(k.busy, false), goto("on")],
          })),
        ],
      },
      true,
    );
    expect(trace.violation?.kind).toBe("starvation");
    const retries = trace.steps.filter((s) => s.retries).map((s) => s.label);
    expect([...new Set(retries)]).toEqual(["again"]);
    expect(toDot(trace)).toContain("retries, again and again");
    expect(ladder(trace)).toContain("goto look /* retries, again and again */");
    expect(pageTrace(trace, "", NO_LINKS).steps.some((s) => s.notes.includes(RETRIES))).toBe(true);
  });

  it("shows who waits for ever below its steps", () => {
    const k = shared({ busy: bool, vm: mutex() });
    const trace = counterexample(
      {
        shared: k,
        actors: [
          actor("fault", {}, () => ({
            lock: ["mutex_lock(&vm)", mutex_lock(k.vm)],
            again: ["if (busy) goto again", when(k.busy, [retry(), goto("again")])],
            unlock: ["mutex_unlock(&vm)", mutex_unlock(k.vm)],
          })),
          actor("bind", {}, () => ({
            bind: ["mutex_lock(&vm) in bind", mutex_lock(k.vm)],
            bound: ["mutex_unlock(&vm)", mutex_unlock(k.vm)],
          })),
          actor("storm", {}, () => ({
            on: ["busy = true", set(k.busy, true)],
            off: ["busy = false", set(k.busy, false), goto("on")],
          })),
        ],
      },
      true,
    );
    expect(trace.loopFrom).toBeDefined();
    expect(ladder(trace)).toMatch(/ ~ mutex_lock\(&vm\) in bind \.\.\.$/m);
    expect(toDot(trace)).toContain("step_blocked_2");
    expect(
      layoutOf(trace)
        .bars.filter((b) => b.waiting)
        .map((b) => b.pid),
    ).toEqual([2]);
    expect(pageTrace(trace, "", NO_LINKS).blocked[0]?.note).toContain("held by fault since step");
  });
});
