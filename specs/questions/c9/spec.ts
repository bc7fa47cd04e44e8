/**
 * amdkfd validates a range that still has a page in VRAM for GPUs that have no owner in common:
 * hmm_range_fault() faults the page, and the CPU fault skips it because it runs in the same task.
 *
 * Claim    The walk ends, if the CPU fault in the validating task moves the page; the locks that it
 *          needs are held by that task already.
 * Source   drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_validate_and_map; kfd_migrate.c:
 *          svm_migrate_to_ram; drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.c:
 *          amdgpu_hmm_range_get_pages; mm/hmm.c: hmm_range_fault_locked, hmm_do_fault;
 *          mm/memory.c: do_swap_page.
 * Omits    how the page came to stay in VRAM (see the page of questions); the folio lock, which
 *          nobody else wants here (see amdkfd-svm for that); mmap_lock, held for read throughout;
 *          svms->lock and migrate_mutex, held throughout.
 */
import {
  actor,
  bool,
  count_of,
  eventually,
  every,
  goto,
  none,
  oneOf,
  proc,
  progress,
  replace,
  retry,
  self,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_set_locked,
  folio_unlock,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_subscriptions,
  mn_itree_inv_start_range,
} from "mmrace/kernel";

const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(), // prange->notifier
  pte: oneOf("device_private", "present", "none"),
  lock: folio_lock_bit(),
  faulting_task: proc, // svms->faulting_task
});

const validate = actor("validate", { ebusy: bool }, (me) => ({
  faulting_task: [
    "svm_range_validate_and_map(): svms->faulting_task = current; owner = NULL",
    set(k.faulting_task, self),
  ],
  read_begin: mmu_interval_read_begin(k.sub),
  check_retry: [
    "hmm_range_fault_locked(): if (mmu_interval_check_retry()) return -EBUSY",
    when(mmu_interval_read_retry(k.sub), [set(me.ebusy, true), goto("out")]),
  ],
  walk: [
    "hmm_vma_handle_pte(): present, or no page here: that fault is served",
    when(k.pte.ne("device_private"), [progress(), goto("out")]),
  ],
  swap_page: [
    "hmm_do_fault(): do_swap_page(): folio_trylock()",
    when(k.pte.ne("device_private"), [goto("check_retry")]),
    folio_set_locked(k.lock),
  ],
  migrate_to_ram: [
    "svm_migrate_to_ram(): migrate it with the locks of the caller /* not in 7.3 */",
    when(k.pte.eq("device_private"), [set(k.pte, "present")]),
  ],
  unlock: ["do_swap_page(): folio_unlock()", folio_unlock(k.lock)],
  again: ["hmm_do_fault(): return -EBUSY: walk again", retry(), goto("check_retry")],
  out: [
    "svms->faulting_task = NULL; -EBUSY: -EAGAIN",
    set(k.faulting_task, none),
    set(me.ebusy, false),
    mmu_interval_read_end(k.sub),
  ],
})).as("svm_range_validate_and_map()");

const dontneed = actor("dontneed", {}, () => ({
  start: ["mmu_notifier_invalidate_range_start(CLEAR)", mn_itree_inv_start_range(k.subs)],
  set_seq: [
    "svm_range_cpu_invalidate_pagetables(): mmu_interval_set_seq()",
    mmu_interval_set_seq(k.sub),
  ],
  zap: ["zap_pte_range()", set(k.pte, "none")],
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
}))
  .times(size("dontneeds"))
  .as("madvise(MADV_DONTNEED)");

const as_in_7_3 = [
  replace(validate, "migrate_to_ram", [
    "svm_migrate_to_ram(): if (faulting_task == current) return 0",
    when(k.faulting_task.ne(self), [set(k.pte, "present")]),
  ]),
];

export default spec({
  name: "c9-kfd-faulting-task",
  doc: "C9: the CPU fault of the task that validates is skipped",
  configs: { ci: { dontneeds: 1 } },
  shared: k,
  actors: { validate, dontneed },
  always: {
    nobody_else_is_the_faulting_task: every(validate, (v) => v.at("faulting_task")).implies(
      k.faulting_task.eq(none),
    ),
  },
  at_rest: { folio_is_unlocked: k.lock.owner.eq(none) },
  reachable: {
    page_is_faulted_in: some(validate, (v) => v.at("unlock")),
    walk_is_overtaken: some(validate, (v) => v.local.ebusy),
  },
  liveness: {
    walk_ends: eventually(
      every(validate, (v) => v.at("done")),
      "the walk of hmm_range_fault() ends",
    ),
  },
  variants: {
    as_in_7_3: {
      doc: "the fault returns 0, the entry stays, the walk faults it again; nobody invalidates",
      from: "C9",
      breaks: "walk_ends",
      change: [...as_in_7_3, count_of(dontneed, 0)],
    },
    an_invalidation_ends_it: {
      doc: "as in 7.3, and MADV_DONTNEED comes some time: the walk gives up with -EBUSY",
      from: "C9",
      change: as_in_7_3,
    },
  },
});
