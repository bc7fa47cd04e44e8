/**
 * The notifier of RDMA on-demand paging as it was from 4.20 to 5.4
 * (drivers/infiniband/core/umem_odp.c): one classic mmu_notifier for each mm, which reads
 * umem_rwsem from range_start to range_end; registering a memory region writes it, and so waits.
 *
 * Historical: two bugs of it are races of their own. Since 5.5 each region is an
 * mmu_interval_notifier.
 *
 * Omits    SRCU around the notifiers; `active` and the release of the mm.
 */
import { type Effect, type Routine, routine } from "../index.ts";
import { down_read, down_write, type RwSemaphore, up_read, up_write } from "./rwsem.ts";

/** ib_umem_notifier_invalidate_range_start(): umem_rwsem stays locked until range_end. */
export function ib_umem_notifier_invalidate_range_start(
  umem_rwsem: RwSemaphore,
  callback: Routine,
): Routine {
  return routine("ib_umem_notifier_invalidate_range_start", {}, () => ({
    down_read: ["down_read(&per_mm->umem_rwsem)", down_read(umem_rwsem)],
    cb: callback,
  }));
}

/** ib_umem_notifier_invalidate_range_end(). */
export function ib_umem_notifier_invalidate_range_end(umem_rwsem: RwSemaphore): Effect {
  return up_read(umem_rwsem);
}

/** add_umem_to_per_mm(): inserts a region, which invalidations find from then on. */
export function add_umem_to_per_mm(umem_rwsem: RwSemaphore, insert: Effect): Routine {
  return routine("add_umem_to_per_mm", {}, () => ({
    down_write: down_write(umem_rwsem),
    insert: ["rbt_ib_umem_insert()", insert],
    up_write: ["up_write(&per_mm->umem_rwsem)", up_write(umem_rwsem)],
  }));
}
