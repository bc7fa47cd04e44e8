/**
 * struct ww_mutex of a Wound-Wait class (kernel/locking/ww_mutex.h,
 * Documentation/locking/ww-mutex-design.rst; DEFINE_WW_CLASS). For the Wait-Die class of dma_resv
 * see dma-resv.ts; both use ww_class and its ages.
 *
 * An older transaction that meets a lock of a younger one wounds it and waits. The younger one
 * notices when it has to wait for a lock itself: it backs off with -EDEADLK, unlocks all, and takes
 * the contended lock first (slow path). A transaction that never has to wait again is never killed.
 * A transaction that gets a lock for which an older one waits is wounded at once.
 *
 * Omits    the order of the queue; interruptible waits; locking without an acquire context.
 */
import {
  all,
  array,
  assert,
  block,
  bool,
  type Effect,
  type Expr,
  each,
  exists,
  lockEvent,
  none,
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
import type { WwClass } from "./dma-resv.ts";

export const ww_mutex = () =>
  struct("ww_mutex", { owner: proc, waiting: array(proc, bool) }, (m) => m.owner.eq(self));
export type WwMutex = Struct<ReturnType<typeof ww_mutex>>;

/** ctx->wounded of each transaction. */
export const ww_wounded = () => struct("ww_wounded", { by_older: array(proc, bool) });
export type WwWounded = Struct<ReturnType<typeof ww_wounded>>;

function event(m: WwMutex, op: "acquire" | "trylock" | "release"): Effect {
  return lockEvent({
    op,
    mode: "exclusive",
    lock: "ww_mutex",
    class: m.path,
    index: [...m.indexes],
    nest: true,
  });
}

/** __ww_mutex_wound(): of the owner, if it is younger, by a transaction that has locks itself. */
function wound_younger_owner(m: WwMutex, ctx: WwClass, wounded: WwWounded): Effect {
  return each(proc, (p) => [
    when(all(m.owner.eq(p), ctx.older.at(self).at(p), ctx.acquired.at(self)), [
      set(wounded.by_older.at(p), true),
    ]),
  ]);
}

/** Takes it, and is wounded if an older transaction waits for it (__ww_mutex_check_waiters). */
function take(m: WwMutex, ctx: WwClass, wounded: WwWounded): Effect {
  const older_waits = exists(proc, (p) =>
    m.waiting.at(p).and(ctx.older.at(p).at(self), ctx.acquired.at(p)),
  );
  return block(
    set(m.owner, self),
    set(ctx.acquired.at(self), true),
    when(older_waits, [set(wounded.by_older.at(self), true)]),
  );
}

/** A wounded transaction that holds locks must back off when it would have to wait. */
function must_die(ctx: WwClass, wounded: WwWounded): Expr<boolean> {
  return wounded.by_older.at(self).and(ctx.acquired.at(self));
}

/** ww_mutex_lock(m, ctx): takes the lock and clears `edeadlk`, or sets it. Waits in between. */
export function ww_mutex_lock(
  m: WwMutex,
  ctx: WwClass,
  wounded: WwWounded,
  edeadlk: Ref<boolean>,
): Routine {
  const dies = must_die(ctx, wounded);
  return routine("ww_mutex_lock", {}, () => ({
    request: [
      `ww_mutex_lock(&${m.path}, ctx)`,
      assert("recursive_lock", m.owner.ne(self), `ww_mutex_lock(${m.path}) by its owner`),
      assert("lock_without_ctx", ctx.open.at(self), "no ww_acquire_init() before"),
      might_sleep(`ww_mutex_lock(${m.path})`),
      set(edeadlk, false),
      // What is left of an earlier round: without locks nobody can be wounded.
      when(ctx.acquired.at(self).not(), [set(wounded.by_older.at(self), false)]),
      when(m.owner.eq(none), [event(m, "trylock"), take(m, ctx, wounded), ret()]),
      wound_younger_owner(m, ctx, wounded),
      when(dies, [set(edeadlk, true), ret()]),
      set(m.waiting.at(self), true),
    ],
    wait: [
      "  wait for the owner, or be wounded",
      event(m, "acquire"),
      wait(m.owner.eq(none).or(dies)),
      set(m.waiting.at(self), false),
      when(m.owner.ne(none), [set(edeadlk, true), ret()]),
      take(m, ctx, wounded),
    ],
  }));
}

/** ww_mutex_lock_slow(): the contended lock, with nothing else held; cannot die. */
export function ww_mutex_lock_slow(m: WwMutex, ctx: WwClass, wounded: WwWounded): Routine {
  const held = ctx.acquired.at(self);
  return routine("ww_mutex_lock_slow", {}, () => ({
    request: [
      `ww_mutex_lock_slow(&${m.path}, ctx)`,
      assert("slow_path_with_locks", held.not(), "ww_mutex_lock_slow() holds locks"),
      might_sleep(`ww_mutex_lock_slow(${m.path})`),
      set(wounded.by_older.at(self), false),
      when(m.owner.eq(none), [event(m, "trylock"), take(m, ctx, wounded), ret()]),
      set(m.waiting.at(self), true),
    ],
    wait: [
      "  wait for the owner",
      event(m, "acquire"),
      wait(m.owner.eq(none)),
      set(m.waiting.at(self), false),
      take(m, ctx, wounded),
    ],
  }));
}

/** ww_mutex_unlock(). */
export function ww_mutex_unlock(m: WwMutex): Effect {
  return block(
    assert("unlock_by_stranger", m.owner.eq(self), `ww_mutex_unlock(${m.path}) by another`),
    event(m, "release"),
    set(m.owner, none),
  );
}
