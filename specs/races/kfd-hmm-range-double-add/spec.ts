/**
 * The restore worker of userptr memory has its hmm_range tracked when a concurrent invalidation
 * makes it start all over again.
 *
 * Claim    A range is put on the list of tracked ranges only while it is not there: whatever way
 *          the worker leaves, it takes the range off first.
 * Source   commit 6c55d6e90e68 "drm/amdkfd: support concurrent userptr update for HMM";
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_amdkfd_gpuvm.c: amdgpu_amdkfd_evict_userptr,
 *          amdgpu_amdkfd_restore_userptr_worker, untrack_invalid_user_pages (5.2, HMM's list of
 *          ranges is gone by 5.5).
 * Omits    mem->invalid, which here is never 0 when evicted_bos is not; several BOs; the pages; the
 *          stopping and resuming of the queues; the delay before the worker runs; failures of the
 *          validation (see the mutant); others who take process_info->lock.
 */
import {
  actor,
  assert,
  bool,
  claim,
  goto,
  may_fail,
  range,
  remove,
  replace,
  routine,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";
import { mutex, mutex_lock, mutex_unlock, queue_work, work_struct, worker } from "mmrace/kernel";

const k = shared({
  lock: mutex(), // process_info->lock
  evicted_bos: range(0, size("evictions")), // process_info->evicted_bos
  restore: work_struct(), // process_info->restore_userptr_work
  tracked: bool, // range->list is on hmm->ranges
});

const evict = actor("evict", {}, () => ({
  evict: [
    "amdgpu_amdkfd_evict_userptr(): atomic_inc_return(&process_info->evicted_bos)",
    set(k.evicted_bos, k.evicted_bos.plus(1)),
    when(k.evicted_bos.ne(1), [goto("done")]),
  ],
  schedule: [
    "  the first one: kgd2kfd_quiesce_mm(), schedule_delayed_work()",
    queue_work(k.restore),
  ],
}))
  .times(size("evictions"))
  .as("mmu notifier");

/** hmm_vma_range_done(), which may be called for a range that is not tracked. */
const range_done = set(k.tracked, false);

const restore = routine(
  "restore_userptr_worker",
  { evicted_bos: range(0, size("evictions")) },
  (me) => ({
    read: [
      "evicted_bos = atomic_read(&process_info->evicted_bos)",
      set(me.evicted_bos, k.evicted_bos),
    ],
    lock: ["mutex_lock(&process_info->lock)", mutex_lock(k.lock)],
    track: [
      "update_invalid_user_pages(): hmm_vma_fault(): list_add_rcu(&range->list, &hmm->ranges)",
      assert("list_add_twice", k.tracked.not(), "the next pointer of the range leads to itself"),
      set(k.tracked, true),
    ],
    read_again: [
      "if (atomic_read(&process_info->evicted_bos) != evicted_bos) goto unlock_out",
      when(k.evicted_bos.ne(me.evicted_bos), [goto("unlock_out")]),
    ],
    validate: ["validate_invalid_user_pages(): amdgpu_ttm_tt_get_user_pages_done()", range_done],
    cmpxchg: [
      "if (atomic_cmpxchg(&process_info->evicted_bos, evicted_bos, 0) == evicted_bos) resume_mm()",
      when(k.evicted_bos.eq(me.evicted_bos), [set(k.evicted_bos, 0), set(me.evicted_bos, 0)]),
    ],
    unlock_out: ["unlock_out: untrack_invalid_user_pages()", range_done],
    unlock: ["mutex_unlock(&process_info->lock)", mutex_unlock(k.lock)],
    resched: [
      "if (evicted_bos) schedule_delayed_work()",
      when(me.evicted_bos.gt(0), [queue_work(k.restore)]),
      set(me.evicted_bos, 0),
    ],
  }),
);

const kworker = worker("kworker", { restore: [k.restore, restore] });

export default spec({
  name: "kfd-hmm-range-double-add",
  doc: "userptr memory is invalidated again while it is being restored",
  race: { year: 2019, subsystem: "amdkfd userptr, HMM", class: "double free / double action" },
  configs: { ci: { evictions: 2 } },
  shared: k,
  actors: { evict, kworker },
  at_rest: {
    nothing_is_tracked: claim("a range that is not in use is not tracked", k.tracked.not()),
    everything_is_restored: k.evicted_bos.eq(0),
  },
  reachable: {
    worker_loses_the_race: some(kworker, (w) => w.at("restore_func.unlock_out")).and(k.tracked),
    worker_notices_at_the_end: some(kworker, (w) => w.at("restore_func.cmpxchg")).and(
      k.evicted_bos.eq(2),
    ),
  },
  bugs: {
    tracked_when_it_starts_again: {
      doc: "the worker reschedules itself and leaves the range on the list",
      from: "6c55d6e90e68",
      breaks: "list_add_twice",
      order: [
        ...["evict.schedule", "kworker.restore_func.read", "evict.evict"],
        ...["kworker.restore_func.read_again", "kworker.restore_func.resched"],
        ...["kworker.restore_func.track"],
      ],
      change: [remove(kworker, "restore_func.unlock_out")],
    },
  },
  mutants: {
    tracked_when_validation_fails: {
      doc: "one way out forgets the range",
      from: "validate_invalid_user_pages()",
      breaks: "list_add_twice",
      change: [
        replace(kworker, "restore_func.validate", [
          "if (validate_invalid_user_pages()) goto unlock, not unlock_out",
          may_fail("reserve_failed", [goto("unlock")]),
          range_done,
        ]),
      ],
    },
    tracked_after_success: {
      doc: "nobody calls hmm_vma_range_done() for what was validated",
      from: "validate_invalid_user_pages()",
      breaks: "nothing_is_tracked",
      change: [
        replace(kworker, "restore_func.validate", ["validate_invalid_user_pages()"]),
        replace(kworker, "restore_func.unlock_out", [
          "unlock_out: if (evicted_bos) untrack_invalid_user_pages()",
          when(k.evicted_bos.gt(0), [range_done]),
        ]),
      ],
    },
  },
});
