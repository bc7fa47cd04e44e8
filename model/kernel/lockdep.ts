/**
 * lockdep_is_held() and lockdep_assert_held() (include/linux/lockdep.h): does the running process
 * hold the lock? For functions whose contract names a lock of the caller.
 *
 * Omits    lock classes and their order: a deadlock is found as a state, not as a cycle of classes.
 */
import { assert, type Effect, type Expr, self } from "../index.ts";
import type { DmaResv } from "./dma-resv.ts";
import type { FolioLock } from "./folio-lock.ts";
import type { Mutex } from "./mutex.ts";
import type { RwSemaphore } from "./rwsem.ts";
import type { SpinLock } from "./spinlock.ts";

export type AnyLock = Mutex | SpinLock | FolioLock | DmaResv | RwSemaphore;

/** lockdep_is_held(): an rw_semaphore also when it is held for read. */
export function lockdep_is_held(lock: AnyLock): Expr<boolean> {
  if ("owner" in lock) return lock.owner.eq(self);
  return lock.writer.eq(self).or(lock.readers.at(self));
}

/** lockdep_assert_held(): finding `lock_not_held`. */
export function lockdep_assert_held(lock: AnyLock): Effect {
  return assert("lock_not_held", lockdep_is_held(lock), `${lock.path} must be held here`);
}
