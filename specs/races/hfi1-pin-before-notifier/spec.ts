/**
 * A user buffer is pinned and programmed for the hardware to receive into, while it is unmapped.
 *
 * Claim    When the setup has succeeded and no unmapping is under way, no entry of the hardware
 *          leads to a page that is not mapped any more: a notifier that covers the buffer is there
 *          before the pages are pinned, and the setup fails if it was hit meanwhile.
 *          The scheme here has one line more than the kernel, see NOTES.md and the variant
 *          `entry_does_not_wait`.
 * Source   commit b3deec25847b "IB/hfi1: Remove user expected buffer invalidate race", linux-rdma
 *          <167328549178.1472310.9867497376936699488.stgit@awfm-02.cornelisnetworks.com>;
 *          drivers/infiniband/hw/hfi1/user_exp_rcv.c: hfi1_user_exp_rcv_setup, set_rcvarray_entry,
 *          tid_rb_invalidate, tid_cover_invalidate; mm/mmu_notifier.c.
 * Omits    events other than MMU_NOTIFY_UNMAP, which both callbacks ignore; several entries; the
 *          list of invalidated entries that the process is told; that the pages stay pinned, so
 *          what the hardware writes is lost and does not hit others; the memory of the notifiers,
 *          for which the removals wait.
 */
import {
  actor,
  array,
  bool,
  choose,
  claim,
  goto,
  insert_before,
  type Member,
  none,
  remove,
  replace,
  ret,
  routine,
  scalarset,
  set,
  shared,
  some,
  spec,
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

const k = shared({
  subs: mmu_notifier_subscriptions(1),
  node: array(Notifier, mmu_interval_node()),
  cover_mutex: mutex(), // tidbuf->cover_mutex
  mapped: bool.init(true),
  rcv_entry: bool, // leads to the page
  success: bool, // the setup has returned 0
});

const tree: IntervalTree<Member<"Notifier">> = { members: Notifier, at: (n) => k.node.at(n) };

const setup = actor("setup", { cover: Notifier, tid: Notifier, fail: bool }, (me) => ({
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

const munmap = actor("munmap", {}, () => ({
  start,
  zap: ["zap_pte_range()", set(k.mapped, false)],
  end: ["mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
}));

export default spec({
  name: "hfi1-pin-before-notifier",
  doc: "a buffer is unmapped while it is pinned and programmed",
  race: { year: 2023, subsystem: "RDMA hfi1", class: "stale device PTE / stale TLB" },
  configs: { ci: {} },
  shared: k,
  actors: { setup, munmap },
  always: {
    no_stale_entry: claim(
      "after the setup no entry leads to a page that is not mapped, unless one is being unmapped",
      k.success.and(k.subs.active_invalidate_ranges.eq(0)).implies(k.rcv_entry.implies(k.mapped)),
    ),
  },
  reachable: {
    setup_fails: some(setup, (s) => s.at("clear")),
    entry_is_cleared_by_its_notifier: k.success.and(k.rcv_entry.not()),
    entry_is_used: k.success.and(k.rcv_entry),
  },
  bugs: {
    pinned_before_the_notifier: {
      doc: "the entry's notifier, the only one, comes when the pages are pinned already",
      from: "b3deec25847b",
      breaks: "no_stale_entry",
      order: ["setup.pin", "munmap.start", "munmap.zap", "munmap.end", "setup.insert_tid"],
      change: [
        remove(setup, "insert_cover"),
        remove(setup, "read_begin.read_seq"),
        remove(setup, "read_begin.wait_event"),
        remove(setup, "cover_lock"),
        remove(setup, "read_retry"),
        replace(setup, "cover_unlock", ["return 0", goto("return")]),
      ],
    },
  },
  mutants: {
    pinned_before_read_begin: {
      doc: "the cover is there, but its number is read when the pages are pinned already",
      from: "hfi1_user_exp_rcv_setup()",
      breaks: "no_stale_entry",
      change: [
        remove(setup, "pin"),
        insert_before(setup, "insert_cover", {
          pin_first: [
            "pin_rcv_pages()",
            when(k.mapped.not(), [set(setup.me.fail, true), goto("return")]),
          ],
        }),
      ],
    },
    result_is_ignored: {
      doc: "the setup succeeds although the cover was hit",
      from: "hfi1_user_exp_rcv_setup()",
      breaks: "no_stale_entry",
      change: [
        replace(setup, "read_retry", ["mmu_interval_read_retry(&tidbuf->notifier, mmu_seq)"]),
      ],
    },
  },
  variants: {
    asks_after_the_removal: {
      doc: "instead of waiting for each entry: the cover is asked when it has been removed",
      from: "see NOTES.md",
      change: [
        remove(setup, "tid_read_begin.read_seq"),
        remove(setup, "tid_read_begin.wait_event"),
        remove(setup, "cover_lock"),
        remove(setup, "read_retry"),
        replace(setup, "cover_unlock", ["success so far", goto("remove_cover")]),
        replace(setup, "return", [
          "if (mmu_interval_read_retry(&tidbuf->notifier, mmu_seq)) goto fail_unprogram",
          when(mmu_interval_read_retry(k.node.at(setup.me.cover).sub).and(setup.me.fail.not()), [
            set(setup.me.fail, true),
            goto("remove_tid"),
          ]),
          set(k.success, setup.me.fail.not()),
          mmu_interval_read_end(k.node.at(setup.me.cover).sub),
        ]),
      ],
    },
    entry_does_not_wait: {
      doc: "as merged, and as in 7.3: nobody waits for an invalidation that began before the entry",
      from: "b3deec25847b",
      breaks: "no_stale_entry",
      change: [
        remove(setup, "tid_read_begin.read_seq"),
        remove(setup, "tid_read_begin.wait_event"),
      ],
    },
  },
});
