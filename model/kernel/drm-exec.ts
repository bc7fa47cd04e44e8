/**
 * drm_exec (drivers/gpu/drm/drm_exec.c): locks several dma_resv objects under one acquire context.
 * When one of them makes the transaction die, all are unlocked, that one is locked first (slow
 * path), and the loop begins again.
 *
 *   drm_exec_until_all_locked(&exec) {
 *     drm_exec_lock_obj(&exec, obj); drm_exec_retry_on_contention(&exec); ...
 *   }
 *
 * Omits    interruptible waits, allocation of the array, references to the objects, duplicates (all
 *          objects are different); unlocking goes by position, not by the order of locking.
 */
import {
  bool,
  type Effect,
  goto,
  type Ref,
  type Routine,
  range,
  rare,
  ret,
  retry,
  routine,
  type StepOf,
  type Steps,
  self,
  set,
  when,
} from "../index.ts";
import {
  type DmaResv,
  dma_resv_lock_ctx,
  dma_resv_lock_slow,
  dma_resv_unlock,
  type WwClass,
  ww_acquire_fini,
  ww_acquire_init,
  ww_unlocked_all,
} from "./dma-resv.ts";

interface Exec {
  ctx: WwClass;
  objects: readonly DmaResv[];
  edeadlk: Ref<boolean>;
  /** Position, from 1, of the object that made the transaction die; 0: none. */
  contended: Ref<number>;
  /** Position of the object that the slow path has locked already. */
  prelocked: Ref<number>;
}

/** Goes on with the object at that position, from 0; behind the last one, the loop ends. */
function go_on({ objects, prelocked }: Exec, at: number): Effect<string>[] {
  const go = (to: number): Effect<string> => (to < objects.length ? goto(`lock${to}`) : ret());
  const has_it = when<string>(prelocked.eq(at + 1), [set(prelocked, 0), go(at + 1)]);
  return at < objects.length ? [has_it, go(at)] : [go(at)];
}

/** Unlocks the last object that is locked, and comes back for the next. */
function unlock_one(objects: readonly DmaResv[]): Effect<string>[] {
  return [...objects]
    .reverse()
    .map((obj) => when<string>(obj.owner.eq(self), [dma_resv_unlock(obj), goto("unlock")]));
}

function lock_step(exec: Exec, at: number): StepOf<string> {
  const { objects, ctx, edeadlk, contended } = exec;
  const backoff = [set(contended, at + 1), goto("unlock")];
  return [
    `drm_exec_lock_obj(&exec, obj${at})`,
    dma_resv_lock_ctx(objects[at] as DmaResv, ctx, edeadlk),
    when(edeadlk, backoff),
    ...go_on(exec, at + 1),
  ];
}

function slow_step(exec: Exec, at: number): StepOf<string> {
  const { objects, ctx, prelocked } = exec;
  return [
    `drm_exec_lock_contended(): dma_resv_lock_slow(obj${at})`,
    rare(),
    retry(),
    dma_resv_lock_slow(objects[at] as DmaResv, ctx),
    set(prelocked, at + 1),
    ...go_on(exec, 0),
  ];
}

/** drm_exec_init() and drm_exec_until_all_locked(): returns with all objects locked. */
export function drm_exec_until_all_locked(ctx: WwClass, objects: readonly DmaResv[]): Routine {
  const at = range(0, objects.length);
  const locals = { edeadlk: bool, contended: at, prelocked: at };
  return routine("drm_exec_until_all_locked", locals, (me): Steps => {
    const exec = { ...me, ctx, objects };
    const number = <T>(make: (exec: Exec, at: number) => T, name: string): [string, T][] =>
      objects.map((_, i) => [name + i, make(exec, i)]);
    const slow = objects.map((_, i) => when<string>(me.contended.eq(i + 1), [goto(`slow${i}`)]));
    return {
      init: ["drm_exec_cleanup(): ww_acquire_init(&exec->ticket)", ww_acquire_init(ctx)],
      ...Object.fromEntries(number(lock_step, "lock")),
      unlock: [
        "drm_exec_cleanup(): drm_exec_unlock_all()",
        rare(),
        ...unlock_one(objects),
        ww_unlocked_all(ctx),
        ...slow,
      ],
      ...Object.fromEntries(number(slow_step, "slow")),
    };
  });
}

/** drm_exec_fini(): unlocks all objects. */
export function drm_exec_fini(ctx: WwClass, objects: readonly DmaResv[]): Routine {
  return routine(
    "drm_exec_fini",
    {},
    (): Steps => ({
      unlock: [
        "drm_exec_fini(): drm_exec_unlock_all(); ww_acquire_fini()",
        ...unlock_one(objects),
        ww_unlocked_all(ctx),
        ww_acquire_fini(ctx),
      ],
    }),
  );
}
