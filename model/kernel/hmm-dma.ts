/**
 * struct hmm_dma_map (mm/hmm.c, include/linux/hmm-dma.h): the pages that a device maps, in the form
 * that hmm_range_fault() writes, and the IO virtual addresses under which the device reaches them.
 *
 * The address of a page is fixed (state->addr + offset), so a device entry is valid or not; which
 * frame the IOMMU has behind the address is `iova`. A device entry whose address is not linked is
 * caught in every state, so a generation number of the mapping would say nothing more.
 *
 * Omits    peer-to-peer pages and their flags; HMM_PFN_WRITE and HMM_PFN_ERROR; failing IOMMU
 *          updates; migration, device-private and swap entries (the walk meets present entries and
 *          none).
 */
import {
  array,
  assert,
  block,
  bool,
  type Effect,
  type Expr,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  type Struct,
  set,
  struct,
  when,
} from "../index.ts";
import { do_anonymous_page } from "./fault.ts";
import { type Folios, Frame, type FrameOf, Page, type PageOf } from "./folio.ts";
import type { HmmResult } from "./hmm.ts";
import type { Mm } from "./mm.ts";
import { type IntervalNotifier, mmu_interval_read_retry } from "./mmu-interval-notifier.ts";

/** One entry of pfn_list: the frame, HMM_PFN_VALID, and the sticky HMM_PFN_DMA_MAPPED. */
const hmm_pfn = () => struct("hmm_pfn", { frame: Frame, valid: bool, dma_mapped: bool });

export const hmm_dma_map = () =>
  struct("hmm_dma_map", {
    pfn_list: array(Page, hmm_pfn()),
    /** What the IOMMU has at the address of the page. */
    iova: array(Page, Frame),
  });
export type HmmDmaMap = Struct<ReturnType<typeof hmm_dma_map>>;

/** What a walk has found: the output part of one hmm_pfn, private to the walker. */
export interface Snapshot {
  frame: Ref<FrameOf>;
  valid: Ref<boolean>;
}

/**
 * hmm_range_fault() for one page. Without `fault` (no HMM_PFN_REQ_FAULT) it reports what it finds,
 * and an empty entry is a result like any other. Caller holds mmap_lock for read.
 */
export function hmm_range_fault_into(
  mm: Mm,
  folios: Folios,
  sub: IntervalNotifier,
  page: Expr<PageOf>,
  fault: Expr<boolean>,
  { frame, valid }: Snapshot,
  err: Ref<HmmResult>,
): Routine {
  const pte = mm.pte.at(page);
  const result = (is_valid: boolean) => [set(valid, is_valid), set(err, "ok"), ret()];
  return routine("hmm_range_fault", { fresh_page: Frame }, (me) => ({
    check_retry: [
      "if (mmu_interval_check_retry(seq)) return -EBUSY",
      when(mmu_interval_read_retry(sub), [set(err, "ebusy"), ret()]),
    ],
    walk: [
      "pte = ptep_get(ptep)",
      set(frame, none),
      when(pte.kind.eq("present"), [set(frame, pte.frame), ...result(true)]),
      when(fault.not(), result(false)),
      when(mm.vma.at(page).not(), [set(err, "efault"), ret()]),
    ],
    fault: [
      "handle_mm_fault(); ret = -EBUSY: walk again",
      do_anonymous_page(mm, folios, page, me.fresh_page),
      retry(),
      goto("check_retry"),
    ],
  }));
}

/**
 * hmm_dma_map_pfn() of a valid entry: links the frame at its address, unless the flag says that
 * this was done. `mapped` happens when the frame was linked.
 */
export function hmm_dma_map_pfn(map: HmmDmaMap, page: Expr<PageOf>, mapped: Effect[]): Effect {
  const pfn = map.pfn_list.at(page);
  return when(pfn.dma_mapped.not(), [
    assert("dma_linked_twice", map.iova.at(page).eq(none), "dma_iova_link() on a linked address"),
    set(map.iova.at(page), pfn.frame),
    set(pfn.dma_mapped, true),
    ...mapped,
  ]);
}

/**
 * hmm_dma_unmap_pfn(), and the caller's `pfn_list[idx] &= ~HMM_PFN_FLAGS`: unlinks an entry that is
 * valid and mapped; `unmapped` happens when it was.
 */
export function hmm_dma_unmap_pfn(map: HmmDmaMap, page: Expr<PageOf>, unmapped: Effect[]): Effect {
  const pfn = map.pfn_list.at(page);
  return block(
    when(pfn.valid.and(pfn.dma_mapped), [set(map.iova.at(page), none), ...unmapped]),
    set(pfn.frame, none),
    set(pfn.valid, false),
    set(pfn.dma_mapped, false),
  );
}
