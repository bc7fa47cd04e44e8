/** Known mistakes, and what each must break. */
import {
  bool,
  type Change,
  choose,
  type Expr,
  exists,
  goto,
  local_of,
  type Mutant,
  none,
  replace,
  ret,
  self,
  set,
  when,
} from "mmrace";
import {
  dma_resv_lock,
  dma_resv_lock_ctx,
  dma_resv_set_locked,
  dma_resv_unlock,
  down_read,
  up_read,
  up_write,
} from "mmrace/kernel";
import { exec_a, exec_b } from "./actors.ts";
import { Bo, type BoOf, k } from "./state.ts";

type Validator = typeof exec_a;

const both = (change: (who: Validator) => Change[]) => [...change(exec_a), ...change(exec_b)];

const walk_at = local_of("evict.at", Bo);
const at = k.bo.at(walk_at);

const can_take = (b: Expr<BoOf>) => k.bo.at(b).in_vram.and(k.bo.at(b).resv.owner.in(none, self));

export const mutants: Record<string, Mutant> = {
  eviction_waits_without_a_ticket: {
    doc: "the second walk takes the contended lock as a plain mutex",
    from: "drivers.md 10.2.2, 10.5.7",
    breaks: "deadlock",
    change: both((who) => [
      replace(who, "evict.ticketlock", [
        "dma_resv_lock(bo->resv, NULL)",
        dma_resv_lock(at.resv),
        when(at.in_vram.not(), [goto("unlock")]),
      ]),
    ]),
  },
  retried_without_exclusion: {
    doc: "what ran out of memory is tried again among the others",
    from: "drivers.md 10.6.3, 14.8",
    breaks: "enomem",
    change: both((who) => [
      replace(who, "val_lock_exclusive.fast", ["down_read(&val->lock)", down_read(k.val), ret()]),
    ]),
  },
  retried_with_the_lock_held: {
    doc: "the exclusive lock is taken without giving back the shared one",
    from: "drivers.md 10.6.3",
    breaks: "recursive_lock",
    change: both((who) => [
      replace(who, "val_unlock", [
        "/* no up_read(&val->lock) */",
        when(who.me.exclusive, [up_write(k.val), goto("done")]),
        when(who.me.enomem.not(), [up_read(k.val), goto("done")]),
        set(who.me.exclusive, true),
        set(who.me.enomem, false),
      ]),
    ]),
  },
  place_not_checked_after_the_wait: {
    doc: "the buffer object was evicted while the walk waited for its lock, and is evicted again",
    from: "drivers.md 10.5.7",
    breaks: "vram_is_accounted_for",
    change: both((who) => [
      replace(who, "evict.ticketlock", [
        "ttm_lru_walk_ticketlock() /* no look at bo->resource */",
        dma_resv_lock_ctx(at.resv, k.ctx, local_of("evict.edeadlk", bool)),
        when(local_of("evict.edeadlk", bool), [set(who.me.enomem, true), ret()]),
        set(local_of("evict.ticket", bool), false),
      ]),
    ]),
  },
  own_objects_are_evicted: {
    doc: "the walk takes what the transaction itself has locked",
    from: "drivers.md 10.5.3 (allow_res_evict)",
    breaks: "job_without_memory",
    change: [
      replace(exec_a, "evict.next", [
        "ttm_lru_walk_for_evict() /* own objects too */",
        choose(walk_at, can_take(walk_at).or(exists(Bo, can_take).not())),
        when(can_take(walk_at).not(), [goto("walked")]),
        when(at.resv.owner.eq(none), [dma_resv_set_locked(at.resv)]),
        goto("evict"),
      ]),
      replace(exec_a, "evict.unlock", [
        "ttm_lru_walk_unlock(bo)",
        when(walk_at.is("a").not(), [dma_resv_unlock(at.resv)]),
        when(k.bo.at(exec_a.me.obj).in_vram, [ret()]),
        goto("next"),
      ]),
    ],
  },
};
