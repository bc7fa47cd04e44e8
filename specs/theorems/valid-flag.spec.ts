/**
 * Theorem T4: a flag "these pages are valid" is as good as a sequence number if and only if one
 * lock of the range is held from get_pages() to the commit.
 *
 * Claim    With the lock held, whoever finds the flag set at the commit has set it itself, and
 *          nothing has been invalidated since. Without it, another fault can set the flag again
 *          after an invalidation (mutant `lock_dropped_between`): a whole invalidation has come and
 *          gone, and the first fault commits what it had prepared before. A sequence number of the
 *          fault's own tells the two apart (variant `number_without_the_lock`).
 * Source   drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_get_pages, drm_gpusvm_pages_valid;
 *          drivers/gpu/drm/xe/xe_pt.c: xe_pt_svm_userptr_pre_commit.
 * Omits    how get_pages() itself makes sure that it saw no invalidation (T1): it is one step; the
 *          TLB and its flush.
 */
import {
  actor,
  bool,
  choose,
  claim,
  count_of,
  goto,
  idle,
  insert_before,
  none,
  remove,
  replace,
  retry,
  routine,
  scalarset,
  set,
  shared,
  size,
  spec,
  wait,
  when,
} from "mmrace";
import {
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

const Frame = scalarset("Frame", 2);

const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(),
  vm_lock: mutex(), // vm->lock
  notifier_lock: mutex(), // gpusvm->notifier_lock
  /** What get_pages() has found for the range, and whether that is still so. */
  pages: Frame,
  pages_valid: bool,
  cpu_pte: Frame,
  gpu_pte: Frame,
});

const gpu_fault = actor("gpu_fault", { staged: Frame }, (me) => ({
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  get_pages: [
    "drm_gpusvm_range_get_pages(): waits for invalidations; -EFAULT if there is no page",
    wait(k.sub.seq_is_current.not()),
    when(k.cpu_pte.eq(none), [goto("unlock")]),
    set(k.pages, k.cpu_pte),
    set(k.pages_valid, true),
  ],
  stage: ["xe_pt_stage_bind(): the entries to be written", set(me.staged, k.pages)],
  notifier_lock: ["xe_svm_notifier_lock(vm)", mutex_lock(k.notifier_lock)],
  check: [
    "if (!drm_gpusvm_pages_valid(range)) return -EAGAIN",
    when(k.pages_valid.not(), [mutex_unlock(k.notifier_lock), retry(), goto("get_pages")]),
  ],
  commit: ["xe_pt_commit(): write the entries", set(k.gpu_pte, me.staged)],
  notifier_unlock: ["xe_svm_notifier_unlock(vm)", mutex_unlock(k.notifier_lock)],
  unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
}))
  .times(size("gpu_faults"))
  .as("GPU fault worker");

/** In a variant only: no flag and no lock; the pages are the fault's own. */
const gpu_fault_with_seq = actor("gpu_fault_with_seq", { staged: Frame }, (me) => ({
  again: mmu_interval_read_begin(k.sub),
  get_pages: [
    "hmm_range_fault(): -EFAULT if there is no page",
    set(me.staged, k.cpu_pte),
    when(me.staged.eq(none), [mmu_interval_read_end(k.sub), goto("done")]),
  ],
  notifier_lock: ["xe_svm_notifier_lock(vm)", mutex_lock(k.notifier_lock)],
  check: [
    "if (mmu_interval_read_retry()) return -EAGAIN",
    when(mmu_interval_read_retry(k.sub), [mutex_unlock(k.notifier_lock), retry(), goto("again")]),
  ],
  commit: ["xe_pt_commit(): write the entries", set(k.gpu_pte, me.staged)],
  notifier_unlock: [
    "xe_svm_notifier_unlock(vm)",
    mutex_unlock(k.notifier_lock),
    mmu_interval_read_end(k.sub),
  ],
}))
  .times(0)
  .as("GPU fault worker");

const invalidate = routine("invalidate", {}, () => ({
  notifier_lock: ["down_write(&gpusvm->notifier_lock)", mutex_lock(k.notifier_lock)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  zap: [
    "clear the device PTE, flush; the pages are not valid any more",
    set(k.gpu_pte, none),
    set(k.pages_valid, false),
  ],
  notifier_unlock: ["up_write(&gpusvm->notifier_lock)", mutex_unlock(k.notifier_lock)],
}));

const dontneed = actor("dontneed", {}, () => ({
  call: ["madvise(MADV_DONTNEED)", idle()],
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  zap: ["ptep_get_and_clear(); the page is free", set(k.cpu_pte, none)],
  end: [
    "mmu_notifier_invalidate_range_end()",
    mmu_notifier_invalidate_range_end(k.subs, [k.sub]),
    goto("call"),
  ],
}))
  .finite()
  .as("madvise()");

const cpu_fault = actor("cpu_fault", { page: Frame }, (me) => ({
  fault: [
    "do_anonymous_page(): any free page",
    idle(),
    choose(me.page, k.cpu_pte.eq(none)),
    set(k.cpu_pte, me.page),
    set(me.page, none),
    goto("fault"),
  ],
})).as("CPU fault");

export default spec({
  name: "theorem-valid-flag",
  doc: "T4: a flag in place of a sequence number, and the lock that it needs",
  configs: { ci: { gpu_faults: 2 }, deep: { gpu_faults: 3 } },
  shared: k,
  actors: { gpu_fault, gpu_fault_with_seq, dontneed, cpu_fault },
  always: {
    no_stale_gpu_pte: claim(
      "the device maps the page that the CPU maps, or none",
      k.gpu_pte.in(none, k.cpu_pte),
    ),
  },
  reachable: {
    gpu_maps_a_page: k.gpu_pte.ne(none),
    somebody_is_about_to_commit: k.cpu_pte.ne(none).and(k.notifier_lock.owner.ne(none)),
  },
  mutants: {
    no_lock_of_the_range: {
      doc: "nothing is held from get_pages() to the commit: another fault sets the flag again",
      from: "T4, D2",
      breaks: "no_stale_gpu_pte",
      change: [
        replace(gpu_fault, "vm_lock", ["/* no lock */"]),
        replace(gpu_fault, "unlock", ["return"]),
      ],
    },
    flag_not_checked: {
      from: "T4",
      breaks: "no_stale_gpu_pte",
      change: [remove(gpu_fault, "check")],
    },
    flag_checked_outside: {
      doc: "the flag is looked at before the notifier lock is taken",
      from: "T4, D1",
      breaks: "no_stale_gpu_pte",
      change: [
        remove(gpu_fault, "check"),
        insert_before(gpu_fault, "notifier_lock", {
          check_unlocked: [
            "if (!drm_gpusvm_pages_valid(range)) return -EAGAIN",
            when(k.pages_valid.not(), [retry(), goto("get_pages")]),
          ],
        }),
      ],
    },
  },
  variants: {
    number_without_the_lock: {
      doc: "no lock of the range; each fault compares a number of its own",
      from: "T4",
      change: [count_of(gpu_fault, 0), count_of(gpu_fault_with_seq, 2)],
    },
  },
});
