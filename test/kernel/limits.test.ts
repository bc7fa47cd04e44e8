/** Waits with a time limit, queues that stop, faults that are replayed. */
import { actor, all, bool, exists, goto, idle, none, set, shared, some, wait, when } from "mmrace";
import {
  complete,
  completion,
  device_mmu,
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait_timeout,
  dma_resv_add_fence,
  Frame,
  fault_ack,
  fault_queue,
  fault_queue_pop,
  gpu_access,
  kgd2kfd_quiesce_mm,
  kgd2kfd_resume_mm,
  Page,
  user_queues,
  wait_for_completion_timeout,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

describe("waits with a time limit", () => {
  const k = shared({ fence: dma_fence_slot(), done: completion(1) });
  const waiter = actor("waiter", { expired: bool }, (me) => ({
    add: ["dma_resv_add_fence()", dma_resv_add_fence(k.fence)],
    wait: ["dma_fence_wait_timeout()", dma_fence_wait_timeout(k.fence, me.expired)],
    look: ["if (!ret)", when(me.expired, [goto("done")])],
    used: ["the buffer is used"],
  }));
  const gpu = actor("gpu", {}, () => ({
    signal: ["dma_fence_signal()", wait(k.fence.pending), dma_fence_signal(k.fence)],
  }));
  const in_time = some(waiter, (w) => w.at("used"));

  it("end when the fence signals, or at any moment", () => {
    const expired = some(waiter, (w) => w.at("done")).and(k.fence.pending);
    const outcome = run({
      shared: k,
      actors: [waiter, gpu],
      always: { only_signalled: in_time.implies(k.fence.pending.not()) },
      reachable: { in_time, expired },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("a fence that never signals: no deadlock", () => {
    expect(run({ shared: k, actors: [waiter] }).verdict).toBe("holds");
  });

  it("a completion that came too late stays", () => {
    const waits = actor("waits", { expired: bool }, (me) => ({
      wait: ["wait_for_completion_timeout()", wait_for_completion_timeout(k.done, me.expired)],
    }));
    const completes = actor("completes", {}, () => ({ c: ["complete()", complete(k.done)] }));
    const left = k.done.done.eq(1);
    const outcome = run({
      shared: k,
      actors: [waits, completes],
      reachable: {
        left: all(
          left,
          some(waits, (w) => w.at("done")),
        ),
      },
    });
    // Nothing, completed, expired, both, completed and taken.
    expect(outcome).toMatchObject(holds(5, 5));
  });
});

describe("user queues", () => {
  const k = shared({ queues: user_queues(2) });
  const evict = actor("evict", {}, () => ({
    quiesce: kgd2kfd_quiesce_mm(k.queues),
    stopped: ["the queues do not run"],
    resume: kgd2kfd_resume_mm(k.queues),
  }));
  const device = actor("device", {}, () => ({
    preempt: [
      "the queues are preempted",
      idle(),
      wait(k.queues.hw.eq("preempting")),
      set(k.queues.hw, "stopped"),
      goto("preempt"),
    ],
  }));

  it("two evictions: whoever returns from quiesce finds them stopped", () => {
    const stopped = some(evict, (e) => e.at("stopped"));
    const outcome = run({
      shared: k,
      actors: [evict.times(2), device],
      always: { quiesced: stopped.implies(k.queues.hw.eq("stopped")) },
      at_rest: { runs: all(k.queues.hw.eq("running"), k.queues.evicted.eq(0)) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 60, findings: [] });
  });
});

describe("the fault queue", () => {
  const k = shared({ gpu: device_mmu(), q: fault_queue() });
  const worker = actor("worker", { page: Page, frame: Frame }, (me) => ({
    pop: ["xe_pagefault_queue_pop()", idle(), ...fault_queue_pop(k.q, me.page)],
    serve: ["write the entry, or not yet"],
    ack: ["xe_pagefault_ack()", fault_ack(k.q, me.page, true), goto("pop")],
  }));

  it("what has no translation after the acknowledgement faults again", () => {
    const again = some(worker, (w) => w.at("pop")).and(
      exists(Page, (p) => k.q.fault.at(p).eq("queued").and(k.gpu.pte.at(p).eq(none))),
    );
    const outcome = run({
      shared: k,
      sizes: { pages: 1, sys_frames: 1, vram_frames: 0, versions: 0 },
      actors: [gpu_access(k.gpu, k.q), worker],
      reachable: { again },
    });
    // Nobody, queued, being served at two places.
    expect(outcome).toMatchObject(holds(4, 4));
  });
});
