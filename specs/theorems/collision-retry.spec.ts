/**
 * Theorem T1, the collision-retry template: two sections under one lock, and no device access to a
 * page that the mm takes back, however many notifiers there are.
 *
 * Claim    Let {set_seq, zap, flush and wait, DMA unmap} be one section of the driver's lock, and
 *          {retry check, DMA map, publish the bind} another. Then no entry and no translation
 *          outlives the CPU's entry (P1), none leads to an address that is not mapped for DMA (P3),
 *          and between the return of a callback and the end of its invalidation nothing is mapped
 *          at all (P12). Each mutant takes one member out of its section.
 * Source   Documentation/mm/hmm.rst; mm/mmu_notifier.c: mn_itree_invalidate;
 *          drivers/infiniband/core/umem_odp.c: ib_umem_odp_map_dma_and_lock;
 *          drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_get_pages.
 * Omits    mmap_lock, the walk of the page table (the snapshot is one step), the contents of pages.
 */
import {
  forall,
  goto,
  insert_before,
  move_after,
  none,
  remove,
  retry,
  some,
  spec,
  when,
} from "mmrace";
import { mmu_interval_read_retry } from "mmrace/kernel";
import {
  bind_job,
  cpu_fault,
  Frame,
  flush,
  gpu_fault,
  gpu_tlb,
  invalidate,
  invalidation_by,
  k,
  leads_to_frame,
  no_stale_gpu_pte,
  nothing_after_the_callback,
} from "./one-page.ts";

const invalidation = invalidation_by("invalidation", { cb: invalidate });

export default spec({
  name: "theorem-collision-retry",
  doc: "T1: two sections under one lock, for any number of notifiers",
  configs: {
    ci: { invalidations: 2, gpu_faults: 1 },
    deep: { invalidations: 3, gpu_faults: 2 },
  },
  shared: k,
  actors: { gpu_fault, bind_job, invalidation, cpu_fault, gpu_tlb, flush },
  always: {
    no_stale_gpu_pte,
    dma_mapped_while_the_gpu_uses_it: forall(Frame, (f) =>
      leads_to_frame(f).implies(k.dma_mapped.at(f)),
    ),
    nothing_after_the_callback: nothing_after_the_callback(invalidation),
  },
  reachable: {
    fault_loses_the_race: some(gpu_fault, (t) =>
      t.at("read_retry").and(k.sub.read.at(t.proc).eq("stale")),
    ),
    gpu_uses_the_page: k.gpu_pte.ne(none).and(k.tlb.ne(none)),
    callback_waits_for_the_bind: some(invalidation, (t) =>
      t.at("start.cb.bind_wait").and(k.bind_fence.pending),
    ),
  },
  mutants: {
    set_seq_outside: {
      doc: "the number is set after the unlock",
      from: "T1, M5",
      breaks: "nothing_after_the_callback",
      change: [move_after(invalidation, "start.cb.set_seq", "start.cb.unlock")],
    },
    retry_check_outside: {
      doc: "the check is made before the lock",
      from: "T1, D1",
      breaks: "nothing_after_the_callback",
      change: [
        remove(gpu_fault, "read_retry"),
        insert_before(gpu_fault, "lock", {
          retry_unlocked: [
            "if (mmu_interval_read_retry()) goto again",
            when(mmu_interval_read_retry(k.sub), [retry(), goto("again")]),
          ],
        }),
      ],
    },
    bind_published_outside: {
      doc: "the fence of the bind is added after the unlock",
      from: "T1, D4",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [move_after(gpu_fault, "publish", "unlock")],
    },
    bind_not_waited_for: {
      doc: "the zap comes before an entry that is being written",
      from: "T1, D3",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [remove(invalidation, "start.cb.bind_wait")],
    },
    flush_wait_outside: {
      doc: "the flush is waited for after the unlock: another notifier is through before",
      from: "T1, T2",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [move_after(invalidation, "start.cb.flush_wait", "start.cb.unlock")],
    },
    dma_unmapped_before_the_flush: {
      from: "T1, D5",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [move_after(invalidation, "start.cb.dma_unmap", "start.cb.zap")],
    },
  },
});
