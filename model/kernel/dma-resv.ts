/**
 * struct dma_resv (drivers/dma-buf/dma-resv.c): a ww_mutex of the Wait-Die class
 * reservation_ww_class around fences.
 *
 * Taken without an acquire context it is a plain mutex. Taken with one, a transaction that holds a
 * lock already and meets a lock of an older transaction backs off with -EDEADLK, unlocks all and
 * starts again, keeping its age (kernel/locking/ww_mutex.h: __ww_mutex_kill).
 *
 * Nobody dies for a lock that was tried or taken without a context: its holder has no age there,
 * whatever else it holds (ww->ctx is NULL), and is waited for.
 *
 * Omits    a waiter's place in the queue: whether to die is decided by the holder's age alone, and
 *          again whenever the holder changes; -EALREADY, so that locking twice in one transaction
 *          is a finding; interruptible waits; the fence array (see dma-fence.ts).
 */
import {
  array,
  assert,
  block,
  bool,
  type Effect,
  type Effects,
  type Expr,
  each,
  exists,
  lockEvent,
  none,
  proc,
  type Ref,
  SpecError,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";

/** `ctx`: it is locked in transactions, too. */
export const dma_resv = ({ ctx = false } = {}) =>
  struct(
    "dma_resv",
    {
      owner: proc,
      /** ww->ctx: the owner took it in its transaction. */
      ...(ctx ? { in_ctx: bool } : {}),
    },
    (obj) => obj.owner.eq(self),
  );
export type DmaResv = Struct<ReturnType<typeof dma_resv>>;

/** reservation_ww_class: which transactions are open, and which of two is older. */
export const ww_class = () =>
  struct("ww_class", {
    open: array(proc, bool),
    /** older.at(p).at(q): the transaction of p began before that of q. */
    older: array(proc, array(proc, bool)),
    /** Locks that the transaction holds already. */
    acquired: array(proc, bool),
  });
export type WwClass = Struct<ReturnType<typeof ww_class>>;

function event(obj: DmaResv, op: "acquire" | "trylock" | "release", nest = false): Effect {
  return lockEvent({
    op,
    mode: "exclusive",
    lock: "ww_mutex",
    class: obj.path,
    index: [...obj.indexes],
    ...(nest ? { nest } : {}),
  });
}

/** dma_resv_lock(obj, NULL): a plain mutex. */
export function dma_resv_lock(obj: DmaResv): Effect {
  return block(
    event(obj, "acquire"),
    assert("recursive_lock", obj.owner.ne(self), `dma_resv_lock(${obj.path}) by its owner`),
    might_sleep(`dma_resv_lock(${obj.path})`),
    wait(obj.owner.eq(none)),
    set(obj.owner, self),
  );
}

/** The effects of a dma_resv_trylock() that can't fail, on an object that nobody else knows yet. */
export function dma_resv_set_locked(obj: DmaResv): Effect {
  return block(event(obj, "trylock"), set(obj.owner, self));
}

/** dma_resv_trylock(): never blocks and never dies; one of the two lists of effects happens. */
export function dma_resv_trylock<L extends string = never>(
  obj: DmaResv,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  const take = [dma_resv_set_locked(obj), ...got];
  return when<L>(obj.owner.eq(none), take).otherwise<L>(busy);
}

/** dma_resv_unlock(). */
export function dma_resv_unlock(obj: DmaResv): Effect {
  return block(
    assert("unlock_by_stranger", obj.owner.eq(self), `dma_resv_unlock(${obj.path}) by another`),
    event(obj, "release"),
    set(obj.owner, none),
    ...(obj.in_ctx ? [set(obj.in_ctx, false)] : []),
  );
}

/** ww_acquire_init(): the transaction of the running process begins; it is the youngest. */
export function ww_acquire_init(ctx: WwClass): Effect {
  return block(
    assert("recursive_lock", ctx.open.at(self).not(), "ww_acquire_init() twice"),
    each(proc, (p) => [set(ctx.older.at(p).at(self), ctx.open.at(p))]),
    set(ctx.open.at(self), true),
  );
}

/** ww_acquire_fini(): all its locks must be unlocked. */
export function ww_acquire_fini(ctx: WwClass): Effect {
  return block(
    assert("ww_acquire_fini_with_locks", ctx.acquired.at(self).not(), "locks are still held"),
    each(proc, (p) => [set(ctx.older.at(p).at(self), false)]),
    each(proc, (p) => [set(ctx.older.at(self).at(p), false)]),
    set(ctx.open.at(self), false),
  );
}

function in_ctx(obj: DmaResv): Ref<boolean> {
  if (obj.in_ctx) return obj.in_ctx;
  const what = `${obj.path} is locked in a transaction`;
  throw new SpecError("MR107", what, "declare it: dma_resv({ ctx: true })");
}

/** Does an older transaction hold it? */
function holder_is_older(obj: DmaResv, ctx: WwClass): Expr<boolean> {
  const is_older = exists(proc, (p) => obj.owner.eq(p).and(ctx.older.at(p).at(self)));
  return in_ctx(obj).and(is_older);
}

/** The running process takes it in its transaction. */
function take_in_ctx(obj: DmaResv, ctx: WwClass): Effect {
  return block(set(obj.owner, self), set(in_ctx(obj), true), set(ctx.acquired.at(self), true));
}

/**
 * dma_resv_lock(obj, ctx): takes the lock and clears `edeadlk`, or sets it when the transaction
 * must back off; blocks otherwise.
 */
export function dma_resv_lock_ctx(obj: DmaResv, ctx: WwClass, edeadlk: Ref<boolean>): Effect {
  const dies = ctx.acquired.at(self).and(holder_is_older(obj, ctx));
  return block(
    event(obj, "acquire", true),
    assert("recursive_lock", obj.owner.ne(self), `dma_resv_lock(${obj.path}) by its owner`),
    might_sleep(`dma_resv_lock(${obj.path})`),
    assert("lock_without_ctx", ctx.open.at(self), "no ww_acquire_init() before"),
    wait(obj.owner.eq(none).or(dies)),
    when(obj.owner.eq(none), [take_in_ctx(obj, ctx), set(edeadlk, false)]).otherwise([
      set(edeadlk, true),
      event(obj, "release", true),
    ]),
  );
}

/** dma_resv_lock_slow(): the contended lock, with nothing else held; cannot die. */
export function dma_resv_lock_slow(obj: DmaResv, ctx: WwClass): Effect {
  return block(
    event(obj, "acquire", true),
    assert("slow_path_with_locks", ctx.acquired.at(self).not(), "dma_resv_lock_slow() holds locks"),
    might_sleep(`dma_resv_lock_slow(${obj.path})`),
    wait(obj.owner.eq(none)),
    take_in_ctx(obj, ctx),
  );
}

/** Tells the context that its last lock was unlocked; part of the unlock that empties it. */
export function ww_unlocked_all(ctx: WwClass): Effect {
  return set(ctx.acquired.at(self), false);
}
