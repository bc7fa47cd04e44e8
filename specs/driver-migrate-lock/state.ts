/** Two xe devices in one process: each has VRAM, and a VM that mirrors the address space. */
import { all, array, bool, type Expr, int, shared, size, struct } from "mmrace";
import {
  device_mmu,
  Frame,
  type FrameOf,
  folio,
  mm_struct,
  mmu_interval_notifier,
  Page,
  rw_semaphore,
} from "mmrace/kernel";

/** struct xe_vm. */
const xe_vm = () =>
  struct("xe_vm", {
    gpu: device_mmu(), // the TLB is flushed within the step that clears the entry
    dma_addr: array(Page, Frame), // range->pages, none while they are not valid
    vram: Frame, // the block that it was given last
  });

export const k = shared({
  mm: mm_struct(4), // mm.sub is the interval notifier of the first VM
  sub_b: mmu_interval_notifier(),
  folio: array(Frame, folio(6)),
  driver_migrate_lock: rw_semaphore(),
  timeslice: array(Frame, bool), // devmem_allocation->timeslice_expiration is still to come
  a: xe_vm(),
  b: xe_vm(),
});

/** A VM, with its interval notifier. */
export const vm_a = { ...k.a, sub: k.mm.sub };
export const vm_b = { ...k.b, sub: k.sub_b };
export type Vm = typeof vm_a;

/** ctx.devmem_only: the GPU wants to access the page atomically, which it can in VRAM only. */
export const devmem_only: Expr<boolean> = int(size("devmem_only")).gt(0);

/** migrate_try_count of the kernel: 3 with devmem_only, and 1 without it. */
export const migrate_try_count = size("migrate_try_count");

/** ctx.timeslice_ms is not 0; a slice lasts until the fault that migrated the page has ended. */
export const has_timeslice: Expr<boolean> = int(size("timeslice")).gt(0);

/** The two devices reach one another's VRAM: their pagemaps have one owner (drm_pagemap_owner). */
export const interconnect: Expr<boolean> = int(size("interconnect")).gt(0);

/** dev_private_owner: does the VM report such a page, or is it faulted home? */
export const is_owned =
  (vm: Vm) =>
  (frame: Expr<FrameOf>): Expr<boolean> =>
    interconnect.or(frame.eq(vm.vram));

/**
 * A block of VRAM that the device may give to the VM. Blocks that nobody uses belong to no device
 * here; one that the VM of the other device was given last does not become this one's.
 */
export function is_free_for(vm: Vm, frame: Expr<FrameOf>): Expr<boolean> {
  const other = vm === vm_a ? vm_b : vm_a;
  return all(frame.is("vram"), k.folio.at(frame).ref.count.eq(0), frame.ne(other.vram));
}
