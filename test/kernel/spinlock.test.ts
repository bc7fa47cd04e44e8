/**
 * Spinlocks and atomic context: whatever may sleep is a finding there, and costs nothing elsewhere.
 */
import { actor, array, type Effect, goto, routine, type StepOf, scalarset, shared } from "mmrace";
import {
  alloc_pages,
  cancel_work_sync,
  completion,
  cond_resched,
  cpus,
  disable_work_sync,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv,
  dma_resv_lock,
  dma_resv_lock_slow,
  down_read,
  down_write,
  flush_work,
  folio_lock,
  folio_lock_bit,
  folio_wait_locked,
  lru_add_drain_all,
  may_reclaim,
  mmu_interval_node,
  mmu_interval_notifier,
  mmu_interval_notifier_remove,
  mmu_interval_read_begin,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
  page_table_lock,
  preempt_count,
  preempt_disable,
  preempt_enable,
  rcu,
  rcu_read_lock,
  rcu_read_unlock,
  rw_semaphore,
  spin_lock,
  spin_trylock,
  spin_unlock,
  spinlock,
  srcu_read_lock,
  srcu_read_unlock,
  srcu_struct,
  synchronize_rcu,
  synchronize_srcu,
  wait_event,
  wait_for_completion,
  wait_queue_head,
  work_struct,
  ww_class,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { build, holds, run } from "./run.ts";

const sleepers = {
  mutex: mutex(),
  sem: rw_semaphore(),
  folio: folio_lock_bit(),
  resv: dma_resv({ ctx: true }),
  ctx: ww_class(),
  fence: dma_fence_slot(),
  done: completion(),
  wq: wait_queue_head(),
  work: work_struct(),
  srcu: srcu_struct(),
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(),
  node: mmu_interval_node(),
  cpus: cpus(),
};
const k = shared({
  ...sleepers,
  lock: spinlock(),
  rcu: rcu(2),
  preempt: preempt_count(),
});

describe("spinlock", () => {
  const client = actor("client", {}, () => ({
    lock: ["spin_lock(&lock)", spin_lock(k.lock)],
    unlock: ["spin_unlock(&lock)", spin_unlock(k.lock)],
  }));

  // As a mutex.
  it.each([1, 2, 4])("%i clients", (n) => {
    const outcome = run({ shared: k, actors: [client.times(n)] });
    expect(outcome).toMatchObject(holds(2 ** n + n * 2 ** (n - 1), n * 2 ** n));
  });

  it("trylock never waits", () => {
    const tries = actor("tries", {}, () => ({
      try: ["if (!spin_trylock(&lock)) return", spin_trylock(k.lock, [], [goto("done")])],
      unlock: ["spin_unlock(&lock)", spin_unlock(k.lock)],
    }));
    expect(run({ shared: k, actors: [tries.times(2)] }).states).toBe(3 ** 2 - 1);
  });

  it.each([
    ["recursive_lock", [spin_lock(k.lock)], [spin_lock(k.lock)]],
    ["unlock_by_stranger", [spin_unlock(k.lock)], []],
    ["lock_held_on_exit", [], [spin_lock(k.lock)]],
  ])("misuse: %s", (rule, first, second) => {
    const bad = actor("bad", {}, () => ({ a: ["first", ...first], b: ["second", ...second] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });
});

/** Everything that may sleep, as a step or a call. */
const nothing = routine("nothing", {}, () => ({ ok: ["reclaim"] }));
const sleeping: Record<string, StepOf<"done">> = {
  mutex_lock: ["mutex_lock()", mutex_lock(k.mutex)],
  down_read: ["down_read()", down_read(k.sem)],
  down_write: down_write(k.sem),
  folio_lock: ["folio_lock()", folio_lock(k.folio)],
  folio_wait_locked: ["folio_wait_locked()", folio_wait_locked(k.folio)],
  dma_resv_lock: ["dma_resv_lock()", dma_resv_lock(k.resv)],
  dma_resv_lock_slow: ["dma_resv_lock_slow()", dma_resv_lock_slow(k.resv, k.ctx)],
  dma_fence_wait: ["dma_fence_wait()", dma_fence_wait(k.fence)],
  wait_for_completion: ["wait_for_completion()", wait_for_completion(k.done)],
  wait_event: wait_event(k.wq, "done", k.done.all),
  flush_work: flush_work(k.work),
  cancel_work_sync: cancel_work_sync(k.work),
  disable_work_sync: disable_work_sync(k.work),
  synchronize_rcu: synchronize_rcu(k.rcu),
  synchronize_srcu: synchronize_srcu(k.srcu),
  mmu_interval_read_begin: mmu_interval_read_begin(k.sub),
  mmu_interval_notifier_remove: mmu_interval_notifier_remove(k.subs, k.node),
  mmu_notifier_invalidate_range_start: mmu_notifier_invalidate_range_start(k.subs, "X", []),
  lru_add_drain_all: lru_add_drain_all(k.cpus),
  cond_resched: ["cond_resched()", cond_resched(k.cpus)],
  alloc_gfp_kernel: alloc_pages("GFP_KERNEL", k.done.all, nothing),
  alloc_gfp_nofs: alloc_pages("GFP_NOFS", k.done.all, nothing),
  may_reclaim: may_reclaim("kmalloc(GFP_KERNEL)", nothing),
};
const atomic: [string, Effect, Effect][] = [
  ["a spinlock", spin_lock(k.lock), spin_unlock(k.lock)],
  ["rcu_read_lock()", rcu_read_lock(k.rcu), rcu_read_unlock(k.rcu)],
  ["preempt_disable()", preempt_disable(k.preempt), preempt_enable(k.preempt)],
];

describe("sleeping in atomic context", () => {
  const calls = Object.entries(sleeping).flatMap(([name, step]) =>
    atomic.map(([context, enter]) => [name, context, step, enter] as const),
  );

  it.each(calls)("%s under %s", (_name, _context, step, enter) => {
    const bad = actor("bad", {}, () => ({ enter: ["enter", enter], sleep: step }));
    const outcome = run({ shared: k, actors: [bad] });
    expect(outcome.verdict).toBe("sleep_in_atomic");
    expect(outcome.steps).toHaveLength(2);
  });

  it.each(atomic)("is over behind %s", (_context, enter, leave) => {
    const good = actor("good", {}, () => ({
      enter: ["enter", enter],
      leave: ["leave", leave],
      lock: ["mutex_lock()", mutex_lock(k.mutex)],
      unlock: ["mutex_unlock()", mutex_unlock(k.mutex)],
    }));
    expect(run({ shared: k, actors: [good] })).toMatchObject(holds(5, 4));
  });

  it("what does not sleep is allowed", () => {
    const good = actor("good", {}, () => ({
      lock: ["spin_lock()", spin_lock(k.lock), rcu_read_lock(k.rcu), rcu_read_lock(k.rcu)],
      alloc: alloc_pages("GFP_ATOMIC", k.done.all, nothing),
      nowait: alloc_pages("GFP_NOWAIT", k.done.all, nothing),
      unlock: [
        "spin_unlock()",
        rcu_read_unlock(k.rcu),
        rcu_read_unlock(k.rcu),
        spin_unlock(k.lock),
      ],
    }));
    const outcome = run({ shared: k, actors: [good] });
    expect(outcome).toMatchObject({ verdict: "holds", states: 8 });
  });

  it("an SRCU read section is no atomic context", () => {
    const good = actor("good", {}, () => ({
      lock: ["srcu_read_lock()", srcu_read_lock(k.srcu)],
      sleep: ["mutex_lock()", mutex_lock(k.mutex)],
      unlock: ["srcu_read_unlock()", mutex_unlock(k.mutex), srcu_read_unlock(k.srcu)],
    }));
    expect(run({ shared: k, actors: [good] })).toMatchObject(holds(4, 3));
  });

  it("is somebody else's context: who holds nothing may sleep", () => {
    const spins = actor("spins", {}, () => ({
      lock: ["spin_lock()", spin_lock(k.lock)],
      unlock: ["spin_unlock()", spin_unlock(k.lock)],
    }));
    const sleeps = actor("sleeps", {}, () => ({
      lock: ["mutex_lock()", mutex_lock(k.mutex)],
      unlock: ["mutex_unlock()", mutex_unlock(k.mutex)],
    }));
    expect(run({ shared: k, actors: [spins, sleeps] })).toMatchObject(holds(9, 12));
  });

  it("finds one lock of an array", () => {
    const Slot = scalarset("Slot", 2);
    const many = shared({ lock: array(Slot, spinlock()), mutex: mutex() });
    const bad = actor("bad", { slot: Slot.any() }, (me) => ({
      lock: ["spin_lock(&lock[slot])", spin_lock(many.lock.at(me.slot))],
      sleep: ["mutex_lock()", mutex_lock(many.mutex)],
    }));
    expect(run({ shared: many, actors: [bad] }).verdict).toBe("sleep_in_atomic");
  });

  it("leaves a spec without atomic locks as it is", () => {
    const plain = shared({ mutex: mutex() });
    const user = (m: typeof plain.mutex) =>
      actor("user", {}, () => ({
        lock: ["mutex_lock()", mutex_lock(m)],
        unlock: ["mutex_unlock()", mutex_unlock(m)],
      }));
    const steps = build({ shared: plain, actors: [user(plain.mutex)] }).actors[0]?.steps;
    const rules = steps?.flatMap((s) => s.body.map((e) => (e.kind === "assert" ? e.rule : e.kind)));
    expect(rules).toEqual([
      "lock",
      "recursive_lock",
      "wait",
      "set",
      "unlock_by_stranger",
      "lock",
      "set",
      "lock_held_on_exit",
    ]);
  });
});

describe("a page-table lock", () => {
  it("is not held across a notifier", () => {
    const mm = shared({ ptl: page_table_lock(), subs: mmu_notifier_subscriptions(1) });
    const bad = actor("bad", {}, () => ({
      lock: ["pte_offset_map_lock()", spin_lock(mm.ptl)],
      start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_CLEAR", []),
    }));
    const outcome = run({ shared: mm, actors: [bad] });
    expect(outcome.verdict).toBe("page_table_lock_across_notifier");
  });
});
