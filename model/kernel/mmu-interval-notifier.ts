/**
 * mmu_interval_notifier (mm/mmu_notifier.c): the collision-retry sequence count.
 *
 * The kernel compares 64-bit numbers: `subscriptions->invalidate_seq` is odd while an invalidation
 * that hit some interval is active, and `interval_sub->invalidate_seq` is the value at which this
 * interval was hit last. Only comparisons matter, so the numbers are abstracted exactly, and any
 * number of invalidations fits into a finite state:
 *
 *   seq_is_current   interval_sub->invalidate_seq == subscriptions->invalidate_seq
 *   read.at(p)       fresh: interval_sub->invalidate_seq still equals the number that p has read
 *   waits.at(p)      subscriptions->invalidate_seq still equals the number that p has read
 *
 * test/kernel/interval-notifier.test.ts runs both forms in lockstep.
 *
 * Omits    insert and remove (deferred_list); the classic notifiers; wrap-around of the numbers.
 */
import {
  all,
  array,
  assert,
  block,
  bool,
  type Effect,
  type Effects,
  type Expr,
  each,
  lockEvent,
  oneOf,
  proc,
  type Routine,
  range,
  ret,
  routine,
  type SizeLike,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep, not_under_page_table_lock } from "./context.ts";
import { type AnyLock, lockdep_is_held } from "./lockdep.ts";

/** mm->notifier_subscriptions; `max` invalidations at a time. */
export const mmu_notifier_subscriptions = (max: SizeLike) =>
  struct("mmu_notifier_subscriptions", {
    active_invalidate_ranges: range(0, max),
    /** invalidate_seq & 1 */
    invalidate_seq_odd: bool,
  });
export type Subscriptions = Struct<ReturnType<typeof mmu_notifier_subscriptions>>;

export const mmu_interval_notifier = () =>
  struct("mmu_interval_notifier", {
    seq_is_current: bool,
    read: array(proc, oneOf("none", "fresh", "stale")),
    waits: array(proc, bool),
  });
export type IntervalNotifier = Struct<ReturnType<typeof mmu_interval_notifier>>;

/** mmu_interval_read_begin(): reads the number; sleeps while this interval is being invalidated. */
export function mmu_interval_read_begin(sub: IntervalNotifier): Routine {
  return routine("mmu_interval_read_begin", {}, () => ({
    read_seq: [
      "seq = interval_sub->invalidate_seq",
      might_sleep("mmu_interval_read_begin()"),
      set(sub.read.at(self), "fresh"),
      when(sub.seq_is_current.not(), [ret()]),
      set(sub.waits.at(self), true),
    ],
    wait_event: [
      "wait_event(subscriptions->invalidate_seq != seq)",
      lockEvent({
        op: "wait",
        mode: "shared",
        lock: "seqcount",
        class: sub.path,
        index: [...sub.indexes],
      }),
      wait(sub.waits.at(self).not()),
    ],
  }));
}

/** mmu_interval_read_retry(): true when the interval was invalidated since read_begin. */
export function mmu_interval_read_retry(sub: IntervalNotifier): Expr<boolean> {
  return sub.read.at(self).ne("fresh");
}

/**
 * `if (mmu_interval_read_retry()) { ... }` that names the driver's lock: the answer is worth
 * something only under it. Finding `read_retry_without_driver_lock`.
 */
export function mmu_interval_read_retry_under<L extends string = never>(
  driver_lock: AnyLock,
  sub: IntervalNotifier,
  retry: Effects<L>,
): Effect<L> {
  const text = `mmu_interval_read_retry(${sub.path}) without ${driver_lock.path}`;
  return block<L>(
    assert("read_retry_without_driver_lock", lockdep_is_held(driver_lock), text),
    when<L>(mmu_interval_read_retry(sub), retry),
  );
}

/** The reader's number goes out of scope: no C line, keeps the state small. */
export function mmu_interval_read_end(sub: IntervalNotifier): Effect {
  return set(sub.read.at(self), "none");
}

/**
 * mmu_interval_set_seq(): by the callback, under the driver's lock. The first one of an epoch
 * outdates every number read before; a later one stores the same number again and outdates none.
 */
export function mmu_interval_set_seq(sub: IntervalNotifier, driver_lock?: AnyLock): Effect {
  const effect = when(sub.seq_is_current.not(), [
    each(proc, (p) => [when(sub.read.at(p).eq("fresh"), [set(sub.read.at(p), "stale")])]),
    set(sub.seq_is_current, true),
  ]);
  if (!driver_lock) return effect;
  const text = `mmu_interval_set_seq(${sub.path}) without ${driver_lock.path}`;
  return block(assert("set_seq_without_driver_lock", lockdep_is_held(driver_lock), text), effect);
}

/** mn_itree_inv_start_range(): one more active invalidation; odd if it overlaps an interval. */
export function mn_itree_inv_start_range(
  subs: Subscriptions,
  overlaps: boolean | Expr<boolean> = true,
): Effect {
  return block(
    set(subs.active_invalidate_ranges, subs.active_invalidate_ranges.plus(1)),
    when(overlaps, [set(subs.invalidate_seq_odd, true)]),
  );
}

/** mn_itree_inv_end(): the last one makes the number even and wakes all who wait. */
export function mn_itree_inv_end(subs: Subscriptions, intervals: IntervalNotifier[]): Effect {
  const wake = intervals.flatMap((sub) => [
    set(sub.seq_is_current, false),
    each(proc, (p) => [set(sub.waits.at(p), false)]),
  ]);
  return block(
    set(subs.active_invalidate_ranges, subs.active_invalidate_ranges.minus(1)),
    when(all(subs.active_invalidate_ranges.eq(0), subs.invalidate_seq_odd), [
      set(subs.invalidate_seq_odd, false),
      ...wake,
    ]),
  );
}

/** mmu_notifier_invalidate_range_start(): then every overlapping interval's callback, in order. */
export function mmu_notifier_invalidate_range_start(
  subs: Subscriptions,
  event: string,
  callbacks: Routine[],
): Routine {
  const calls = Object.fromEntries(callbacks.map((c, i) => [i === 0 ? "cb" : `cb${i + 1}`, c]));
  return routine("mmu_notifier_invalidate_range_start", {}, () => ({
    itree_start: [
      `mmu_notifier_invalidate_range_start(${event})`,
      not_under_page_table_lock("mmu_notifier_invalidate_range_start()"),
      might_sleep("mmu_notifier_invalidate_range_start()"),
      mn_itree_inv_start_range(subs),
    ],
    ...calls,
  }));
}

/** mmu_notifier_invalidate_range_end(). */
export function mmu_notifier_invalidate_range_end(
  subs: Subscriptions,
  intervals: IntervalNotifier[],
): Effect {
  return mn_itree_inv_end(subs, intervals);
}
