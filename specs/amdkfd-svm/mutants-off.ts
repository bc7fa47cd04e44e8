/** Known mistakes with XNACK off, and what each must break. */
import {
  all,
  count_of,
  insert_before,
  type Mutant,
  move_after,
  remove,
  replace,
  set,
  wait,
} from "mmrace";
import { compaction, dontneed, munmap, restore_worker, set_attr } from "./actors-off.ts";
import { k } from "./state.ts";

const { pending, running } = k.deferred_list_work;

export const mutants: Record<string, Mutant> = {
  quiesce_does_not_wait: {
    doc: "kgd2kfd_quiesce_mm() returns when the packet is sent: the queues still run",
    from: "drivers.md 7.5",
    breaks: "no_stale_access",
    change: [remove(compaction, "migrate.unmap.start.cb.evict.quiesce.preempted")],
  },
  mapped_is_set_too_late: {
    doc: "prange->mapped_to_gpu is set outside prange->lock: a notifier has nothing to stop",
    from: "drivers.md 7.3.6",
    breaks: "no_stale_access",
    change: [move_after(set_attr, "validate.mapped", "validate.range_unlock")],
  },
  mapped_without_read_retry: {
    doc: "the first mapping trusts a snapshot that was invalidated: nobody has counted that",
    from: "drivers.md 14.8; M4",
    breaks: "no_stale_access",
    change: [remove(set_attr, "validate.read_retry")],
  },
  evicted_ranges_is_not_compared: {
    doc: "evicted_ranges is reset whether or not another notifier has counted meanwhile",
    from: "drivers.md 7.6",
    breaks: "no_stale_access",
    change: [
      count_of(dontneed, 1),
      count_of(munmap, 0),
      replace(restore_worker, "restore_func.cmpxchg_evicted", [
        "atomic_set(&svms->evicted_ranges, 0)",
        set(k.evicted_ranges, 0),
      ]),
    ],
  },
  deferred_work_flushed_under_mmap_lock: {
    doc: "the restore worker flushes the deferred work with mmap_lock held for write",
    from: "drivers.md 7.7, 7.10",
    breaks: "deadlock",
    change: [
      insert_before(restore_worker, "restore_func.list_lock.is_empty", {
        flush_under_lock: [
          "flush_work(&svms->deferred_list_work) /* under mmap_lock */",
          wait(all(pending.not(), running.not())),
        ],
      }),
    ],
  },
  munmap_does_not_unmap: {
    doc: "svm_range_unmap_from_cpu() leaves the GPU's entries to the deferred work",
    from: "drivers.md 14.8, 7.5.4",
    breaks: "no_stale_access",
    change: [remove(munmap, "munmap.unmap.start.cb.evict.unmap.unmap")],
  },
};
