/**
 * TTM's walks along the LRU of buffer objects (drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_evict_alloc,
 * ttm_bo_evict_cb; ttm_bo_util.c: ttm_lru_walk_for_evict, ttm_lru_walk_ticketlock): to evict for an
 * allocation, and to shrink.
 *
 * Rules    Whoever allocates holds locks already, so a walk tries locks; with a ticket it may wait
 *          for one lock, and -EDEADLK ends the walk as -ENOSPC. The place of a buffer object is
 *          looked at again after the wait. A shrinker only tries.
 * Omits    the order of the LRU (a walk visits in any order) and its lock (each look is one step);
 *          failing evictions; what of ttm-bo.ts is omitted.
 */
import {
  array,
  block,
  bool,
  choose,
  type Effect,
  type Expr,
  each,
  exists,
  goto,
  idle,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  self,
  set,
  type Type,
  when,
} from "../index.ts";
import { dma_resv_lock_ctx, dma_resv_set_locked, dma_resv_unlock } from "./dma-resv.ts";
import { type TtmDevice, ttm_resource_alloc, ttm_resource_free } from "./ttm-bo.ts";

const locals = <T>(members: Type<T>) => ({
  /** Where the walk is, and where it was. */
  at: members,
  visited: array(members, bool),
  trylock_only: bool,
  /** walk->arg.ticket: one lock of each walk may be waited for. */
  ticket: bool,
  evicted: bool,
  edeadlk: bool,
});

/**
 * ttm_bo_evict_alloc(): frees a block for `bo`, whose dma_resv the caller holds with its ticket,
 * and takes it; `enomem` if there is none to be had. First a walk of trylocks; then, as long as
 * something is evicted, walks in which one lock is waited for. Each buffer object is unlocked as
 * soon as it was looked at.
 */
export function ttm_bo_evict_alloc<T>(
  dev: TtmDevice<T>,
  bo: Expr<T>,
  enomem: Ref<boolean>,
): Routine {
  return routine("ttm_bo_evict_alloc", locals(dev.members), (me) => {
    const { resv, in_vram } = dev.at(me.at);
    const is_next = (b: Expr<T>): Expr<boolean> =>
      dev.at(b).in_vram.and(me.visited.at(b).not(), dev.at(b).resv.owner.ne(self));
    const is_last = exists(dev.members, is_next).not();
    const begin = [
      set(me.evicted, false),
      each(dev.members, (b) => [set(me.visited.at(b), false)]),
    ];
    return {
      pass_a: [
        "evict_walk.walk.arg.trylock_only = true",
        set(enomem, false),
        set(me.trylock_only, true),
        set(me.ticket, false),
        ...begin,
      ],
      next: [
        "ttm_lru_walk_for_evict(): next resource, dma_resv_trylock() under lru_lock",
        choose(me.at, is_next(me.at).or(is_last)),
        when(is_last, [goto("walked")]),
        set(me.visited.at(me.at), true),
        when(resv.owner.eq(none), [dma_resv_set_locked(resv), goto("evict")]),
        when(me.ticket.not(), [goto("next")]),
      ],
      ticketlock: [
        "ttm_lru_walk_ticketlock(): -EDEADLK becomes -ENOSPC",
        dma_resv_lock_ctx(resv, dev.ctx, me.edeadlk),
        when(me.edeadlk, [set(enomem, true), ret()]),
        set(me.ticket, false),
        when(in_vram.not(), [goto("unlock")]),
      ],
      evict: [
        "ttm_bo_evict(): to system memory",
        ...ttm_resource_free(dev, me.at),
        set(me.evicted, true),
      ],
      alloc: [
        "ttm_resource_alloc(evictor): -ENOSPC if somebody else was faster",
        when(dev.free.gt(0), ttm_resource_alloc(dev, bo)),
      ],
      unlock: [
        "ttm_lru_walk_unlock(bo)",
        dma_resv_unlock(resv),
        when(dev.at(bo).in_vram, [ret()]),
        goto("next"),
      ],
      walked: [
        "trylock_only = false; arg.ticket = ticket; while (!lret && evicted)",
        when(me.trylock_only.or(me.evicted), [
          set(me.trylock_only, false),
          set(me.ticket, true),
          ...begin,
          retry(),
          goto("next"),
        ]),
        set(enomem, true),
      ],
    };
  });
}

/**
 * ttm_bo_lru_cursor_next() of a shrinker: the next buffer object in system memory whose dma_resv
 * can be had at once; none may ever be. First in a step.
 */
export function ttm_lru_trylock_in_system<T>(dev: TtmDevice<T>, at: Ref<T>): Effect {
  const { resv, in_vram } = dev.at(at);
  return block(
    idle(),
    choose(at, in_vram.not().and(resv.owner.eq(none))),
    dma_resv_set_locked(resv),
  );
}
