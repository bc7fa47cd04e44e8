/**
 * struct mutex (kernel/locking/mutex.c): one owner; the owner unlocks; not recursive.
 *
 * Omits    optimistic spinning, hand-off and wake-up order: any waiter may be next.
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
import { might_sleep } from "./context.ts";

export const mutex = () => struct("mutex", { owner: proc }, (m) => m.owner.eq(self));
export type Mutex = Struct<ReturnType<typeof mutex>>;

/** mutex_lock(): blocks until nobody owns it. */
export function mutex_lock(m: Mutex): Effect {
  return acquire(m, {});
}

/** mutex_lock_nested(): for lockdep, each subclass is a class of its own. */
export function mutex_lock_nested(m: Mutex, subclass: number): Effect {
  return acquire(m, { subclass });
}

/** mutex_lock_nest_lock(): somebody holds a lock that orders all locks of this class. */
export function mutex_lock_nest_lock(m: Mutex): Effect {
  return acquire(m, { nest: true });
}

function acquire(m: Mutex, more: { subclass?: number; nest?: boolean }): Effect {
  return block(
    lockEvent({
      op: "acquire",
      mode: "exclusive",
      lock: "mutex",
      class: m.path,
      index: [...m.indexes],
      ...more,
    }),
    assert("recursive_lock", m.owner.ne(self), `mutex_lock(${m.path}) by its owner`),
    might_sleep(`mutex_lock(${m.path})`),
    wait(m.owner.eq(none)),
    set(m.owner, self),
  );
}

/** mutex_trylock(): never blocks; one of the two lists of effects happens. */
export function mutex_trylock<L extends string = never>(
  m: Mutex,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  const event = lockEvent({
    op: "trylock",
    mode: "exclusive",
    lock: "mutex",
    class: m.path,
    index: [...m.indexes],
  });
  return when<L>(m.owner.eq(none), [event, set(m.owner, self), ...got]).otherwise<L>(busy);
}

/** mutex_unlock(): by the owner only. */
export function mutex_unlock(m: Mutex): Effect {
  return block(
    assert("unlock_by_stranger", m.owner.eq(self), `mutex_unlock(${m.path}) by another task`),
    lockEvent({
      op: "release",
      mode: "exclusive",
      lock: "mutex",
      class: m.path,
      index: [...m.indexes],
    }),
    set(m.owner, none),
  );
}
