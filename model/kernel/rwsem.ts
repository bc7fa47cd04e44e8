/**
 * struct rw_semaphore (kernel/locking/rwsem.c): many readers or one writer; a waiting writer keeps
 * new readers out (rwsem_down_read_slowpath queues behind it), which is what turns a nested
 * down_read into a deadlock.
 *
 * Omits    the order of the queue: when it empties, any waiting writer may be next, also one that
 *          has just come (as with optimistic spinning), and readers that queued before a second
 *          writer may let it pass; readers that steal the lock from a writer in the queue.
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
  exists,
  lockEvent,
  none,
  proc,
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
import { might_sleep, not_under_folio_lock } from "./context.ts";

const semaphore = <K extends "rw_semaphore" | "mmap_lock">(kind: K) =>
  struct(
    kind,
    {
      writer: proc,
      readers: array(proc, bool),
      /** Writers in the queue. */
      waiting: array(proc, bool),
    },
    (sem) => sem.writer.eq(self).or(sem.readers.at(self)),
  );

export const rw_semaphore = () => semaphore("rw_semaphore");

/** mm->mmap_lock: an rw_semaphore that is not requested under a folio lock. */
export const mmap_lock = () => semaphore("mmap_lock");

export type RwSemaphore = Struct<ReturnType<typeof semaphore<"rw_semaphore" | "mmap_lock">>>;

function event(
  sem: RwSemaphore,
  op: "acquire" | "trylock" | "release" | "downgrade",
  mode: "shared" | "exclusive",
) {
  return lockEvent({ op, mode, lock: "rwsem", class: sem.path, index: [...sem.indexes] });
}

function not_held(sem: RwSemaphore, what: string): Effect {
  const cond = all(sem.writer.ne(self), sem.readers.at(self).not());
  return assert("recursive_lock", cond, `${what}(${sem.path}) by a task that holds it`);
}

/** What the context must allow to a request that may sleep. */
function context_allows(sem: RwSemaphore, what: string): Effect {
  const request = `${what}(${sem.path})`;
  const order = sem.struct === "mmap_lock" ? [not_under_folio_lock(request)] : [];
  return block(might_sleep(request), ...order);
}

function may_wait(sem: RwSemaphore, what: string): Effect {
  return block(not_held(sem, what), context_allows(sem, what));
}

/** Nobody reads and nobody writes. */
function is_free(sem: RwSemaphore): Expr<boolean> {
  return sem.writer.eq(none).and(exists(proc, (p) => sem.readers.at(p)).not());
}

function can_read(sem: RwSemaphore): Expr<boolean> {
  return sem.writer.eq(none).and(exists(proc, (p) => sem.waiting.at(p)).not());
}

/**
 * __down_read(): the waiting of down_read() without the checks of its context. With it a request
 * that is a finding can be followed to the deadlock that the rule is there for.
 */
export function __down_read(sem: RwSemaphore): Effect {
  return block(
    event(sem, "acquire", "shared"),
    wait(can_read(sem)),
    set(sem.readers.at(self), true),
  );
}

/** down_read(): blocks while somebody writes or waits to write. */
export function down_read(sem: RwSemaphore): Effect {
  return block(may_wait(sem, "down_read"), __down_read(sem));
}

/** down_read_trylock(): never blocks; one of the two lists of effects happens. */
export function down_read_trylock<L extends string = never>(
  sem: RwSemaphore,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  const take = [event(sem, "trylock", "shared"), set(sem.readers.at(self), true), ...got];
  return when<L>(can_read(sem), take).otherwise<L>(busy);
}

/** up_read(). */
export function up_read(sem: RwSemaphore): Effect {
  return block(
    assert("unlock_by_stranger", sem.readers.at(self), `up_read(${sem.path}) by another task`),
    event(sem, "release", "shared"),
    set(sem.readers.at(self), false),
  );
}

/** down_write(): takes it at once, or queues; while it is queued no new reader gets in. */
export function down_write(sem: RwSemaphore): Routine {
  return routine("down_write", {}, () => ({
    fast: [
      `down_write(&${sem.path})`,
      may_wait(sem, "down_write"),
      when(is_free(sem), [event(sem, "acquire", "exclusive"), set(sem.writer, self), ret()]),
      set(sem.waiting.at(self), true),
    ],
    slow: [
      `down_write(&${sem.path}): wait for the others`,
      event(sem, "acquire", "exclusive"),
      wait(is_free(sem)),
      set(sem.waiting.at(self), false),
      set(sem.writer, self),
    ],
  }));
}

/** down_write_trylock(): never blocks, and does not pass a queue. */
export function down_write_trylock<L extends string = never>(
  sem: RwSemaphore,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  const take = [event(sem, "trylock", "exclusive"), set(sem.writer, self), ...got];
  return when<L>(is_free(sem).and(can_read(sem)), take).otherwise<L>(busy);
}

/** up_write(). */
export function up_write(sem: RwSemaphore): Effect {
  return block(
    assert("unlock_by_stranger", sem.writer.eq(self), `up_write(${sem.path}) by another task`),
    event(sem, "release", "exclusive"),
    set(sem.writer, none),
  );
}

/** downgrade_write(): the writer becomes a reader; nobody gets in between. */
export function downgrade_write(sem: RwSemaphore): Effect {
  return block(
    assert("unlock_by_stranger", sem.writer.eq(self), `downgrade_write(${sem.path}) by another`),
    event(sem, "downgrade", "shared"),
    set(sem.writer, none),
    set(sem.readers.at(self), true),
  );
}

/** The running process holds it for writing. */
export function is_write_held(sem: RwSemaphore): Expr<boolean> {
  return sem.writer.eq(self);
}

/**
 * down_read() by a task that reads already, which lockdep calls recursive locking: it waits behind
 * a queued writer like everybody else.
 */
export function down_read_recursive(sem: RwSemaphore): Effect {
  return block(
    event(sem, "acquire", "shared"),
    assert("unlock_by_stranger", sem.readers.at(self), `${sem.path} is not held yet`),
    context_allows(sem, "down_read"),
    wait(can_read(sem)),
  );
}

/** The inner up_read(). */
export function up_read_recursive(sem: RwSemaphore): Effect {
  return assert("unlock_by_stranger", sem.readers.at(self), `up_read(${sem.path}) by another task`);
}
