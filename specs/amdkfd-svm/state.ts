/** What the actors of amdkfd SVM share: ranges and their locks, buffer objects, queues. */
import { array, bool, type Expr, exists, none, range, shared, struct } from "mmrace";
import {
  device_mmu,
  dma_resv,
  Frame,
  type FrameOf,
  folio,
  type IntervalTree,
  type Mm,
  mm_struct,
  mmu_interval_node,
  mutex,
  Page,
  type PageOf,
  user_queues,
  work_struct,
} from "mmrace/kernel";

/** struct svm_range, for one page. */
const svm_range = struct("svm_range", {
  /** In svms->objects and svms->list. */
  in_svms: bool,
  lock: mutex(),
  migrate_mutex: mutex(),
  notifier: mmu_interval_node(),
  mapped_to_gpu: bool,
  /** dma_addr[] of the first GPU. */
  dma_addr: Frame,
  /** actual_loc is a GPU. */
  in_vram: bool,
  /** The VRAM that the range's svm_bo owns: none when the range has no svm_bo. */
  svm_bo: Frame,
  /** On svms->deferred_range_list, with SVM_OP_UNMAP_RANGE. */
  deferred: bool,
  /** Notifiers since the last restore; XNACK off only. */
  invalid: range(0, 3),
});

export const k = shared({
  mm: mm_struct(3),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  /** A second GPU, in no hive with the first; its TLB and its dma_addr[] are not modelled. */
  other_gpu_pte: array(Page, Frame),
  queues: user_queues(3),
  range: array(Page, svm_range),
  process_info_lock: mutex(),
  svms_lock: mutex(),
  /** svms->evicted_ranges */
  evicted_ranges: range(0, 3),
  deferred_list_work: work_struct(),
  restore_work: work_struct(),
  /** dma_resv of the page directory; of the svm_bo whose first page this frame is. */
  pd_resv: dma_resv(),
  bo_resv: array(Frame, dma_resv()),
});

/** The interval notifiers: one for each range. */
export const tree: IntervalTree<PageOf> = { members: Page, at: (p) => k.range.at(p).notifier };

/** The mm as the notifier of this range sees it. */
export function mm_of(page: Expr<PageOf>): Mm {
  return { ...k.mm, sub: k.range.at(page).notifier.sub };
}

/** VRAM that no page and no svm_bo occupies. */
export function vram_is_free(f: Expr<FrameOf>): Expr<boolean> {
  const owned = exists(Page, (p) => k.range.at(p).svm_bo.eq(f));
  return f
    .is("vram")
    .and(k.folio.at(f).ref.count.eq(0), owned.not(), k.bo_resv.at(f).owner.eq(none));
}

export function deferred_list_is_empty(): Expr<boolean> {
  return exists(Page, (p) => k.range.at(p).deferred).not();
}
