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
import { claim, count_of, remove, some, spec } from "mmrace";
import { before, k, now, release } from "./scheme.ts";

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
