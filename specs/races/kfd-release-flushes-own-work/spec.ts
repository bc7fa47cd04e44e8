/**
 * The last reference of an mm is put by a work item, and the teardown of the mm, which runs on the
 * spot, waits for another work item that flushes the first.
 *
 * Claim    The notifier's release waits for no work: the restore work is cancelled when the process
 *          structure goes, in a work of its own, and holds a reference of the mm while it maps.
 * Source   commit 6225bb3a88d2 "drm/amdkfd: svm range restore work deadlock when process exit",
 *          amd-gfx <20220124211144.15161-2-Philip.Yang@amd.com> with the backtrace;
 *          drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_deferred_list_work,
 *          svm_range_restore_work, svm_range_list_fini;
 *          drivers/gpu/drm/amd/amdkfd/kfd_process.c: kfd_process_notifier_release,
 *          kfd_process_wq_release. In 7.3 the deferred work calls mmput_async() besides.
 * Omits    mmap_lock and the deferred list (svm_range_list_lock_and_flush_work() flushes again
 *          until the list is empty); the delay of the restore work, and that it queues itself
 *          again; eviction_work and the other restore_work of the process; SRCU of the notifiers.
 */
import {
  actor,
  assert,
  bool,
  claim,
  count_of,
  remove,
  ret,
  routine,
  type Steps,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
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

const k = shared({
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

const release = worker("release", {
  release: [
    k.release_work,
    routine("kfd_process_wq_release", {}, () => ({
      cancel: cancel_work_sync(k.restore_work),
      flush: flush_work(k.deferred_list_work),
      free: ["kfree(p)", set(k.freed, true)],
    })),
  ],
});

const now = { process: process("process", mmput), deferred: deferred("deferred", mmput), restore };
const before = {
  process_5_16: process("process_5_16", mmput_5_16).times(0),
  deferred_5_16: deferred("deferred_5_16", mmput_5_16).times(0),
  restore_5_16: restore_5_16.times(0),
};

export default spec({
  name: "kfd-release-flushes-own-work",
  doc: "a work item puts the last reference of an mm, whose notifier waits for that work item",
  race: { year: 2022, subsystem: "amdkfd SVM", class: "deadlock" },
  configs: { ci: {} },
  shared: k,
  actors: { ...now, ...before, release },
  at_rest: {
    process_is_freed: claim("the mm has gone, and the kfd_process too", k.freed.and(k.torn_down)),
  },
  reachable: {
    deferred_work_has_the_last_reference: some(now.deferred, (w) =>
      w.at("deferred_func.mmput.notifier_put"),
    ),
    restore_work_has_the_last_reference: some(now.restore, (w) =>
      w.at("restore_func.mmput.notifier_put"),
    ),
  },
  bugs: {
    release_cancels_the_restore_work: {
      doc: "the notifier waits for a work that may flush the one it is called from",
      from: "6225bb3a88d2",
      breaks: "deadlock",
      order: [
        "process_5_16.unmap",
        "process_5_16.exit.put",
        "deferred_5_16.deferred_func.mmput.put",
        "deferred_5_16.deferred_func.mmput.cancel",
      ],
      change: [
        ...Object.values(now).map((a) => count_of(a, 0)),
        ...Object.values(before).map((a) => count_of(a, 1)),
        remove(release, "release_func.cancel.cancel"),
        remove(release, "release_func.cancel.wait"),
      ],
    },
  },
  mutants: {
    nobody_cancels_the_restore_work: {
      doc: "it is not cancelled any more when the process structure goes either",
      from: "svm_range_list_fini()",
      breaks: "use_after_free",
      change: [
        remove(release, "release_func.cancel.cancel"),
        remove(release, "release_func.cancel.wait"),
      ],
    },
    restore_without_the_mm: {
      doc: "the notifier's release no longer waits for the restore work, which relies on it",
      from: "6225bb3a88d2",
      breaks: "maps_pages_of_a_dead_mm",
      change: [count_of(now.restore, 0), count_of(before.restore_5_16, 1)],
    },
  },
});
