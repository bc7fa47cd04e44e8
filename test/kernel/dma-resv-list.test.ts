/**
 * Usage classes of fences: who waits for whom, promotion, what a wait without the lock may miss.
 */
import {
  actor,
  choose,
  every,
  exists,
  goto,
  idle,
  none,
  scalarset,
  set,
  shared,
  some,
  wait,
} from "mmrace";
import {
  type DmaResvUsage,
  dma_fence_init,
  dma_fence_signal_all,
  dma_fences,
  dma_resv,
  dma_resv_list,
  dma_resv_list_add,
  dma_resv_lock,
  dma_resv_reserve_fences,
  dma_resv_test_signaled,
  dma_resv_unlock,
  dma_resv_wait_timeout,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const Fence = scalarset("Fence", 2);
const k = shared({ resv: dma_resv(), list: dma_resv_list(Fence, 2), fences: dma_fences(Fence) });
const classes = ["kernel", "write", "read", "bookkeep"] as const;

/** Adds a fence of the class to the dma_resv, under its lock. */
const submit = (name: string, ...usages: DmaResvUsage[]) =>
  actor(name, { fence: Fence }, (me) => ({
    init: [
      "dma_fence_init()",
      choose(me.fence, k.fences.pending.at(me.fence).not()),
      dma_fence_init(k.fences, me.fence),
    ],
    lock: ["dma_resv_lock(obj, NULL)", dma_resv_lock(k.resv)],
    reserve: ["dma_resv_reserve_fences()", dma_resv_reserve_fences(k.resv, k.list, usages.length)],
    add: [
      "dma_resv_add_fence()",
      ...usages.map((u) => dma_resv_list_add(k.resv, k.list, me.fence, u)),
    ],
    unlock: ["dma_resv_unlock(obj)", dma_resv_unlock(k.resv)],
  }));
const waits = (usage: DmaResvUsage) =>
  actor("waits", {}, () => ({
    begin: ["when there is a fence", idle(), wait(has_fence)],
    wait: dma_resv_wait_timeout(Fence, k.fences, k.list, usage),
    through: ["goes on"],
  }));
const has_fence = exists(Fence, (f) => k.list.usage.at(f).ne("none"));
const engine = actor("engine", { fence: Fence }, (me) => ({
  signal: [
    "dma_fence_signal()",
    idle(),
    choose(me.fence, k.list.usage.at(me.fence).ne("none")),
    dma_fence_signal_all(k.fences, me.fence, [k.list]),
    goto("signal"),
  ],
}));

describe("usage classes", () => {
  // Nobody signals: whoever has to wait is stuck.
  const pairs = classes.flatMap((asked, i) =>
    classes.map((added, j) => [asked, added, j <= i] as const),
  );
  it.each(pairs)("a wait for %s, a %s fence: waits %s", (asked, added, stuck) => {
    const outcome = run({ shared: k, actors: [submit("job", added), waits(asked)] });
    expect(outcome.verdict).toBe(stuck ? "deadlock" : "holds");
  });

  it("a fence may be promoted, never demoted", () => {
    const both = (...usages: DmaResvUsage[]) =>
      run({ shared: k, actors: [submit("job", ...usages), waits("kernel")] }).verdict;
    expect(both("bookkeep", "kernel")).toBe("deadlock");
    expect(both("kernel", "bookkeep")).toBe("deadlock");
    expect(both("bookkeep", "write")).toBe("holds");
  });

  it("a wait ends when they have signalled", () => {
    const who = waits("bookkeep");
    const outcome = run({
      shared: k,
      actors: [submit("job", "read"), who, engine],
      at_rest: { idle: dma_resv_test_signaled(Fence, k.fences, k.list, "bookkeep") },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 29, findings: [] });
  });

  it("a wait without the lock does not see a fence that is added meanwhile", () => {
    const who = waits("bookkeep");
    const busy = dma_resv_test_signaled(Fence, k.fences, k.list, "bookkeep").not();
    const outcome = run({
      shared: k,
      actors: [submit("first", "bookkeep"), submit("second", "bookkeep"), who, engine],
      reachable: { through_while_busy: some(who, (w) => w.at("through").and(busy)) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("with the lock it does", () => {
    const locked = actor("locked", {}, () => ({
      lock: ["dma_resv_lock(obj, NULL)", dma_resv_lock(k.resv)],
      wait: dma_resv_wait_timeout(Fence, k.fences, k.list, "bookkeep"),
      through: ["goes on"],
      unlock: ["dma_resv_unlock(obj)", dma_resv_unlock(k.resv)],
    }));
    const busy = dma_resv_test_signaled(Fence, k.fences, k.list, "bookkeep").not();
    const all_signalled = every(locked, (w) => w.at("through", "unlock").and(busy).not());
    const outcome = run({
      shared: k,
      actors: [submit("first", "bookkeep"), submit("second", "bookkeep"), locked, engine],
      always: { all_signalled },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });
});

describe("misuse", () => {
  const bad = (...effects: ReturnType<typeof dma_resv_lock>[]) =>
    actor("bad", { fence: Fence }, (me) => ({
      pick: ["a fence", choose(me.fence)],
      lock: ["dma_resv_lock(obj, NULL)", dma_resv_lock(k.resv)],
      add: ["add", ...effects, dma_resv_list_add(k.resv, k.list, me.fence, "write")],
      unlock: ["dma_resv_unlock(obj)", dma_resv_unlock(k.resv), set(me.fence, none)],
    }));

  it("lock_not_held, fence_slot_not_reserved", () => {
    expect(run({ shared: k, actors: [bad(dma_resv_unlock(k.resv))] }).verdict).toBe(
      "lock_not_held",
    );
    expect(run({ shared: k, actors: [bad()] }).verdict).toBe("fence_slot_not_reserved");
    const reserved = bad(dma_resv_reserve_fences(k.resv, k.list));
    expect(run({ shared: k, actors: [reserved] }).verdict).toBe("holds");
  });

  it("fence_pending_twice", () => {
    const twice = actor("twice", { fence: Fence }, (me) => ({
      pick: ["a fence", choose(me.fence)],
      init: ["dma_fence_init()", dma_fence_init(k.fences, me.fence)],
      again: ["dma_fence_init()", dma_fence_init(k.fences, me.fence)],
    }));
    expect(run({ shared: k, actors: [twice] }).verdict).toBe("fence_pending_twice");
  });
});
