/** Bind and unbind jobs, preemption fences, and the threads that take a page away. */
import { actor, choose, every, exists, goto, idle, none, set, shared, wait } from "mmrace";
import {
  add_bind_fence,
  bind_job,
  bind_jobs_wait,
  compaction_actor,
  device_mmu,
  dontneed_actor,
  Frame,
  munmap_actor,
  mutex,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  Page,
  preempt_fence,
  preempt_fence_resume,
  preempt_fence_wait,
  preempt_fence_work,
  push_bind,
  push_unbind,
  queue_suspends,
  run_bind,
  run_unbind,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { invalidate, setup, sizes, k as world } from "./world.ts";

describe("bind jobs", () => {
  const k = shared({ gpu: device_mmu(), bind: bind_job(), unbind: bind_job() });
  const one = { pages: 1, sys_frames: 1, vram_frames: 0, versions: 1 };
  const bind = actor("bind", { page: Page, frame: Frame }, (me) => ({
    push: [
      "xe_sched_job_push()",
      choose(me.page),
      choose(me.frame),
      ...push_bind(k.bind, me.page, me.frame),
    ],
    add_fence: ["dma_resv_add_fence(fence, BOOKKEEP)", add_bind_fence(k.bind)],
  }));
  const gpu = actor("gpu", {}, () => ({
    bind: ["the bind job runs", idle(), wait(k.bind.queued), ...run_bind(k.gpu, k.bind)],
    unbind: ["the unbind job runs", idle(), wait(k.unbind.queued), ...run_unbind(k.gpu, k.unbind)],
  }));
  const unbind = actor("unbind", { page: Page }, (me) => ({
    wait: ["dma_resv_wait_timeout(BOOKKEEP)", idle(), wait(k.bind.in_resv)],
    bound: ["  the bind is done", ...bind_jobs_wait([k.bind])],
    push: [
      "xe_vm_range_unbind()",
      choose(me.page, k.gpu.pte.at(me.page).ne(none)),
      ...push_unbind(k.unbind, me.page),
    ],
  }));

  it("the job may be done before its fence is added, and the fence with it", () => {
    const idle_again = k.bind.queued.not().and(k.bind.in_resv.not(), k.bind.page.eq(none));
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [bind, gpu],
      at_rest: { idle_again },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 5, transitions: 5 });
  });

  it("who waits for the fences finds the page mapped, and an unbind clears it", () => {
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [bind, gpu, unbind],
      reachable: { unbound: every(unbind, (u) => u.at("done")) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 10 });
  });
});

describe("preemption fences", () => {
  const k = shared({ fence: preempt_fence(), lock: mutex() });
  const evict = actor("evict", {}, () => ({
    wait: preempt_fence_wait(k.fence),
    move: ["the queue does not run: move its memory"],
    resume: ["preempt_rebind_work_func(): resume", preempt_fence_resume(k.fence)],
  }));
  const others = [queue_suspends(k.fence), preempt_fence_work(k.fence)];
  const runs_nowhere = every(evict, (e) => e.at("move").implies(k.fence.queue.eq("suspended")));

  // enable_signaling; the work and the suspension, in either order; suspend_wait, signal; wait,
  // move, resume.
  it("one eviction: suspended, moved, resumed with a new fence", () => {
    const outcome = run({ shared: k, actors: [evict, ...others], always: { runs_nowhere } });
    expect(outcome).toMatchObject(holds(10, 10));
  });

  it("misuse: resumed_while_running", () => {
    const early = actor("early", {}, () => ({ resume: ["resume", preempt_fence_resume(k.fence)] }));
    expect(run({ shared: k, actors: [early] }).verdict).toBe("resumed_while_running");
  });

  it("misuse: the waiter holds a lock that the way to the signal needs", () => {
    const holder = actor("holder", {}, () => ({
      lock: ["mutex_lock(&lock)", mutex_lock(k.lock)],
      wait: preempt_fence_wait(k.fence),
      unlock: ["mutex_unlock(&lock)", mutex_unlock(k.lock)],
    }));
    const work = actor("work", {}, () => ({
      work: ["preempt_fence_work_func()", idle(), wait(k.fence.queue.eq("suspended"))],
      lock: ["mutex_lock(&lock)", mutex_lock(k.lock)],
      signal: ["dma_fence_signal()", set(k.fence.pending, false)],
      unlock: ["mutex_unlock(&lock)", mutex_unlock(k.lock), goto("done")],
    }));
    const outcome = run({ shared: k, actors: [holder, queue_suspends(k.fence), work] });
    expect(outcome.verdict).toBe("deadlock");
  });
});

describe("who takes a page away", () => {
  const mm = [world.mm, world.folio, invalidate] as const;
  const always = { no_free_while_mapped: no_free_while_mapped(world.mm, world.folio) };
  const mapped = exists(Page, (p) => world.mm.pte.at(p).kind.ne("none"));

  it.each([
    ["munmap()", munmap_actor(...mm), 48],
    ["MADV_DONTNEED", dontneed_actor(...mm), 39],
  ] as const)("%s of any page, also of one that is not mapped", (_, taker, states) => {
    const actors = [setup("present"), taker];
    const outcome = run({ shared: world, sizes, actors, always, reachable: { mapped } });
    expect(outcome).toMatchObject({ verdict: "holds", states });
  });

  it("compaction moves a page or leaves it", () => {
    const actors = [setup("present"), compaction_actor(...mm)];
    const outcome = run({ shared: world, sizes, actors, always, at_rest: { mapped } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 37 });
  });
});
