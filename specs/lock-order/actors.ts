/** Who takes the locks. */
import { actor, bool, goto, idle, routine, wait, when } from "mmrace";
import {
  alloc_pages,
  disable_work_sync,
  dma_fence_begin_signalling,
  dma_fence_end_signalling,
  dma_fence_signal,
  dma_resv_add_fence,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  down_write,
  folio_trylock,
  folio_unlock,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mutex_lock,
  mutex_unlock,
  queue_work,
  refcount_dec_and_test,
  up_read,
  up_write,
  worker,
} from "mmrace/kernel";
import { invalidate, k, notifier_remove, reclaim } from "./state.ts";

/**
 * Moves pages of the address space to the device and binds them: xe_drm_pagemap_populate_mm() takes
 * the reservation under mmap_lock. Memory is there before the locks that notifiers take.
 */
export const bind = actor("bind", { failed: bool }, (me) => ({
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  alloc: alloc_pages("GFP_KERNEL", me.failed, reclaim),
  resv_lock: ["dma_resv_lock(bo->base.resv)", dma_resv_lock(k.resv)],
  notifier_lock: ["down_read(&notifier_lock): no read_retry", down_read(k.notifier_lock)],
  add_fence: ["bind: dma_resv_add_fence()", dma_resv_add_fence(k.fence)],
  notifier_unlock: ["up_read(&notifier_lock)", up_read(k.notifier_lock)],
  resv_unlock: ["dma_resv_unlock()", dma_resv_unlock(k.resv)],
  mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
  vm_unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
})).as("GPU fault worker");

export const completion = actor("completion", {}, () => ({
  irq: ["the bind job is done", idle(), wait(k.fence.pending)],
  begin: ["dma_fence_begin_signalling()", dma_fence_begin_signalling()],
  signal: ["dma_fence_signal()", dma_fence_signal(k.fence)],
  end: ["dma_fence_end_signalling()", dma_fence_end_signalling(), goto("irq")],
})).as("job completion");

export const munmap = actor("munmap", {}, () => ({
  mmap_lock: down_write(k.mmap_lock),
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_UNMAP", [invalidate]),
  queue_gc: ["queue_work(gc_work)", queue_work(k.gc_work)],
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [])],
  mmap_unlock: ["mmap_write_unlock(mm)", up_write(k.mmap_lock)],
})).as("munmap()");

/** do_swap_page() on a device-private page. */
export const cpu_fault = actor("cpu_fault", {}, () => ({
  mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  trylock: ["do_swap_page(): trylock_page()", folio_trylock(k.folio, [], [goto("mmap_unlock")])],
  migrate: ["migrate_to_ram(): copy"],
  unlock: ["unlock_page()", folio_unlock(k.folio)],
  mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
})).as("CPU fault on device memory");

/** Moves the buffer's pages out of device memory, for another client. */
export const evict = actor("evict", {}, () => ({
  resv_lock: ["ttm_bo_evict(): dma_resv_lock()", dma_resv_lock(k.resv)],
  trylock: [
    "evict_to_ram(): migrate_device_pfns(): folio_trylock()",
    folio_trylock(k.folio, [], [goto("resv_unlock")]),
  ],
  migrate: ["copy to system memory"],
  unlock: ["folio_unlock()", folio_unlock(k.folio)],
  resv_unlock: ["dma_resv_unlock()", dma_resv_unlock(k.resv)],
})).as("TTM eviction");

const collect = routine("svm_garbage_collector", {}, () => ({
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  vm_unlock: ["unbind; up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
}));

export const kworker = worker("kworker", { gc: [k.gc_work, collect] });

/** Closes the VM: waits with nothing held. */
export const close = actor("close", {}, () => ({
  vm_lock: ["vm_close: down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  vm_unlock: ["mark it closed; up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
  flush: disable_work_sync(k.gc_work),
  remove: notifier_remove,
})).as("VM close");

/** In some inversions only. */
export const restore = actor("restore", {}, () => ({
  mmap_lock: ["svm_range_restore_pages(): mmap_read_lock(mm)", down_read(k.mmap_lock)],
  svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
  fault: ["hmm_range_fault(): the page can be had at once"],
  svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
  mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
}))
  .times(0)
  .as("GPU fault in amdkfd");

export const exit_mmap = routine("exit_mmap", {}, () => ({
  mmap_lock: ["exit_mmap(): mmap_read_lock(mm)", down_read(k.mmap_lock)],
  mmap_unlock: ["unmap_vmas(); mmap_read_unlock(mm)", up_read(k.mmap_lock)],
}));

/** In some inversions only: the last user of the address space ends. */
export const exit = actor("exit", {}, () => ({
  put: [
    "exit_mm(): mmput(mm)",
    refcount_dec_and_test(k.mm_users, []),
    when(k.mm_users.count.gt(0), [goto("done")]),
  ],

  exit_mmap,
}))
  .times(0)
  .as("a task that ends");
