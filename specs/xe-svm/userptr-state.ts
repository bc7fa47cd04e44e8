/** What the actors of a userptr share: the VMA with its notifier, and one bind job. */
import { array, bool, shared, struct } from "mmrace";
import {
  bind_job,
  device_mmu,
  dma_resv,
  Frame,
  folio,
  mm_struct,
  mutex,
  Page,
  rw_semaphore,
} from "mmrace/kernel";

/** struct xe_userptr_vma, of one page, and its drm_gpusvm_pages. */
const userptr_vma = struct("xe_userptr_vma", {
  tile_present: bool,
  tile_invalidated: bool,
  initial_bind: bool,
  /** The multi-pass state belongs to a notifier that has not finished. */
  finish_inuse: bool,
  /** The flush of inval_batch was submitted in the first pass. */
  tlb_inval_submitted: bool,
  has_dma_mapping: bool,
  dma_addr: Frame,
});

export const k = shared({
  mm: mm_struct(4),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  vm_lock: mutex(), // vm->lock, an rwsem; everybody here takes it for write
  notifier_lock: rw_semaphore(), // gpusvm->notifier_lock
  vm_resv: dma_resv(), // xe_vm_resv(vm)
  uvma: array(Page, userptr_vma),
  bind: bind_job(),
});
