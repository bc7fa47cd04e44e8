/** The locks, and the notifier that reclaim and munmap() call. */
import { lockEvent, routine, shared, wait } from "mmrace";
import {
  dma_fence_slot,
  dma_fence_wait,
  dma_resv,
  down_write,
  folio_lock_bit,
  mmap_lock,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  refcount,
  rw_semaphore,
  up_write,
  work_struct,
} from "mmrace/kernel";

export const k = shared({
  vm_lock: mutex(), // vm->lock
  mmap_lock: mmap_lock(),
  resv: dma_resv(), // bo->base.resv
  notifier_lock: rw_semaphore(), // gpusvm->notifier_lock
  folio: folio_lock_bit(),
  fence: dma_fence_slot(), // in bo->base.resv
  subs: mmu_notifier_subscriptions(2),
  gc_work: work_struct(),
  /** A lock of the hardware's submission path. */
  hw_lock: mutex(),
  svms_lock: mutex(), // svms->lock, of amdkfd
  /** Those in the kernel, and the task that ends last; used in some inversions only. */
  mm_users: refcount(5, 4),
});

/** The driver's callback: no new use, and the old ones end. */
export const invalidate = routine("invalidate", {}, () => ({
  lock: down_write(k.notifier_lock),
  fence_wait: ["dma_resv_wait_timeout(BOOKKEEP)", dma_fence_wait(k.fence)],
  unlock: ["up_write(&notifier_lock)", up_write(k.notifier_lock)],
}));

/** try_to_unmap() of one page of the driver's. */
export const reclaim = routine("try_to_unmap", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [])],
}));

/** Waits until no callback runs any more. */
export const notifier_remove = routine("mmu_interval_notifier_remove", {}, () => ({
  erase: ["mmu_interval_notifier_remove(): interval_tree_remove(), or deferred"],
  wait_event: [
    "  wait_event(subscriptions->invalidate_seq != seq)",
    lockEvent({ op: "wait", mode: "shared", lock: "seqcount", class: "subs", index: [] }),
    wait(k.subs.invalidate_seq_odd.not()),
  ],
}));
