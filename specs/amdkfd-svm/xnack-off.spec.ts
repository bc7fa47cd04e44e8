/**
 * amdkfd SVM without XNACK: notifiers leave the GPU page tables alone and stop the user queues; a
 * delayed work maps what was invalidated and lets the queues run again.
 *
 * Claim    While the notifiers that have to stop the queues concern one range at a time
 *          (prange->lock puts them in a row), with munmap() and the deferred work beside them: no
 *          queue runs while a GPU page-table or TLB entry leads to a page that the CPU does not
 *          map there, the counters evicted_ranges and invalid lose no notifier, the queues run
 *          again in the end, and nobody deadlocks.
 * Source   drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_evict(), svm_range_restore_work(),
 *          svm_range_set_attr(), svm_range_deferred_list_work(); kfd_device_queue_manager.c:
 *          evict_process_queues_cpsch(); mm/hmm.c, mm/mmu_notifier.c.
 * Omits    VRAM (prefetch and the eviction of svm_bos); what spec.ts omits of ranges; several GPUs;
 *          failing preemption; the CPU's stores; the delay of the restore work, which is any time.
 */
import { all, claim, exists, some, spec } from "mmrace";
import { Page } from "mmrace/kernel";
import * as actors from "./actors-off.ts";
import { mutants } from "./mutants-off.ts";
import { at_rest, properties } from "./properties.ts";
import { k } from "./state.ts";
import { variants } from "./variants-off.ts";

const base = {
  pages: 1,
  sys_frames: 3,
  vram_frames: 0,
  versions: 1,
  gpu_stores: 1,
  munmaps: 1,
  workers: 1,
  compactions: 1,
  dontneeds: 0,
};

export default spec({
  name: "amdkfd-svm-xnack-off",
  doc: "amdkfd shared virtual memory without XNACK: notifiers stop the queues",
  configs: {
    ci: base,
    two_ranges: { ...base, pages: 2, sys_frames: 4, versions: 0, gpu_stores: 0 },
    deep: { ...base, dontneeds: 1 },
  },
  shared: k,
  actors: { ...actors },
  always: properties,
  at_rest: {
    ...at_rest,
    the_queues_run: claim(
      "at rest, nothing is evicted and the queues run",
      all(k.evicted_ranges.eq(0), k.queues.evicted.eq(0), k.queues.hw.eq("running")),
    ),
  },
  reachable: {
    the_queues_stop: k.queues.hw.eq("stopped"),
    a_notifier_counts_during_the_restore: some(actors.restore_worker, (t) =>
      t.at("restore_func.cmpxchg_evicted").and(k.evicted_ranges.ne(0), k.queues.hw.eq("stopped")),
    ),
    gpu_uses_system_memory: exists(Page, (p) => k.gpu.tlb.at(p).is("sys")),
  },
  mutants,
  variants,
});
