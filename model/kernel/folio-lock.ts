/**
 * PG_locked (mm/filemap.c: __folio_lock, folio_unlock, folio_wait_bit_common): a sleeping bit lock
 * that lockdep does not track.
 *
 * Omits    unlocking from another context (end of read I/O): here only the locker unlocks; the
 *          killable variants; the order of the wait queue.
 */
import {
  assert,
  block,
  type Effect,
  type Effects,
  type Expr,
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

export const folio_lock_bit = () => struct("folio_lock", { owner: proc }, (f) => f.owner.eq(self));
export type FolioLock = Struct<ReturnType<typeof folio_lock_bit>>;

function event(f: FolioLock, op: "acquire" | "trylock" | "release" | "wait"): Effect {
  return lockEvent({
    op,
    mode: "exclusive",
    lock: "folio_lock",
    class: f.path,
    index: [...f.indexes],
  });
}

/** folio_lock(): sleeps until the folio is unlocked, then owns the lock. */
export function folio_lock(f: FolioLock): Effect {
  return block(
    event(f, "acquire"),
    assert("recursive_lock", f.owner.ne(self), `folio_lock(${f.path}) by its owner`),
    might_sleep(`folio_lock(${f.path})`),
    wait(f.owner.eq(none)),
    set(f.owner, self),
  );
}

/** Is the folio locked by anybody? */
export function folio_test_locked(f: FolioLock): Expr<boolean> {
  return f.owner.ne(none);
}

/** The effects of a successful folio_trylock(); put it behind a test of the lock. */
export function folio_set_locked(f: FolioLock): Effect {
  return block(event(f, "trylock"), set(f.owner, self));
}

/** folio_trylock(): never sleeps; one of the two lists of effects happens. */
export function folio_trylock<L extends string = never>(
  f: FolioLock,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  return when<L>(f.owner.eq(none), [folio_set_locked(f), ...got]).otherwise<L>(busy);
}

/** folio_unlock(). */
export function folio_unlock(f: FolioLock): Effect {
  return block(
    assert("unlock_by_stranger", f.owner.eq(self), `folio_unlock(${f.path}) by another task`),
    event(f, "release"),
    set(f.owner, none),
  );
}

/**
 * folio_wait_locked() and softleaf_entry_wait_on_locked() (migration_entry_wait_on_locked() before
 * 6.19): sleeps until the lock is released, owns nothing afterwards, holds no reference meanwhile.
 */
export function folio_wait_locked(f: FolioLock): Effect {
  return block(
    event(f, "wait"),
    might_sleep(`folio_wait_locked(${f.path})`),
    wait(f.owner.eq(none)),
  );
}
