/** What the actors share: one range of two pages, its block of VRAM, the VM's jobs. */
import { array, bool, type Expr, exists, forall, none, oneOf, shared, struct } from "mmrace";
import {
  device_mmu,
  dma_resv,
  Frame,
  folio,
  mm_struct,
  mutex,
  Page,
  type PageOf,
  rw_semaphore,
} from "mmrace/kernel";

/** struct xe_svm_range; there is one at a time. Flags as in drm_gpusvm.h. */
const range = struct("xe_svm_range", {
  /** Its pages. With none it is not in the notifier's tree. */
  covers: array(Page, bool),
  unmapped: bool,
  partial_unmap: bool,
  /** All are set, or none is (has_dma_mapping). */
  dma_addr: array(Page, Frame),
  tile_present: bool,
  tile_invalidated: bool,
  /** garbage_collector_link: list_del() leaves it not empty, so that nobody can queue it again. */
  gc_link: oneOf("empty", "queued", "deleted"),
});

export const k = shared({
  mm: mm_struct(3),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  vm_lock: mutex(), // vm->lock, an rwsem; everybody here takes it for write
  notifier_lock: rw_semaphore(), // gpusvm->notifier_lock
  range,
  /** Jobs on the VM's queue; the fence of each is in xe_vm_resv(vm) as long as it is queued. */
  bind: struct("bind_job", { queued: bool, frame: array(Page, Frame) }),
  unbind: struct("unbind_job", { queued: bool, pages: array(Page, bool) }),
  /** The dma_resv of the one buffer object; all of VRAM is its block. */
  bo: dma_resv(),
});

export const in_tree = (): Expr<boolean> => exists(Page, (p) => k.range.covers.at(p));

/** drm_gpusvm_pages_valid() */
export const pages_valid = (): Expr<boolean> =>
  exists(Page, (p) => k.range.dma_addr.at(p).ne(none));

/** A page of a buffer object is mapped, and no range is there. */
export const is_leftover = (p: Expr<PageOf>): Expr<boolean> =>
  k.mm.pte.at(p).kind.eq("device_private").and(k.range.covers.at(p).not());

/** The buffer object is gone, and its block free, when the last of its pages is. */
export const block_is_free = (): Expr<boolean> =>
  forall(Frame, (f) => f.is("vram").implies(k.folio.at(f).ref.count.eq(0))).and(
    k.bo.owner.eq(none),
  );
