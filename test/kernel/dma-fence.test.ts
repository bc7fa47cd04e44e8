/** A fence slot: added, waited for, signalled. */
import { actor, every, goto, idle, shared, wait } from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv_add_fence,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ fence: dma_fence_slot(), lock: mutex() });
const submit = actor("submit", {}, () => ({
  add: ["dma_resv_add_fence()", dma_resv_add_fence(k.fence)],
  wait: ["dma_fence_wait()", dma_fence_wait(k.fence)],
}));
const engine = actor("engine", {}, () => ({
  run: [
    "the job ends: dma_fence_signal()",
    idle(),
    wait(k.fence.pending),
    dma_fence_signal(k.fence),
  ],
  again: ["next", goto("run")],
}));

describe("dma_fence", () => {
  it("a waiter goes on when it has signalled", () => {
    const waited = every(submit, (s) => s.at("done").implies(k.fence.pending.not()));
    // submit: before; added and pending; added and signalled; behind. The engine is at `run`, and
    // at `again` only behind the signal.
    const outcome = run({ shared: k, actors: [submit, engine], always: { waited } });
    expect(outcome).toMatchObject(holds(6, 6));
  });

  it("nobody signals it", () => {
    expect(run({ shared: k, actors: [submit] })).toMatchObject({ verdict: "deadlock" });
  });

  it("the signalling path needs a lock that the waiter holds", () => {
    const waits = actor("waits", {}, () => ({
      add: ["dma_resv_add_fence()", dma_resv_add_fence(k.fence)],
      lock: ["mutex_lock()", mutex_lock(k.lock)],
      wait: ["dma_fence_wait()", dma_fence_wait(k.fence)],
      unlock: ["mutex_unlock()", mutex_unlock(k.lock)],
    }));
    const signals = actor("signals", {}, () => ({
      work: ["wait for the job", wait(k.fence.pending)],
      lock: ["mutex_lock()", mutex_lock(k.lock)],
      signal: ["dma_fence_signal()", dma_fence_signal(k.fence), mutex_unlock(k.lock)],
    }));
    expect(run({ shared: k, actors: [waits, signals] })).toMatchObject({
      verdict: "deadlock",
      steps: ["waits.add", "waits.lock", "signals.work"],
    });
  });
});
