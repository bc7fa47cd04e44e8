/** One page that a device mirrors: who maps it, and who takes it away. T1 and T2 are about it. */
import {
  actor,
  all,
  array,
  bool,
  choose,
  claim,
  type Expr,
  every,
  goto,
  idle,
  type Member,
  none,
  type Routine,
  retry,
  routine,
  scalarset,
  set,
  shared,
  size,
  wait,
  when,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv_add_fence,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

export const Frame = scalarset("Frame", 2);

export const k = shared({
  subs: mmu_notifier_subscriptions(size("invalidations")),
  sub: mmu_interval_notifier(),
  update: mutex(), // driver->update
  cpu_pte: Frame,
  gpu_pte: Frame,
  tlb: Frame,
  /** A TLB flush was submitted and has not completed. */
  flush: dma_fence_slot(),
  /** What the bind job is going to write. */
  bind: Frame,
  bind_fence: dma_fence_slot(),
  dma_mapped: array(Frame, bool),
  /** The address that the driver has mapped for DMA, of which frame. */
  dma_addr: Frame,
});

/** The GPU faults on the page, and maps what the CPU maps there. */
export const gpu_fault = actor("gpu_fault", { pfn: Frame }, (me) => ({
  fault: ["the GPU faults on the page", idle(), wait(k.gpu_pte.eq(none))],
  again: mmu_interval_read_begin(k.sub),
  range_fault: [
    "hmm_range_fault(): the CPU's entry",
    set(me.pfn, k.cpu_pte),
    when(me.pfn.eq(none), [mmu_interval_read_end(k.sub), goto("done")]),
  ],
  lock: ["take_lock(driver->update)", mutex_lock(k.update)],
  read_retry: [
    "if (mmu_interval_read_retry()) { release_lock(); goto again; }",
    when(mmu_interval_read_retry(k.sub), [mutex_unlock(k.update), retry(), goto("again")]),
  ],
  dma_map: ["dma_map_page()", set(k.dma_mapped.at(me.pfn), true), set(k.dma_addr, me.pfn)],
  publish: [
    "dma_resv_add_fence(): the bind job writes the entry some time",
    dma_resv_add_fence(k.bind_fence),
    set(k.bind, me.pfn),
  ],
  unlock: ["release_lock(driver->update)", mutex_unlock(k.update), mmu_interval_read_end(k.sub)],
}))
  .times(size("gpu_faults"))
  .as("GPU fault worker");

export const bind_job = actor("bind_job", {}, () => ({
  run: ["the bind job runs", idle(), wait(k.bind.ne(none))],
  write: ["write the device PTE", set(k.gpu_pte, k.bind), set(k.bind, none)],
  // The slot is pending while a bind is: dma_resv_wait_timeout() waits for the fence of each.
  signal: [
    "dma_fence_signal(bind)",
    when(k.bind.eq(none), [dma_fence_signal(k.bind_fence)]),
    goto("run"),
  ],
})).as("copy engine");

/** The driver's callback: the first of the two sections. */
export const invalidate = routine("invalidate", {}, () => ({
  lock: ["take_lock(driver->update)", mutex_lock(k.update)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  bind_wait: ["dma_resv_wait_timeout(): binds under way", dma_fence_wait(k.bind_fence)],
  zap: [
    "clear the device PTE; submit the TLB flush, unless there was none",
    when(k.gpu_pte.ne(none), [set(k.gpu_pte, none), dma_resv_add_fence(k.flush)]),
  ],
  flush_wait: ["wait for the TLB flush", dma_fence_wait(k.flush)],
  dma_unmap: [
    "dma_unmap_page()",
    when(k.dma_addr.ne(none), [set(k.dma_mapped.at(k.dma_addr), false), set(k.dma_addr, none)]),
  ],
  unlock: ["release_lock(driver->update)", mutex_unlock(k.update)],
}));

/** MADV_DONTNEED, reclaim, migration: any of them, several at a time. */
export function invalidation_by(name: string, { cb, finish }: { cb: Routine; finish?: Routine }) {
  return actor(name, {}, () => ({
    call: ["the mm takes the page"],
    start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [cb]),
    ...(finish ? { finish } : {}),
    zap: ["ptep_get_and_clear(); the page is free", set(k.cpu_pte, none)],
    end: [
      "mmu_notifier_invalidate_range_end()",
      mmu_notifier_invalidate_range_end(k.subs, [k.sub]),
    ],
  }))
    .times(size("invalidations"))
    .as("who takes the page");
}

export const cpu_fault = actor("cpu_fault", { page: Frame }, (me) => ({
  fault: [
    "do_anonymous_page(): any free page",
    idle(),
    choose(me.page, k.cpu_pte.eq(none)),
    set(k.cpu_pte, me.page),
    set(me.page, none),
    goto("fault"),
  ],
})).as("CPU fault");

export const gpu_tlb = actor("gpu_tlb", {}, () => ({
  fill: [
    "the TLB caches the entry",
    idle(),
    wait(k.gpu_pte.ne(none).and(k.tlb.eq(none))),
    set(k.tlb, k.gpu_pte),
    goto("fill"),
  ],
})).as("device TLB");

export const flush = actor("flush", {}, () => ({
  complete: [
    "the flush completes",
    idle(),
    wait(k.flush.pending),
    set(k.tlb, none),
    dma_fence_signal(k.flush),
    goto("complete"),
  ],
})).as("device TLB flush");

/** The device can reach this frame. */
export const leads_to_frame = (f: Expr<Member<"Frame">>) => k.gpu_pte.eq(f).or(k.tlb.eq(f));

export const no_stale_gpu_pte = claim(
  "the entry and the TLB lead only where the CPU's entry leads",
  k.gpu_pte.in(none, k.cpu_pte).and(k.tlb.in(none, k.cpu_pte)),
);

export const nothing_after_the_callback = (...who: ReturnType<typeof invalidation_by>[]) =>
  claim(
    "from the return of a callback to the end of its invalidation the device reaches nothing",
    all(
      ...who.map((actor) =>
        every(actor, (t) => t.at("zap", "end").implies(k.gpu_pte.eq(none).and(k.tlb.eq(none)))),
      ),
    ),
  );
