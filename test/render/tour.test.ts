import { instance } from "@viz-js/viz";
import { describe, expect, it } from "vitest";
import { cyclicOrders, lockGraphToDot, lockOrders } from "../../counterexamples/render/index.ts";
import { tour } from "../../counterexamples/tour.ts";
import * as b from "../../model/ir/build.ts";
import { replay, scheduleOf } from "../../model/ir/replay.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";
import { expectGolden } from "./golden.ts";
import { abba, lanes, makeTrace, nasty, nested, queuedWriter, stalePte, use } from "./traces.ts";

const viz = await instance();

describe("tour", () => {
  it("takes every step of a model in few runs, and they replay", () => {
    for (const model of [independent(3, 4), testAndSet(3), philosophers(3)]) {
      const { traces, missed } = tour(model, { config: "c" });
      expect(missed).toEqual([]);
      expect(traces.length).toBeGreaterThan(0);
      expect(traces.length).toBeLessThan(4);
      const fired = new Set(traces.flatMap((t) => t.steps.map((s) => s.label)));
      expect([...fired].sort()).toEqual(
        [...new Set(model.actors.flatMap((a) => a.steps.map((s) => s.label)))].sort(),
      );
      for (const t of traces) expect(replay(model, "c", "", scheduleOf(t))).toEqual(t);
    }
  });

  it("is the same every time", () => {
    expect(tour(philosophers(3), { config: "c" })).toEqual(tour(philosophers(3), { config: "c" }));
  });

  it("names the steps that it could not take", () => {
    const steps = [b.step("go", "return", b.goto("done")), b.step("dead", "unreachable()")];
    const model = b.model("m", [b.actor("a", steps)], {}, { always: { trivial: b.TRUE } });
    const { traces, missed } = tour(model, { config: "c" });
    expect(missed).toEqual(["a.dead"]);
    expect(traces.map((t) => t.steps.length)).toEqual([1]);
  });
});

describe("lock orders", () => {
  const pairs = (orders: ReturnType<typeof lockOrders>): string[] =>
    orders.map((o) => `${o.outer} > ${o.inner}${o.trylock ? " try" : ""}${o.wait ? " wait" : ""}`);

  it("are those of nested locks", () => {
    expect(lockOrders([stalePte])).toEqual([]);
    expect(pairs(lockOrders([nested]))).toEqual([
      "mmap_lock > folio_lock",
      "mmap_lock > dma_resv",
      "folio_lock > dma_resv",
      "folio_lock > fence wait",
      "dma_resv > fence wait",
      "mmap_lock > fence wait",
    ]);
  });

  it("close a cycle in a deadlock, also through a wait", () => {
    expect(pairs(cyclicOrders(lockOrders([abba])))).toEqual([
      "mmap_lock > dma_resv",
      "dma_resv > mmap_lock",
    ]);
    expect(pairs(cyclicOrders(lockOrders([queuedWriter])))).toEqual([
      "mmap_lock > folio_lock wait",
      "folio_lock > mmap_lock",
    ]);
  });

  it("close none through a trylock", () => {
    const step = (pid: number, op: "acquire" | "trylock" | "release", name: string) => ({
      pid,
      text: `${op}(${name})`,
      locks: [use(op, name)],
    });
    const trace = makeTrace({
      lanes: lanes("a", "b"),
      steps: [
        step(1, "acquire", "x"),
        step(1, "acquire", "y"),
        step(1, "release", "y"),
        step(1, "release", "x"),
        step(2, "acquire", "y"),
        step(2, "trylock", "x"),
      ],
    });
    expect(pairs(lockOrders([trace]))).toEqual(["x > y", "y > x try"]);
    expect(cyclicOrders(lockOrders([trace]))).toEqual([]);
  });

  it("are drawn without a diagnostic", () => {
    const orders = lockOrders([nested, abba, queuedWriter, nasty]);
    const dot = lockGraphToDot(orders);
    expectGolden("locks.dot", dot);
    expect(viz.render(dot).errors).toEqual([]);
    const kinds: ["mutex", "wait"] = ["mutex", "wait"];
    const sides = { outer: `<"\\N&`, inner: "{|}", kinds };
    const odd = { ...sides, example: "", trylock: true, wait: false };
    expect(viz.render(lockGraphToDot([odd])).errors).toEqual([]);
  });
});
