/**
 * The OOM reaper calls invalidate_range_start() without blocking: nouveau's interval notifier
 * agrees, its classic one refuses. Who ends what the interval part has begun?
 *
 * Claim    Every start has its end, and no device fault waits for ever, if the interval part is
 *          ended where the classic part refuses.
 * Source   mm/mmu_notifier.c: __mmu_notifier_invalidate_range_start, mn_itree_inv_start_range,
 *          mn_hlist_invalidate_range_start, mn_itree_inv_end, mmu_interval_notifier_insert,
 *          mmu_interval_read_begin, mmu_interval_notifier_remove; mm/memory.c: zap_vma_for_reaping;
 *          drivers/gpu/drm/nouveau/nouveau_svm.c: nouveau_svm_range_invalidate,
 *          nouveau_svmm_invalidate_range_start, nouveau_range_fault; mm/hmm.c:
 *          hmm_range_fault_unlocked_timeout.
 * Omits    mmap_lock, which the reaper tries; later calls of the reaper; what is mapped: after
 *          MMF_UNSTABLE the walk ends with -EFAULT.
 */
import {
  actor,
  array,
  choose,
  claim,
  count_of,
  goto,
  none,
  replace,
  scalarset,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  invalidate_range_end_itree,
  mmu_interval_node,
  mmu_interval_notifier_insert,
  mmu_interval_notifier_remove,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_set_seq,
  mmu_notifier_subscriptions,
  mn_itree_inv_start_range,
  mutex,
  mutex_lock,
  mutex_trylock,
  mutex_unlock,
} from "mmrace/kernel";

/** struct svm_notifier, on the stack of the fault worker while it serves a fault. */
const SvmNotifier = scalarset("SvmNotifier", 1);

const k = shared({
  subs: mmu_notifier_subscriptions(2),
  notifier: array(SvmNotifier, mmu_interval_node()),
  svmm_mutex: mutex(), // svmm->mutex
});

const tree = {
  members: SvmNotifier,
  at: (n: Parameters<typeof k.notifier.at>[0]) => k.notifier.at(n),
};

const reaper = actor("reaper", { sn: SvmNotifier }, (me) => ({
  start: [
    "zap_vma_for_reaping(): mn_itree_inv_start_range()",
    choose(me.sn),
    mn_itree_inv_start_range(k.subs, k.notifier.at(me.sn).place.in("in_tree", "to_remove")),
    when(k.notifier.at(me.sn).place.in("in_tree", "to_remove").not(), [goto("classic")]),
  ],
  trylock: [
    "nouveau_svm_range_invalidate(): mutex_trylock(&svmm->mutex)",
    mutex_trylock(k.svmm_mutex, [], [goto("refused")]),
  ],
  set_seq: [
    "mmu_interval_set_seq(); mutex_unlock(); return true",
    mmu_interval_set_seq(k.notifier.at(me.sn).sub, k.svmm_mutex),
    mutex_unlock(k.svmm_mutex),
  ],
  classic: ["nouveau_svmm_invalidate_range_start(): not blockable: return -EAGAIN"],
  inv_end: [
    "mn_itree_inv_end() where the classic part refuses /* not in 7.3 */",
    invalidate_range_end_itree(k.subs, tree),
    goto("ebusy"),
  ],
  refused: ["mn_itree_invalidate(): mn_itree_inv_end()", invalidate_range_end_itree(k.subs, tree)],
  ebusy: ["return -EBUSY: the VMA is left alone"],
})).as("oom_reaper");

const fault = actor("fault", { sn: SvmNotifier }, (me) => ({
  insert: [
    "nouveau_range_fault(): mmu_interval_notifier_insert()",
    choose(me.sn),
    mmu_interval_notifier_insert(k.subs, k.notifier.at(me.sn)),
  ],
  read_begin: mmu_interval_read_begin(k.notifier.at(me.sn).sub),
  range_fault: [
    "hmm_range_fault_unlocked_timeout(): check_stable_address_space(): -EFAULT",
    mmu_interval_read_end(k.notifier.at(me.sn).sub),
  ],
  remove: mmu_interval_notifier_remove(k.subs, k.notifier.at(me.sn)),
  mmput: ["nouveau_svm_fault(): mmput(mm)", set(me.sn, none)],
})).as("nouveau fault worker");

/** Somebody holds the mutex, so that the interval notifier may refuse too. */
const other = actor("other", {}, () => ({
  lock: ["nouveau_range_fault() of another page: mutex_lock()", mutex_lock(k.svmm_mutex)],
  unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
}));

const not_ended = [
  replace(reaper, "inv_end", ["mn_hlist_invalidate_range_start(): return -EAGAIN", goto("ebusy")]),
];

export default spec({
  name: "h4-start-without-end",
  doc: "H4: a classic notifier refuses after the interval notifiers agreed",
  configs: { ci: {} },
  shared: k,
  actors: { reaper, fault, other },
  at_rest: {
    every_start_has_its_end: claim(
      "no invalidation is active any more",
      k.subs.active_invalidate_ranges.eq(0),
    ),
  },
  reachable: {
    fault_waits_for_the_reaper: some(fault, (f) => f.at("read_begin.wait_event")),
    interval_notifier_refuses: some(reaper, (r) => r.at("refused")),
    classic_notifier_refuses: some(reaper, (r) => r.at("inv_end", "ebusy")),
  },
  variants: {
    as_in_7_3: {
      doc: "the -EAGAIN of the classic part is returned as it is: a later fault waits for ever",
      from: "H4; M14",
      breaks: "deadlock",
      change: not_ended,
    },
    as_in_7_3_without_a_fault: {
      doc: "the same without a device fault: the count stays above zero until the mm is freed",
      from: "H4; M14",
      breaks: "every_start_has_its_end",
      change: [...not_ended, count_of(fault, 0)],
    },
  },
  mutants: {
    refusal_ended_twice: {
      doc: "mn_itree_inv_end() by the caller too, although start has failed",
      from: "I9",
      breaks: "range_overflow",
      change: [
        replace(reaper, "ebusy", [
          "mmu_notifier_invalidate_range_end()",
          invalidate_range_end_itree(k.subs, tree),
        ]),
      ],
    },
  },
});
