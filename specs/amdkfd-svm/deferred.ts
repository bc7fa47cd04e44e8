/** svm_range_deferred_list_work(): removes the ranges that munmap() took, under mmap_lock. */
import { choose, goto, none, type Routine, ret, routine, set, size, when } from "mmrace";
import {
  down_write,
  mmu_interval_notifier_remove,
  mutex_lock,
  mutex_unlock,
  Page,
  up_write,
  worker,
} from "mmrace/kernel";
import { deferred_list_is_empty, k } from "./state.ts";

function deferred_list_work(): Routine {
  return routine("svm_range_deferred_list_work", { page: Page }, (me) => {
    const range = k.range.at(me.page);
    return {
      first_entry: [
        "prange = list_first_entry(&svms->deferred_range_list)",
        choose(me.page, range.deferred.or(deferred_list_is_empty())),
        when(range.deferred.not(), [ret()]),
      ],
      mmap_write_lock: down_write(k.mm.mmap_lock),
      list_del: ["list_del_init(&prange->deferred_list)", set(range.deferred, false)],
      svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
      migrate_lock: ["mutex_lock(&prange->migrate_mutex)", mutex_lock(range.migrate_mutex)],
      migrate_unlock: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(range.migrate_mutex)],
      unlink: ["svm_range_unlink(prange)", set(range.in_svms, false)],
      remove_notifier: mmu_interval_notifier_remove(k.mm.subs, range.notifier),
      free: [
        "svm_range_free(prange, true): svm_bo, DMA mappings",
        set(range.svm_bo, none),
        set(range.in_vram, false),
        set(range.dma_addr, none),
        set(range.invalid, 0),
      ],
      svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
      mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(k.mm.mmap_lock), goto("first_entry")],
    };
  });
}

export const deferred_worker = worker("deferred_worker", {
  list_work: [k.deferred_list_work, deferred_list_work()],
}).times(size("workers"));
