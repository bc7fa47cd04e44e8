/**
 * xe invalidates two neighbouring ranges, and for each of them computes the interval to flush anew:
 * the head of the first range is not in the interval any more.
 *
 * Claim    What the GPU's TLB leads to is mapped for DMA and not freed: chunks are naturally
 *          aligned, and the smallest aligned power of two around an interval that crosses the end
 *          of a chunk contains the whole chunk. A flush of exactly the interval would not do.
 * Source   drivers/gpu/drm/xe/xe_svm.c: xe_svm_invalidate, xe_svm_range_notifier_event_begin,
 *          xe_svm_range_notifier_event_end; xe_guc_tlb_inval.c: normalize_invalidation_range;
 *          drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_range_chunk_size.
 * Omits    GPU faults that would map again; vm fences; page-table entries of the second range (it
 *          is always flushed); tiles; the flush of everything, which has no interval.
 */
import {
  actor,
  all,
  bool,
  claim,
  goto,
  idle,
  insert_before,
  remove,
  replace,
  set,
  shared,
  some,
  spec,
  struct,
  wait,
  when,
} from "mmrace";
import { down_write, rw_semaphore, up_write } from "mmrace/kernel";

/** What the GPU and the mm have of a page. */
const page = struct("page", {
  gpu_pte: bool.init(true),
  tlb: bool.init(true),
  in_use: bool.init(true),
});

const k = shared({
  notifier_lock: rw_semaphore(), // gpusvm->notifier_lock
  /** The first range is head and tail, and the second one begins where it ends. */
  head: page,
  tail: page,
  range: struct("xe_svm_range", { tile_invalidated: bool, has_dma_mapping: bool.init(true) }),
  /** The interval of the flush, as far as the head is concerned; its end never shrinks. */
  flush: struct("flush", { from_head: bool, pending: bool }),
});

const dma_unmap = set(k.range.has_dma_mapping, false);

/** xe_pt_zap_ptes_range(): tiles that have the range and are not invalidated yet. */
const zap_first = [set(k.head.gpu_pte, false), set(k.tail.gpu_pte, false)];

const munmap = actor("munmap", {}, () => ({
  start: ["munmap() of the tail and of the next range: invalidate_range_start()"],
  notifier_lock: down_write(k.notifier_lock),
  first: [
    "xe_svm_range_notifier_event_begin(): adj_start = min(range start, mmu_range->start)",
    when(k.range.tile_invalidated.not(), [...zap_first]),
    set(k.range.tile_invalidated, true),
    set(k.flush.from_head, true),
  ],
  second: [
    "... of the second range: adj_start = min(its start, mmu_range->start): the tail",
    set(k.flush.from_head, false),
  ],
  normalize: [
    "normalize_invalidation_range(): the aligned power of two around it has the head",
    set(k.flush.from_head, true),
  ],
  tlb_submit: ["xe_tlb_inval_range_tilemask_submit()", set(k.flush.pending, true)],
  tlb_wait: ["xe_tlb_inval_batch_wait()", wait(k.flush.pending.not())],
  dma_unmap: ["xe_svm_range_notifier_event_end(): drm_gpusvm_unmap_pages()", dma_unmap],
  unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
  free: ["zap_pte_range(): the tail is freed", set(k.tail.in_use, false)],
})).as("munmap() across two ranges");

const dontneed = actor("dontneed", {}, () => ({
  start: ["madvise(MADV_DONTNEED) of the head: invalidate_range_start()"],
  notifier_lock: down_write(k.notifier_lock),
  begin: [
    "xe_svm_range_notifier_event_begin(): if (!xe_pt_zap_ptes_range()) nothing to flush",
    when(k.range.tile_invalidated, [goto("dma_unmap")]),
    set(k.range.tile_invalidated, true),
    ...zap_first,
    set(k.flush.from_head, true),
  ],
  tlb_submit: ["xe_tlb_inval_range_tilemask_submit()", set(k.flush.pending, true)],
  tlb_wait: ["xe_tlb_inval_batch_wait()", wait(k.flush.pending.not())],
  dma_unmap: ["xe_svm_range_notifier_event_end(): drm_gpusvm_unmap_pages()", dma_unmap],
  unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
  free: ["zap_pte_range(): the head is freed", set(k.head.in_use, false)],
})).as("madvise(), VMA lock only");

const gpu_flush = actor("gpu_flush", {}, () => ({
  flush: [
    "the GuC flushes the interval",
    idle(),
    wait(k.flush.pending),
    set(k.tail.tlb, false),
    when(k.flush.from_head, [set(k.head.tlb, false)]),
    set(k.flush.pending, false),
    goto("flush"),
  ],
}));

const fill = (p: "head" | "tail") =>
  actor(`gpu_tlb_${p}`, {}, () => ({
    fill: [
      `the GPU caches the PTE of the ${p}`,
      idle(),
      wait(k[p].gpu_pte),
      set(k[p].tlb, true),
      goto("fill"),
    ],
  }));

const exact = remove(munmap, "normalize");

export default spec({
  name: "c12-xe-interval-recomputed",
  doc: "C12: the interval that xe flushes is computed anew for each range",
  configs: { ci: {} },
  shared: k,
  actors: { munmap, dontneed, gpu_flush, gpu_tlb_head: fill("head"), gpu_tlb_tail: fill("tail") },
  always: {
    dma_mapped_while_the_gpu_uses_it: claim(
      "what the TLB leads to is mapped for DMA",
      k.head.tlb.or(k.tail.tlb).implies(k.range.has_dma_mapping),
    ),
    no_gpu_access_to_a_freed_page: claim(
      "the TLB leads to no page that the kernel took back",
      all(k.head.tlb.implies(k.head.in_use), k.tail.tlb.implies(k.tail.in_use)),
    ),
  },
  reachable: {
    two_ranges_are_invalidated: some(munmap, (m) => m.at("normalize", "tlb_submit")),
    second_notifier_has_nothing_to_flush: some(dontneed, (d) => d.at("dma_unmap")).and(
      some(munmap, (m) => m.at("free")),
    ),
  },
  variants: {
    exact_interval: {
      doc: "hardware that flushes what it is told, as in 7.3 without the rounding",
      from: "C12",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [exact],
    },
    exact_interval_without_iommu: {
      doc: "the same where nothing is unmapped for DMA: the head is freed by another notifier",
      from: "C12",
      breaks: "no_gpu_access_to_a_freed_page",
      change: [exact, remove(munmap, "dma_unmap"), remove(dontneed, "dma_unmap")],
    },
    exact_interval_widened: {
      doc: "the interval grows from range to range instead: no rounding is needed",
      from: "C12",
      change: [
        replace(munmap, "second", ["... of the second range: adj_start = min(adj_start, ...)"]),
        replace(munmap, "normalize", ["the interval as it is"]),
      ],
    },
  },
  mutants: {
    flush_not_waited_for: {
      doc: "xe_tlb_inval_batch_wait() is left out",
      from: "M7",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [remove(munmap, "tlb_wait")],
    },
    unmapped_before_the_flush: {
      doc: "drm_gpusvm_unmap_pages() before the flush",
      from: "D5",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [
        insert_before(munmap, "tlb_submit", { early: ["drm_gpusvm_unmap_pages()", dma_unmap] }),
      ],
    },
  },
});
