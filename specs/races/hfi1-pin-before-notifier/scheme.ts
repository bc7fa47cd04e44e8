/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  array,
  bool,
  choose,
  goto,
  type Member,
  none,
  ret,
  routine,
  scalarset,
  set,
  shared,
  when,
} from "mmrace";
import {
  type IntervalTree,
  invalidate_range_end_itree,
  mmu_interval_node,
  mmu_interval_notifier_insert,
  mmu_interval_notifier_remove,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_subscriptions,
  mn_itree_inv_start_range,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

/** tidbuf->notifier covers the buffer, node->notifier belongs to one entry. */
const Notifier = scalarset("Notifier", { cover: 1, tid: 1 });

export const k = shared({
  subs: mmu_notifier_subscriptions(1),
  node: array(Notifier, mmu_interval_node()),
  cover_mutex: mutex(), // tidbuf->cover_mutex
  mapped: bool.init(true),
  rcv_entry: bool, // leads to the page
  success: bool, // the setup has returned 0
});

const tree: IntervalTree<Member<"Notifier">> = {
  members: Notifier,
  at: (n) => k.node.at(n),
};

export const setup = actor("setup", { cover: Notifier, tid: Notifier, fail: bool }, (me) => ({
  begin: [
    "hfi1_user_exp_rcv_setup()",
    choose(me.cover, me.cover.is("cover")),
    choose(me.tid, me.tid.is("tid")),
  ],
  insert_cover: [
    "mmu_interval_notifier_insert(&tidbuf->notifier)",
    mmu_interval_notifier_insert(k.subs, k.node.at(me.cover)),
  ],
  read_begin: mmu_interval_read_begin(k.node.at(me.cover).sub),
  pin: [
    "pin_rcv_pages(): -EFAULT if they are gone",
    when(k.mapped.not(), [set(me.fail, true), goto("remove_cover")]),
  ],
  insert_tid: [
    "set_rcvarray_entry(): mmu_interval_notifier_insert(&node->notifier)",
    mmu_interval_notifier_insert(k.subs, k.node.at(me.tid)),
  ],
  tid_read_begin: mmu_interval_read_begin(k.node.at(me.tid).sub),
  put_tid: [
    "  hfi1_put_tid()",
    set(k.rcv_entry, true),
    mmu_interval_read_end(k.node.at(me.tid).sub),
  ],
  cover_lock: ["mutex_lock(&tidbuf->cover_mutex)", mutex_lock(k.cover_mutex)],
  read_retry: [
    "fail = mmu_interval_read_retry(&tidbuf->notifier, mmu_seq)",
    set(me.fail, mmu_interval_read_retry(k.node.at(me.cover).sub)),
  ],
  cover_unlock: [
    "mutex_unlock(&tidbuf->cover_mutex); if (fail) goto fail_unprogram",
    mutex_unlock(k.cover_mutex),
    when(me.fail.not(), [goto("remove_cover")]),
  ],
  remove_tid: mmu_interval_notifier_remove(k.subs, k.node.at(me.tid)),
  clear: ["fail_unprogram: hfi1_user_exp_rcv_clear()", set(k.rcv_entry, false)],
  remove_cover: mmu_interval_notifier_remove(k.subs, k.node.at(me.cover)),
  return: [
    "return ret",
    set(k.success, me.fail.not()),
    mmu_interval_read_end(k.node.at(me.cover).sub),
  ],
})).as("TID setup ioctl");

/** The one that covers starts first, so its callback comes first. */
const start = routine(
  "mmu_notifier_invalidate_range_start",
  { cover: Notifier, tid: Notifier },
  (me) => {
    const in_tree = (n: typeof me.cover) => k.node.at(n).place.in("in_tree", "to_remove");
    const overlap = in_tree(me.cover).or(in_tree(me.tid));
    return {
      itree_start: [
        "mmu_notifier_invalidate_range_start(MMU_NOTIFY_UNMAP)",
        choose(me.cover, me.cover.is("cover")),
        choose(me.tid, me.tid.is("tid")),
        mn_itree_inv_start_range(k.subs, overlap),
        when(overlap.not(), [ret()]),
      ],
      cover_next: ["interval_tree_iter_first()", when(in_tree(me.cover).not(), [goto("tid_cb")])],
      cover_lock: ["tid_cover_invalidate(): mutex_lock()", mutex_lock(k.cover_mutex)],
      set_seq: ["  mmu_interval_set_seq()", mmu_interval_set_seq(k.node.at(me.cover).sub)],
      cover_unlock: ["  mutex_unlock(&tidbuf->cover_mutex)", mutex_unlock(k.cover_mutex)],
      tid_cb: [
        "tid_rb_invalidate(): clear the entry, tell the process",
        when(in_tree(me.tid), [set(k.rcv_entry, false)]),
        set(me.cover, none),
        set(me.tid, none),
      ],
    };
  },
);

export const munmap = actor("munmap", {}, () => ({
  start,
  zap: ["zap_pte_range()", set(k.mapped, false)],
  end: ["mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
}));
