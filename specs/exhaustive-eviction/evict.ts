/** Eviction for an allocation (drivers/gpu/drm/ttm/ttm_bo.c, ttm_bo_util.c). */
import {
  array,
  bool,
  choose,
  type Effect,
  type Expr,
  each,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  self,
  set,
  when,
} from "mmrace";
import { dma_resv_lock_ctx, dma_resv_set_locked, dma_resv_unlock } from "mmrace/kernel";
import { Bo, type BoOf, k } from "./state.ts";

const locals = {
  /** Where the walk is, and where it was. */
  at: Bo,
  visited: array(Bo, bool),
  trylock_only: bool,
  /** walk->arg.ticket: one lock of each walk may be waited for. */
  ticket: bool,
  evicted: bool,
  edeadlk: bool,
};

/** ttm_resource_alloc() for the buffer object: -ENOSPC if VRAM is full. */
export function resource_alloc(bo: Expr<BoOf>): Effect[] {
  return [set(k.free, k.free.minus(1)), set(k.bo.at(bo).in_vram, true)];
}

/**
 * ttm_bo_evict_alloc(): frees a block for `bo`, whose dma_resv the caller holds with its ticket,
 * and takes it. First a walk of trylocks; then, as long as something is evicted, walks in which one
 * lock is waited for. Each buffer object is unlocked as soon as it was looked at.
 */
export function evict_alloc(bo: Expr<BoOf>, enomem: Ref<boolean>): Routine {
  return routine("ttm_bo_evict_alloc", locals, (me) => {
    const { resv, in_vram } = k.bo.at(me.at);
    const is_next = (b: Expr<BoOf>): Expr<boolean> =>
      k.bo.at(b).in_vram.and(me.visited.at(b).not(), k.bo.at(b).resv.owner.ne(self));
    const is_last = exists(Bo, is_next).not();
    const begin = [set(me.evicted, false), each(Bo, (b) => [set(me.visited.at(b), false)])];
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
        dma_resv_lock_ctx(resv, k.ctx, me.edeadlk),
        when(me.edeadlk, [set(enomem, true), ret()]),
        set(me.ticket, false),
        when(in_vram.not(), [goto("unlock")]),
      ],
      evict: [
        "ttm_bo_evict(): to system memory",
        set(in_vram, false),
        set(k.free, k.free.plus(1)),
        set(me.evicted, true),
      ],
      alloc: [
        "ttm_resource_alloc(evictor): -ENOSPC if somebody else was faster",
        when(k.free.gt(0), resource_alloc(bo)),
      ],
      unlock: [
        "ttm_lru_walk_unlock(bo)",
        dma_resv_unlock(resv),
        when(k.bo.at(bo).in_vram, [ret()]),
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
