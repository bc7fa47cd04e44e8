/**
 * xe madvise splits a VMA of mirrored addresses: a range across the border is unbound, unmapped for
 * DMA and forgotten while the GPU still uses it.
 *
 * Claim    What the GPU's TLB leads to is mapped for DMA and not freed, if the madvise waits for
 *          the unbind before it unmaps and forgets the range.
 * Source   drivers/gpu/drm/xe/xe_vm_madvise.c: xe_vm_madvise_ioctl; xe_vm.c:
 *          vm_bind_ioctl_ops_parse, xe_vm_range_unbind; xe_svm.c: xe_svm_unmap_address_range,
 *          __xe_svm_garbage_collector, xe_svm_invalidate; xe_pt.c: xe_pt_update_ops_run;
 *          drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_unmap_pages, drm_gpusvm_range_remove.
 * Omits    vm->lock, which the madvise holds for write and no notifier takes; pages in VRAM, which
 *          are evicted first, by which their notifier zaps; several ranges and tiles; mmap_lock.
 */
import {
  actor,
  bool,
  claim,
  goto,
  idle,
  lockEvent,
  remove,
  set,
  shared,
  some,
  spec,
  struct,
  wait,
  when,
} from "mmrace";
import { down_read, down_write, rw_semaphore, up_read, up_write } from "mmrace/kernel";

const k = shared({
  notifier_lock: rw_semaphore(), // gpusvm->notifier_lock
  page_in_use: bool.init(true), // by the mm that is mirrored
  range: struct("xe_svm_range", {
    in_tree: bool.init(true),
    tile_present: bool.init(true),
    has_dma_mapping: bool.init(true),
  }),
  gpu_pte: bool.init(true),
  tlb: bool.init(true),
  /** The unbind: its jobs, and the fence that is signalled when the last one is done. */
  unbind: struct("unbind", { pt_update: bool, in_resv: bool, signaled: bool }),
  /** A flush that a notifier has asked for. */
  flush: bool,
});

const resv_wait = [
  lockEvent({ op: "wait", mode: "exclusive", lock: "wait", class: "vm_fences", index: [] }),
  wait(k.unbind.in_resv.implies(k.unbind.signaled)),
];

const madvise = actor("madvise", {}, () => ({
  pre_commit: ["xe_pt_svm_userptr_pre_commit(): down_read()", down_read(k.notifier_lock)],
  push_job: [
    "xe_migrate_update_pgtables(): the PTEs are cleared by a job",
    set(k.unbind.pt_update, true),
  ],
  add_fence: [
    "xe_tlb_inval_job_push(); dma_resv_add_fence(vm resv, fence)",
    set(k.unbind.in_resv, true),
  ],
  commit: ["op_commit(): range->tile_present = 0", set(k.range.tile_present, false)],
  commit_unlock: ["xe_pt_svm_userptr_notifier_unlock(vm)", up_read(k.notifier_lock)],
  fence_wait: ["dma_fence_wait(fence, false) /* not in 7.3 */", ...resv_wait],
  unmap_lock: ["drm_gpusvm_unmap_pages(): down_read()", down_read(k.notifier_lock)],
  dma_unmap: ["__drm_gpusvm_unmap_pages()", set(k.range.has_dma_mapping, false)],
  unmap_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
  remove_lock: ["drm_gpusvm_range_remove(): down_read()", down_read(k.notifier_lock)],
  remove: ["__drm_gpusvm_range_remove()", set(k.range.in_tree, false)],
  remove_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
  zap_wait: ["xe_zap_ptes_in_madvise_range(): dma_resv_wait_timeout(BOOKKEEP)", ...resv_wait],
})).as("xe_vm_madvise_ioctl()");

const dontneed = actor("dontneed", {}, () => ({
  start: ["mmu_notifier_invalidate_range_start()"],
  notifier_lock: down_write(k.notifier_lock),
  range_find: [
    "xe_svm_invalidate(): if (!drm_gpusvm_range_find()) return",
    when(k.range.in_tree.not(), [goto("unlock")]),
  ],
  resv_wait: ["dma_resv_wait_timeout(vm resv, BOOKKEEP)", ...resv_wait],
  zap: [
    "xe_pt_zap_ptes_range(): if (tile_present)",
    when(k.range.tile_present.not(), [goto("dma_unmap")]),
    set(k.gpu_pte, false),
  ],
  tlb_submit: ["xe_tlb_inval_range_tilemask_submit()", set(k.flush, true)],
  tlb_wait: ["xe_tlb_inval_batch_wait()", wait(k.flush.not())],
  dma_unmap: ["drm_gpusvm_unmap_pages()", set(k.range.has_dma_mapping, false)],
  unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
  zap_pte: ["zap_pte_range(); tlb_finish_mmu(): the page is freed", set(k.page_in_use, false)],
})).as("madvise(MADV_DONTNEED) of the CPU");

const migrate_queue = actor("migrate_queue", {}, () => ({
  run: [
    "the unbind job clears the PTEs",
    idle(),
    wait(k.unbind.pt_update),
    set(k.unbind.pt_update, false),
    set(k.gpu_pte, false),
  ],
  tlb_inval: [
    "xe_tlb_inval_job_run(): the GuC flushes, the fence is signalled",
    set(k.tlb, false),
    set(k.unbind.signaled, true),
    goto("run"),
  ],
})).as("migration queue, TLB invalidation jobs");

const gpu = actor("gpu", {}, () => ({
  flush: [
    "the GuC completes the flush of the notifier",
    idle(),
    wait(k.flush),
    set(k.tlb, false),
    set(k.flush, false),
    goto("flush"),
  ],
}));

const gpu_tlb = actor("gpu_tlb", {}, () => ({
  fill: ["the GPU caches the PTE", idle(), wait(k.gpu_pte), set(k.tlb, true), goto("fill")],
}));

const as_in_7_3 = [remove(madvise, "fence_wait")];

export default spec({
  name: "c6-xe-madvise-remap",
  doc: "C6: xe madvise forgets a range whose unbind is under way",
  configs: { ci: {} },
  shared: k,
  actors: { madvise, dontneed, migrate_queue, gpu, gpu_tlb },
  always: {
    dma_mapped_while_the_gpu_uses_it: claim(
      "what the TLB leads to is mapped for DMA",
      k.tlb.implies(k.range.has_dma_mapping),
    ),
    no_gpu_access_to_a_freed_page: claim(
      "the GPU's TLB leads to no page that the kernel took back",
      k.tlb.implies(k.page_in_use),
    ),
  },
  reachable: {
    notifier_waits_for_the_unbind: some(dontneed, (d) => d.at("resv_wait")).and(
      k.unbind.in_resv.and(k.unbind.signaled.not()),
    ),
    notifier_finds_no_range: some(dontneed, (d) => d.at("unlock")).and(k.range.in_tree.not()),
  },
  variants: {
    as_in_7_3: {
      doc: "the fence of the unbind is put, not waited for",
      from: "C6",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: as_in_7_3,
    },
    no_iommu_as_in_7_3: {
      doc: "the same where nothing has to be unmapped for DMA: the page itself is reached",
      from: "C6",
      breaks: "no_gpu_access_to_a_freed_page",
      change: [...as_in_7_3, remove(madvise, "dma_unmap"), remove(dontneed, "dma_unmap")],
    },
  },
  mutants: {
    notifier_does_not_wait_for_the_unbind: {
      doc: "tile_present is clear, so nothing is flushed, and the fence is not waited for",
      from: "D3",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [remove(dontneed, "resv_wait")],
    },
  },
});
