/** The form of the kernel, and known mistakes. Letters: docs/sources.md. */
import {
  type Change,
  goto,
  type Mutant,
  move_after,
  remove,
  replace,
  type Variant,
  when,
} from "mmrace";
import { compaction, dontneed, gpu_fault } from "./userptr-actors.ts";
import { dma_unmap } from "./userptr-invalidate.ts";
import { k } from "./userptr-state.ts";

const of_dontneed = "zap.zap.start.itree";
const of_compaction = "migrate.unmap.start.itree";

/** Nobody waits for a flush that somebody else has sent. */
const as_in_7_3: Change[] = [
  remove(dontneed, `${of_dontneed}.cb.join`),
  remove(compaction, `${of_compaction}.cb.join`),
];

export const variants: Record<string, Variant> = {
  as_in_7_3: {
    doc: "a second notifier finds tile_invalidated set, has nothing to flush, and goes on",
    from: "C1; T2",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: as_in_7_3,
  },
  no_dma_unmap_as_in_7_3: {
    doc: "without an IOMMU nothing is unmapped for DMA: the page itself is reached",
    from: "C1; P1",
    breaks: "no_stale_gpu_pte",
    change: [...as_in_7_3, remove(dontneed, `${of_dontneed}.cb.dma_unmap`)],
  },
};

export const mutants: Record<string, Mutant> = {
  flush_not_waited_for: {
    doc: "the second pass does not wait for the flush that the first one has sent",
    from: "M7",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [
      replace(dontneed, `${of_dontneed}.finish.batch_wait`, ["/* no wait */", goto("dma_unmap")]),
    ],
  },
  binds_not_waited_for: {
    doc: "the second pass does not wait for the bind for which it was asked to come",
    from: "D3",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [remove(dontneed, `${of_dontneed}.finish.resv_wait`)],
  },
  bind_not_rechecked: {
    doc: "vma_check_userptr() does not look at the sequence number",
    from: "D1",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [remove(gpu_fault, "rebind.pre_commit")],
  },
  bind_fence_added_too_late: {
    doc: "the fence is published after the notifier lock is dropped: nobody waits for it",
    from: "D4",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [move_after(gpu_fault, "rebind.add_fence", "rebind.commit_unlock")],
  },
  dma_unmapped_before_the_flush: {
    doc: "the IOMMU mapping goes away while the GPU's TLB can still use it",
    from: "D5",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [
      replace(dontneed, `${of_dontneed}.finish.submitted`, [
        "drm_gpusvm_unmap_pages() first",
        ...dma_unmap(dontneed.me.page),
        when(k.uvma.at(dontneed.me.page).tlb_inval_submitted, [goto("batch_wait")]),
      ]),
    ],
  },
};
