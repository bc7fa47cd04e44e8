/**
 * seqcount_t (include/linux/seqlock.h): readers never block writers; a reader that overlapped a
 * writer tries again. As in mmu-interval-notifier.ts only the comparison of numbers matters, so
 * each reader has a token: no writer began since it read the number (fresh), or one did (stale).
 *
 * Rules    writers exclude each other by a lock of their own: `seqcount_writers_collide` otherwise.
 *
 * Omits    the latch variant; that a reader spins while a preempted writer is inside (a reader
 *          waits).
 */
import {
  array,
  assert,
  block,
  type Effect,
  type Effects,
  type Expr,
  each,
  lockEvent,
  none,
  oneOf,
  proc,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";

export const seqcount = () =>
  struct("seqcount", { writer: proc, read: array(proc, oneOf("none", "fresh", "stale")) }, (s) =>
    s.writer.eq(self),
  );
export type Seqcount = Struct<ReturnType<typeof seqcount>>;

function event(s: Seqcount, op: "trylock" | "release" | "wait", mode: "shared" | "exclusive") {
  return lockEvent({ op, mode, lock: "seqcount", class: s.path, index: [...s.indexes] });
}

/** write_seqcount_begin(): the number becomes odd; every reader that has one must try again. */
export function write_seqcount_begin(s: Seqcount): Effect {
  return block(
    assert("seqcount_writers_collide", s.writer.eq(none), `two writers of ${s.path}`),
    event(s, "trylock", "exclusive"),
    each(proc, (p) => [when(s.read.at(p).eq("fresh"), [set(s.read.at(p), "stale")])]),
    set(s.writer, self),
  );
}

/** write_seqcount_end(): the number is even again. */
export function write_seqcount_end(s: Seqcount): Effect {
  return block(
    assert("unlock_by_stranger", s.writer.eq(self), `write_seqcount_end(${s.path}) by another`),
    event(s, "release", "exclusive"),
    set(s.writer, none),
  );
}

/** read_seqcount_begin(): spins until the number is even, and remembers it. */
export function read_seqcount_begin(s: Seqcount): Effect {
  return block(event(s, "wait", "shared"), wait(s.writer.eq(none)), set(s.read.at(self), "fresh"));
}

/** raw_seqcount_begin(): does not spin; inside a writer, the retry will fail. */
export function raw_seqcount_begin(s: Seqcount): Effect {
  return when(s.writer.eq(none), [set(s.read.at(self), "fresh")]).otherwise([
    set(s.read.at(self), "stale"),
  ]);
}

/** raw_seqcount_try_begin(): one of the two lists of effects happens. */
export function raw_seqcount_try_begin<L extends string = never>(
  s: Seqcount,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  return when<L>(s.writer.eq(none), [set(s.read.at(self), "fresh"), ...got]).otherwise<L>(busy);
}

/** read_seqcount_retry(): what was read since is not to be used. */
export function read_seqcount_retry(s: Seqcount): Expr<boolean> {
  return s.read.at(self).ne("fresh");
}

/** The reader's number goes out of scope: no C line, keeps the state small. */
export function read_seqcount_end(s: Seqcount): Effect {
  return set(s.read.at(self), "none");
}
