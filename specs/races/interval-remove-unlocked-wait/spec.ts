/**
 * An interval notifier is removed during an invalidation, and the wait for the end of this
 * invalidation is over before the end has let go of the notifier.
 *
 * Claim    Nobody touches a notifier after mmu_interval_notifier_remove() has returned, because it
 *          looks at the sequence number under the lock under which the deferred list is processed.
 * Source   commit 319561669a59 "mm/mmu_notifier.c: fix race in mmu_interval_notifier_remove()";
 *          mm/mmu_notifier.c: mmu_interval_notifier_remove, mmu_interval_seq_released,
 *          mn_itree_inv_end.
 * Omits    the wait queue (wake_up_all() comes after the unlock; the waiter need not have slept);
 *          callbacks; other notifiers. The objects of mmu-interval-tree.ts take the section of
 *          mn_itree_inv_end() as one step, so it is written out here.
 */
import {
  actor,
  all,
  assert,
  bool,
  goto,
  move_before,
  none,
  range,
  remove,
  replace,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import { spin_lock, spin_unlock, spinlock } from "mmrace/kernel";

const k = shared({
  lock: spinlock(), // subscriptions->lock
  invalidate_seq: range(0, 2), // 1, odd: while the invalidation lasts
  deferred: bool, // the notifier, on deferred_list
  in_tree: bool.init(true),
  allocated: bool.init(true),
});

const invalidate = actor("invalidate", {}, () => ({
  start: ["mn_itree_inv_start_range()", wait(k.lock.owner.eq(none)), set(k.invalidate_seq, 1)],
  end_lock: ["mn_itree_inv_end(): spin_lock(&subscriptions->lock)", spin_lock(k.lock)],
  bump: ["subscriptions->invalidate_seq++", set(k.invalidate_seq, 2)],
  deferred_list: [
    "hlist_for_each_entry_safe(&deferred_list): interval_tree_remove()",
    when(k.deferred, [
      assert("use_after_free", k.allocated, "the notifier has been freed"),
      set(k.deferred, false),
      set(k.in_tree, false),
    ]),
  ],
  end_unlock: ["spin_unlock(&subscriptions->lock)", spin_unlock(k.lock)],
}));

const remove_sub = actor("remove_sub", {}, () => ({
  lock: ["mmu_interval_notifier_remove(): spin_lock()", spin_lock(k.lock)],
  erase: [
    "if (mn_itree_is_invalidating()) defer it, seq = invalidate_seq; else erase it",
    when(k.invalidate_seq.eq(1), [set(k.deferred, true), spin_unlock(k.lock), goto("wait")]),
    set(k.in_tree, false),
  ],
  unlock: ["spin_unlock(&subscriptions->lock)", spin_unlock(k.lock), goto("free")],
  wait: [
    "wait_event(mmu_interval_seq_released()): seq != invalidate_seq, under the lock",
    wait(all(k.lock.owner.eq(none), k.invalidate_seq.ne(1))),
  ],
  free: ["the driver frees the notifier", set(k.allocated, false)],
}));

export default spec({
  name: "interval-remove-unlocked-wait",
  doc: "the wait of mmu_interval_notifier_remove() ends while the end of the epoch is under way",
  race: { year: 2022, subsystem: "mm/mmu_notifier", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { invalidate, remove_sub },
  reachable: {
    removal_is_deferred: k.deferred,
    removal_waits_for_the_list: some(remove_sub, (r) => r.at("wait")).and(
      some(invalidate, (i) => i.at("deferred_list")),
    ),
  },
  bugs: {
    condition_without_the_lock: {
      doc: "wait_event(READ_ONCE(invalidate_seq) != seq)",
      from: "319561669a59",
      breaks: "use_after_free",
      order: [
        "remove_sub.erase",
        "invalidate.end_lock",
        "invalidate.bump",
        "remove_sub.wait",
        "remove_sub.free",
        "invalidate.deferred_list",
      ],
      change: [
        replace(remove_sub, "wait", [
          "wait_event(READ_ONCE(invalidate_seq) != seq)",
          wait(k.invalidate_seq.ne(1)),
        ]),
      ],
    },
  },
  mutants: {
    does_not_wait: {
      doc: "the notifier stays on the deferred list",
      from: "mmu_interval_notifier_remove()",
      breaks: "use_after_free",
      change: [remove(remove_sub, "wait")],
    },
    list_processed_after_the_unlock: {
      doc: "the number is new, the lock free, and the list not processed yet",
      from: "mn_itree_inv_end()",
      breaks: "use_after_free",
      change: [move_before(invalidate, "end_unlock", "deferred_list")],
    },
  },
});
