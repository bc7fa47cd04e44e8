/**
 * What the actors of xe SVM share: drm_gpusvm's objects, the VM's locks and jobs, the buffer
 * objects.
 */
import { array, bool, type Expr, exists, none, shared, struct } from "mmrace";
import {
  bind_job,
  device_mmu,
  dma_resv,
  Frame,
  type FrameOf,
  folio,
  mm_struct,
  mutex,
  Page,
  type PageOf,
  rw_semaphore,
} from "mmrace/kernel";

/** struct drm_gpusvm_range and its pages, for one page (a 4K chunk); flags as in drm_gpusvm.h. */
const range = struct("drm_gpusvm_range", {
  in_tree: bool,
  unmapped: bool,
  has_dma_mapping: bool,
  dma_addr: Frame,
  tile_present: bool,
  tile_invalidated: bool,
  /** On vm->svm.garbage_collector.list. */
  on_gc_list: bool,
});

/**
 * struct xe_bo behind one range: its dma_resv. The block is free while its folio has no reference.
 */
const bo = struct("xe_bo", { resv: dma_resv() });

export const k = shared({
  mm: mm_struct(4),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  vm_lock: mutex(), // vm->lock, an rwsem; everybody here takes it for write
  notifier_lock: rw_semaphore(), // gpusvm->notifier_lock
  vm_resv: dma_resv(), // xe_vm_resv(vm)
  range: array(Page, range),
  /** Jobs on the bind queue of the VM. */
  bind: bind_job(),
  unbind: bind_job(),
  bo: array(Frame, bo),
});

/** drm_gpusvm_pages_valid() */
export function pages_valid(page: Expr<PageOf>): Expr<boolean> {
  return k.range.at(page).has_dma_mapping;
}

/** A block of VRAM that nobody uses. */
export function block_is_free(f: Expr<FrameOf>): Expr<boolean> {
  return f.is("vram").and(k.folio.at(f).ref.count.eq(0), k.bo.at(f).resv.owner.eq(none));
}

export function gc_list_is_empty(): Expr<boolean> {
  return exists(Page, (p) => k.range.at(p).on_gc_list).not();
}
