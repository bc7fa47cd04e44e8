/**
 * spinlock_t (include/linux/spinlock.h, kernel/locking/qspinlock.c): one owner, not recursive, and
 * whoever holds one is in atomic context: everything that may sleep is the finding
 * `sleep_in_atomic`.
 *
 * A section under a spinlock that no other step looks into is better written as one step, without
 * the lock. Declare the lock where a section contains a call, or where its misuse is the question.
 *
 * Omits    interrupts (spin_lock_irqsave is spin_lock), fairness of the queue, PREEMPT_RT, where a
 *          spinlock sleeps.
 */
import {
  assert,
  block,
  type Effect,
  type Effects,
  lockEvent,
  none,
  proc,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";

const spinning = <K extends "spinlock" | "page_table_lock">(kind: K) =>
  struct(kind, { owner: proc }, (lock) => lock.owner.eq(self));

export const spinlock = () => spinning("spinlock");

/** The page-table lock (ptlock_ptr), where a section of it is more than one step. */
export const page_table_lock = () => spinning("page_table_lock");

export type SpinLock = Struct<ReturnType<typeof spinning<"spinlock" | "page_table_lock">>>;

function event(lock: SpinLock, op: "acquire" | "trylock" | "release"): Effect {
  return lockEvent({
    op,
    mode: "exclusive",
    lock: "spinlock",
    class: lock.path,
    index: [...lock.indexes],
  });
}

/** spin_lock(): spins until nobody owns it. */
export function spin_lock(lock: SpinLock): Effect {
  return block(
    event(lock, "acquire"),
    assert("recursive_lock", lock.owner.ne(self), `spin_lock(${lock.path}) by its owner`),
    wait(lock.owner.eq(none)),
    set(lock.owner, self),
  );
}

/** spin_trylock(): one of the two lists of effects happens. */
export function spin_trylock<L extends string = never>(
  lock: SpinLock,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  const take = [event(lock, "trylock"), set(lock.owner, self), ...got];
  return when<L>(lock.owner.eq(none), take).otherwise<L>(busy);
}

/** spin_unlock(): by the owner only. */
export function spin_unlock(lock: SpinLock): Effect {
  return block(
    assert("unlock_by_stranger", lock.owner.eq(self), `spin_unlock(${lock.path}) by another CPU`),
    event(lock, "release"),
    set(lock.owner, none),
  );
}
