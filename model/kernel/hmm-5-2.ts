/**
 * struct hmm and a registered hmm_range as they were from 5.2 to 5.4 (mm/hmm.c; replaced since
 * 04ec32fbc2b2 by interval notifiers): a count of invalidations in progress, and a flag of the
 * range that says whether there are any.
 *
 * Sections under ranges_lock are one step each, so the lock itself is not modelled.
 *
 * Omits    several ranges, and which of them an invalidation hits; the reference count of struct
 *          hmm; `dead`; the timeout of hmm_range_wait_until_valid(), after which drivers start
 *          again.
 */
import {
  block,
  bool,
  type Effect,
  type Expr,
  type Routine,
  range,
  type SizeLike,
  type Struct,
  set,
  struct,
  when,
} from "../index.ts";
import { wait_event, wait_queue_head, wake_up } from "./wait-queue.ts";

/** `max` invalidations at a time. */
export const hmm_5_2 = (max: SizeLike = 1) =>
  struct("hmm", {
    notifiers: range(0, max),
    /** range->valid */
    valid: bool.init(true),
    wq: wait_queue_head(),
  });
export type Hmm52 = Struct<ReturnType<typeof hmm_5_2>>;

/** hmm_range_register(): valid unless an invalidation is in progress. */
export function hmm_range_register(hmm: Hmm52): Effect {
  return set(hmm.valid, hmm.notifiers.eq(0));
}

/** hmm_range_wait_until_valid(). */
export function hmm_range_wait_until_valid(hmm: Hmm52): Routine {
  return wait_event(hmm.wq, "range->valid", hmm.valid);
}

/** hmm_range_valid(): is no invalidation in progress? It doesn't say that there was none. */
export function hmm_range_valid(hmm: Hmm52): Expr<boolean> {
  return hmm.valid;
}

/** The first section of hmm_invalidate_range_start(); the mirrors' callbacks come after it. */
export function hmm_notifiers_increment(hmm: Hmm52): Effect {
  return block(set(hmm.notifiers, hmm.notifiers.plus(1)), set(hmm.valid, false));
}

/** notifiers_decrement(), and hmm_invalidate_range_end(): the last one makes the range valid. */
export function hmm_notifiers_decrement(hmm: Hmm52): Effect {
  return block(
    set(hmm.notifiers, hmm.notifiers.minus(1)),
    when(hmm.notifiers.eq(0), [set(hmm.valid, true), wake_up(hmm.wq)]),
  );
}
