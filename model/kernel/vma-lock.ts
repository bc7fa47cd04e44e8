/**
 * The per-VMA lock (mm/mmap_lock.c, include/linux/mmap_lock.h, since 6.15 one counter `vm_refcnt`).
 *
 * A reader never waits: if the VMA is write-locked, or a writer waits for readers to leave, or it
 * is detached, the reader fails and falls back to mmap_lock. A writer holds mmap_lock for write,
 * waits for the readers, and keeps the lock until mmap_lock is unlocked or downgraded
 * (vma_end_write_all()): its lock is `vm_lock_seq == mm_lock_seq`. A VMA that left the tree is
 * detached and can't be locked.
 *
 * Omits    the moment in which a reader that will fail has raised vm_refcnt already; overflow of
 *          the sequence number; reuse of a freed VMA by another mm (SLAB_TYPESAFE_BY_RCU) beyond
 *          `detached`.
 */
import {
  array,
  assert,
  block,
  bool,
  type Effect,
  type Effects,
  type Expr,
  exists,
  lockEvent,
  proc,
  type Ref,
  type Routine,
  ret,
  routine,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";
import { is_write_held, type RwSemaphore } from "./rwsem.ts";

export const vma_lock = () =>
  struct(
    "vma_lock",
    {
      readers: array(proc, bool),
      /** vm_lock_seq == mm_lock_seq: locked by whoever holds mmap_lock for write. */
      write_locked: bool,
      /** VMA_LOCK_OFFSET: a writer waits for the readers. */
      entering: bool,
      detached: bool,
    },
    (vma) => vma.readers.at(self),
  );
export type VmaLock = Struct<ReturnType<typeof vma_lock>>;

function event(vma: VmaLock, op: "acquire" | "trylock" | "release", mode: "shared" | "exclusive") {
  return lockEvent({ op, mode, lock: "rwsem", class: vma.path, index: [...vma.indexes] });
}

/** vma_start_read(): never waits; one of the two lists of effects happens. */
export function vma_start_read<L extends string = never>(
  vma: VmaLock,
  got: Effects<L>,
  failed: Effects<L>,
): Effect<L> {
  const closed = vma.detached.or(vma.write_locked, vma.entering);
  const take = [event(vma, "trylock", "shared"), set(vma.readers.at(self), true), ...got];
  return when<L>(closed.not(), take).otherwise<L>(failed);
}

/** vma_end_read(). */
export function vma_end_read(vma: VmaLock): Effect {
  const mine = vma.readers.at(self);
  return block(
    assert("unlock_by_stranger", mine, `vma_end_read(${vma.path}) by another task`),
    event(vma, "release", "shared"),
    set(mine, false),
  );
}

/**
 * lock_vma_under_rcu(): looks the VMA up and read-locks it; `locked` says whether that worked. The
 * kernel looks up once more when the VMA was detached between the two; here it finds none either.
 */
export function lock_vma_under_rcu(vma: VmaLock, locked: Ref<boolean>): Routine {
  return routine("lock_vma_under_rcu", {}, () => ({
    lookup: ["rcu_read_lock(); vma = mas_walk()", set(locked, false), when(vma.detached, [ret()])],
    start_read: [
      "vma_start_read(); rcu_read_unlock()",
      vma_start_read(vma, [set(locked, true)], []),
    ],
  }));
}

/** vma_start_write(): caller holds mmap_lock for write; waits for the readers of the VMA. */
export function vma_start_write(vma: VmaLock, mmap_lock: RwSemaphore): Routine {
  const readers = exists(proc, (p) => vma.readers.at(p));
  return routine("vma_start_write", {}, () => ({
    enter: [
      `vma_start_write(${vma.path})`,
      vma_needs_mmap_lock(vma, mmap_lock, "vma_start_write"),
      might_sleep("vma_start_write()"),
      when(vma.write_locked, [ret()]),
      when(readers.not(), [event(vma, "acquire", "exclusive"), set(vma.write_locked, true), ret()]),
      set(vma.entering, true),
    ],
    wait: [
      "__vma_enter_locked(): wait for the readers",
      event(vma, "acquire", "exclusive"),
      wait(readers.not()),
      set(vma.entering, false),
      set(vma.write_locked, true),
    ],
  }));
}

function vma_needs_mmap_lock(vma: VmaLock, mmap_lock: RwSemaphore, what: string): Effect {
  const text = `${what}(${vma.path}) without mmap_lock for write`;
  return assert("vma_write_without_mmap_lock", is_write_held(mmap_lock), text);
}

/** vma_mark_detached(): the VMA, write-locked, leaves the tree for good. */
export function vma_mark_detached(vma: VmaLock): Effect {
  const text = `vma_mark_detached(${vma.path}) without vma_start_write()`;
  return block(
    assert("vma_not_write_locked", vma_is_write_locked(vma), text),
    assert("vma_detached_twice", vma.detached.not(), `${vma.path} is detached already`),
    set(vma.detached, true),
  );
}

/**
 * vma_end_write_all(), for each VMA of the mm: part of mmap_write_unlock() and
 * mmap_write_downgrade().
 */
export function vma_end_write_all(vma: VmaLock): Effect {
  return when(vma.write_locked, [event(vma, "release", "exclusive"), set(vma.write_locked, false)]);
}

/** vma_assert_write_locked(), as a question. */
export function vma_is_write_locked(vma: VmaLock): Expr<boolean> {
  return vma.write_locked;
}
