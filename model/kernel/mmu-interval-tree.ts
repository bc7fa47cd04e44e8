/**
 * Interval notifiers that come and go (mm/mmu_notifier.c): mmu_interval_notifier_insert() and
 * _remove(), with the list of deferred inserts and removes.
 *
 * While subscriptions->invalidate_seq is odd the tree is frozen: what is inserted or removed then
 * waits on the deferred list for the end of the epoch, and remove sleeps until then, so that no
 * callback runs after it returned.
 *
 * Omits    the first insert of an mm, which allocates and takes mmap_lock for write; which
 *          intervals overlap (here all of them do); the order of the callbacks (here any).
 */
import {
  all,
  array,
  block,
  bool,
  choose,
  type Effect,
  type Expr,
  each,
  exists,
  goto,
  lockEvent,
  not,
  oneOf,
  proc,
  type Ref,
  type Routine,
  ret,
  routine,
  type Struct,
  self,
  set,
  struct,
  type Type,
  wait,
  when,
} from "../index.ts";
import { might_sleep, not_under_page_table_lock } from "./context.ts";
import {
  mmu_interval_notifier,
  mn_itree_inv_start_range,
  type Subscriptions,
} from "./mmu-interval-notifier.ts";

/** Where it is: in no tree, in the tree, on the deferred list to be inserted or to be removed. */
const place = oneOf("out", "in_tree", "to_insert", "to_remove");

export const mmu_interval_node = () =>
  struct("mmu_interval_node", { place, sub: mmu_interval_notifier() });
export type IntervalNode = Struct<ReturnType<typeof mmu_interval_node>>;

/** All intervals that there may be, by whatever owns them. */
export interface IntervalTree<T> {
  members: Type<T>;
  at(owner: Expr<T>): IntervalNode;
}

/** The tree as a frozen reader sees it: a deferred removal still is in it. */
function is_in_tree(node: IntervalNode): Expr<boolean> {
  return node.place.in("in_tree", "to_remove");
}

/**
 * mmu_interval_notifier_insert(). With an invalidation under way, the new interval counts as being
 * invalidated: its readers wait for the end, although nobody calls its callback.
 */
export function mmu_interval_notifier_insert(subs: Subscriptions, node: IntervalNode): Effect {
  const active = subs.active_invalidate_ranges.gt(0);
  return block(
    set(node.sub.seq_is_current, active),
    when(subs.invalidate_seq_odd, [set(node.place, "to_insert")]).otherwise([
      set(node.place, "in_tree"),
      when(active, [set(subs.invalidate_seq_odd, true)]),
    ]),
  );
}

/** mmu_interval_notifier_remove(): afterwards no callback runs and none will. */
export function mmu_interval_notifier_remove(subs: Subscriptions, node: IntervalNode): Routine {
  return routine("mmu_interval_notifier_remove", {}, () => ({
    erase: [
      "interval_tree_remove(), or deferred_list while the tree is frozen",
      might_sleep("mmu_interval_notifier_remove()"),
      when(all(subs.invalidate_seq_odd, node.place.eq("in_tree")), [
        set(node.place, "to_remove"),
        set(node.sub.waits.at(self), true),
      ]).otherwise([set(node.place, "out"), ret()]),
    ],
    wait_event: [
      "wait_event(subscriptions->invalidate_seq != seq)",
      lockEvent({
        op: "wait",
        mode: "exclusive",
        lock: "seqcount",
        class: node.sub.path,
        index: [...node.sub.indexes],
      }),
      wait(node.sub.waits.at(self).not()),
    ],
  }));
}

/**
 * mmu_notifier_invalidate_range_start(): `callback` for every interval of the tree; one that comes
 * after the start is not called. `owner` is a local of the caller that says for whom the callback
 * runs; none is in no tree, so it ends as none.
 */
export function invalidate_range_start_itree<T>(
  subs: Subscriptions,
  tree: IntervalTree<T>,
  event: string,
  owner: Ref<T>,
  callback: Routine,
): Routine {
  const overlap = exists(tree.members, (i) => is_in_tree(tree.at(i)));
  const locals = { called: array(tree.members, bool) };
  return routine("mmu_notifier_invalidate_range_start", locals, (me) => {
    const is_next = (i: Expr<T>): Expr<boolean> =>
      all(is_in_tree(tree.at(i)), me.called.at(i).not());
    const is_last = exists(tree.members, (i) => is_next(i)).not();
    return {
      itree_start: [
        `mmu_notifier_invalidate_range_start(${event})`,
        not_under_page_table_lock("mmu_notifier_invalidate_range_start()"),
        might_sleep("mmu_notifier_invalidate_range_start()"),
        mn_itree_inv_start_range(subs, overlap),
        when(not(overlap), [ret()]),
      ],
      next: [
        "interval_tree_iter_next()",
        choose(owner, is_next(owner).or(is_last)),
        when(is_last, [each(tree.members, (i) => [set(me.called.at(i), false)]), ret()]),
        set(me.called.at(owner), true),
      ],
      cb: callback,
      called: ["invalidate() returned true", goto("next")],
    };
  });
}

/** mmu_notifier_invalidate_range_end(): the last one thaws the tree and wakes all who wait. */
export function invalidate_range_end_itree<T>(subs: Subscriptions, tree: IntervalTree<T>): Effect {
  const thaw = each(tree.members, (i) => {
    const node = tree.at(i);
    return [
      set(node.sub.seq_is_current, false),
      each(proc, (p) => [set(node.sub.waits.at(p), false)]),
      when(node.place.eq("to_insert"), [set(node.place, "in_tree")]),
      when(node.place.eq("to_remove"), [set(node.place, "out")]),
    ];
  });
  return block(
    set(subs.active_invalidate_ranges, subs.active_invalidate_ranges.minus(1)),
    when(all(subs.active_invalidate_ranges.eq(0), subs.invalidate_seq_odd), [
      set(subs.invalidate_seq_odd, false),
      thaw,
    ]),
  );
}
