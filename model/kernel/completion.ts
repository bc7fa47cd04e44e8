/**
 * struct completion (kernel/sched/completion.c): complete() lets one waiter through, complete_all()
 * lets all through, now and later, until reinit_completion().
 *
 * Omits    timeouts and signals; the order of the waiters.
 */
import {
  any,
  block,
  bool,
  type Effect,
  type Effects,
  type Expr,
  lockEvent,
  range,
  type SizeLike,
  type Struct,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";

/** At most that many complete() that nobody has waited for yet. */
export const completion = (max: SizeLike = 1) =>
  struct("completion", {
    done: range(0, max),
    /** done == UINT_MAX */
    all: bool,
  });
export type Completion = Struct<ReturnType<typeof completion>>;

/** complete(): one waiter, present or future, goes on. */
export function complete(x: Completion): Effect {
  return when(x.all.not(), [set(x.done, x.done.plus(1))]);
}

/** complete_all(): every waiter, present and future, goes on. */
export function complete_all(x: Completion): Effect {
  return block(set(x.all, true), set(x.done, 0));
}

/** reinit_completion(). */
export function reinit_completion(x: Completion): Effect {
  return block(set(x.all, false), set(x.done, 0));
}

/** completion_done(): would a waiter go on? */
export function completion_done(x: Completion): Expr<boolean> {
  return any(x.all, x.done.gt(0));
}

/** The part of a wait that uses one complete() up; part of it. */
export function take_completion(x: Completion): Effect {
  return when(x.all.not(), [set(x.done, x.done.minus(1))]);
}

/** wait_for_completion(). */
export function wait_for_completion(x: Completion): Effect {
  return block(
    lockEvent({
      op: "wait",
      mode: "exclusive",
      lock: "wait",
      class: x.path,
      index: [...x.indexes],
    }),
    might_sleep(`wait_for_completion(${x.path})`),
    wait(completion_done(x)),
    take_completion(x),
  );
}

/** try_wait_for_completion(): one of the two lists of effects happens. */
export function try_wait_for_completion<L extends string = never>(
  x: Completion,
  got: Effects<L>,
  not_yet: Effects<L>,
): Effect<L> {
  return when<L>(completion_done(x), [take_completion(x), ...got]).otherwise<L>(not_yet);
}
