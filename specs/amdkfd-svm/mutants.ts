/** Known mistakes with XNACK on, and what each must break. */
import { insert_after, insert_before, local_of, type Mutant, move_after, remove } from "mmrace";
import { folio_unlock, mutex_lock, mutex_unlock, Page } from "mmrace/kernel";
import { compaction, cpu_fault, deferred_worker, gpu_fault } from "./actors.ts";
import { k } from "./state.ts";

const dying = k.range.at(local_of("list_work_func.page", Page)).lock;

export const mutants: Record<string, Mutant> = {
  mapped_without_read_retry: {
    doc: "svm_range_validate_and_map() trusts a snapshot that was invalidated",
    from: "drivers.md 14.8; M4",
    breaks: "no_stale_access",
    change: [remove(gpu_fault, "validate.read_retry")],
  },
  notifier_does_not_set_seq: {
    doc: "the callback unmaps, and the retry check of a fault under way does not notice",
    from: "core-mm.md 1.6",
    breaks: "no_stale_access",
    change: [remove(compaction, "migrate.unmap.start.cb.set_seq")],
  },
  no_tlb_flush: {
    doc: "svm_range_unmap_from_gpus() leaves the TLB as it is",
    from: "M7",
    breaks: "no_stale_access",
    change: [
      remove(compaction, "migrate.unmap.start.cb.evict.flush"),
      remove(compaction, "migrate.unmap.start.cb.evict.flush_wait"),
    ],
  },
  notifier_takes_svms_lock: {
    doc: "svms->lock in the notifier: its owner may be waiting for the end of the invalidation",
    from: "drivers.md 7.10, 12.3 M3",
    breaks: "deadlock",
    change: [
      insert_before(compaction, "migrate.unmap.start.cb.range_lock", {
        svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
      }),
      insert_after(compaction, "migrate.unmap.start.cb.range_unlock", {
        svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
      }),
    ],
  },
  notifier_removed_under_range_lock: {
    doc: "mmu_interval_notifier_remove() waits for a callback that wants the lock which is held",
    from: "O7, 2.1.10",
    breaks: "deadlock",
    change: [
      insert_before(deferred_worker, "list_work_func.unlink", {
        range_lock: ["mutex_lock(&prange->lock)", mutex_lock(dying)],
      }),
      insert_before(deferred_worker, "list_work_func.free", {
        range_unlock: ["mutex_unlock(&prange->lock)", mutex_unlock(dying)],
      }),
    ],
  },
  migration_restores_before_the_copy: {
    doc: "svm_migrate_vma_to_ram() does not wait for the copy",
    from: "M20",
    breaks: "no_lost_page",
    change: [
      move_after(
        cpu_fault,
        "swap.migrate_to_ram.migrate.finalize.copy_write",
        "swap.migrate_to_ram.migrate.finalize.remove_ptes",
      ),
    ],
  },
  fault_page_unlocked_by_finalize: {
    doc: "migrate_vma_finalize() unlocks the page that do_swap_page() has locked",
    from: "M16",
    breaks: "unlock_by_stranger",
    change: [
      insert_before(cpu_fault, "swap.migrate_to_ram.migrate.finalize.put_src", {
        unlock_src: [
          "folio_unlock(src) /* the fault page too */",
          folio_unlock(k.folio.at(cpu_fault.me.frame).lock),
        ],
      }),
    ],
  },
};
