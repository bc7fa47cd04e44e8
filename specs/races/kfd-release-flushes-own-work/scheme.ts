/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import { actor, assert, bool, ret, routine, type Steps, set, shared, when } from "mmrace";
import {
  cancel_work_sync,
  flush_work,
  queue_work,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  refcount_inc_not_zero,
  work_struct,
  worker,
} from "mmrace/kernel";

export const k = shared({
  mm_users: refcount(3, 1),
  deferred_list_work: work_struct(), // svms->deferred_list_work
  restore_work: work_struct(), // svms->restore_work
  release_work: work_struct(), // p->release_work
  torn_down: bool, // the page tables of the mm
  freed: bool, // struct kfd_process, with its svms
});

const svms_in_use = assert("use_after_free", k.freed.not(), "the kfd_process has been freed");

/** exit_mmap() calls the notifier before it unmaps. `release` is what the notifier does first. */
const mmput_with = (release: Steps) =>
  routine("mmput", {}, (): Steps => {
    return {
      put: [
        "mmput(): atomic_dec_and_test(&mm->mm_users)",
        refcount_dec_and_test(k.mm_users, []),
        when(k.mm_users.count.gt(0), [ret()]),
      ],
      ...release,
      notifier_put: [
        "kfd_process_notifier_release(): mmu_notifier_put(): queue_work(kfd_process_wq)",
        queue_work(k.release_work),
      ],
      unmap: ["exit_mmap(): unmap_vmas()", set(k.torn_down, true)],
    };
  });
const mmput = mmput_with({});
const mmput_5_16 = mmput_with({ cancel: cancel_work_sync(k.restore_work) });

const process = (name: string, put: typeof mmput) =>
  actor(name, {}, () => ({
    evict: ["svm_range_evict(): schedule_delayed_work()", queue_work(k.restore_work)],
    unmap: ["svm_range_add_list_work(): mmget(mm)", refcount_inc(k.mm_users)],
    schedule: ["schedule_deferred_list_work()", queue_work(k.deferred_list_work)],
    exit: put,
  })).as("the process unmaps, and exits");

const deferred = (name: string, put: typeof mmput) =>
  worker(name, {
    deferred: [
      k.deferred_list_work,
      routine("svm_range_deferred_list_work", {}, () => ({
        handle: ["svm_range_handle_list_op()", svms_in_use],
        mmput: put,
      })),
    ],
  });

const map = [
  "svm_range_validate_and_map()",
  svms_in_use,
  assert("maps_pages_of_a_dead_mm", k.torn_down.not(), "the page tables have gone"),
] as const;
const restore = worker("restore", {
  restore: [
    k.restore_work,
    routine("svm_range_restore_work", {}, () => ({
      get: [
        "mm = get_task_mm(p->lead_thread)",
        svms_in_use,
        refcount_inc_not_zero(k.mm_users, [], [ret()]),
      ],
      flush: flush_work(k.deferred_list_work),
      map,
      mmput,
    })),
  ],
});
const restore_5_16 = worker("restore_5_16", {
  restore: [
    k.restore_work,
    routine("svm_range_restore_work", {}, () => ({
      get: ["mm = p->mm", svms_in_use],
      flush: flush_work(k.deferred_list_work),
      map,
    })),
  ],
});

export const release = worker("release", {
  release: [
    k.release_work,
    routine("kfd_process_wq_release", {}, () => ({
      cancel: cancel_work_sync(k.restore_work),
      flush: flush_work(k.deferred_list_work),
      free: ["kfree(p)", set(k.freed, true)],
    })),
  ],
});

export const now = {
  process: process("process", mmput),
  deferred: deferred("deferred", mmput),
  restore,
};
export const before = {
  process_5_16: process("process_5_16", mmput_5_16).times(0),
  deferred_5_16: deferred("deferred_5_16", mmput_5_16).times(0),
  restore_5_16: restore_5_16.times(0),
};
