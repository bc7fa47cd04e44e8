/**
 * Eviction under drm_exec: what is evicted is locked with the ticket and stays locked until the
 * transaction is over, and -EDEADLK backs off the whole transaction, which keeps its age.
 */
import {
  bool,
  type Change,
  choose,
  type Expr,
  each,
  exists,
  goto,
  insert_after,
  local_of,
  remove,
  replace,
  ret,
  retry,
  self,
  set,
  when,
} from "mmrace";
import {
  dma_resv_lock_ctx,
  dma_resv_lock_slow,
  dma_resv_unlock,
  ttm_resource_alloc,
  ww_unlocked_all,
} from "mmrace/kernel";
import type { exec_a } from "./actors.ts";
import { Bo, type BoOf, type Client, dev, k } from "./state.ts";

type Validator = typeof exec_a;

const at = local_of("evict.at", Bo);
const edeadlk = local_of("evict.edeadlk", bool);
const { resv, in_vram } = k.bo.at(at);

const is_held = (b: Expr<BoOf>) => k.bo.at(b).resv.owner.eq(self);
const holds_none = exists(Bo, is_held).not();

/** The walk: objects of others; waits for every lock, and unlocks nothing. */
function walk(who: Validator, client: Client): Change[] {
  const { me } = who;
  const is_next = (b: Expr<BoOf>) => k.bo.at(b).in_vram.and(b.is(client).not());
  const is_last = exists(Bo, is_next).not();
  return [
    replace(who, "evict.next", [
      "next resource of somebody else",
      choose(at, is_next(at).or(is_last)),
      when(is_last, [goto("walked")]),
      when(is_held(at), [goto("evict")]),
    ]),
    replace(who, "evict.ticketlock", [
      "drm_exec_lock_obj(&exec, bo)",
      dma_resv_lock_ctx(resv, k.ctx, edeadlk),
      when(edeadlk, [set(me.enomem, true), ret()]),
      when(in_vram.not(), [goto("unlock")]),
    ]),
    replace(who, "evict.unlock", [
      "/* stays locked */",
      when(k.bo.at(me.obj).in_vram, [ret()]),
      goto("next"),
    ]),
    replace(who, "evict.walked", [
      "nothing to evict: a block is free, or somebody has just taken it",
      when(k.free.eq(0), [retry(), goto("next")]),
      ...ttm_resource_alloc(dev, me.obj),
    ]),
  ];
}

/** drm_exec_retry_on_contention() around everything; no validation domain. */
export function keeps_evicted_objects_locked(who: Validator, client: Client): Change[] {
  const { me } = who;
  return [
    ...walk(who, client),
    replace(who, "val_lock", ["/* no validation domain */"]),
    replace(who, "val_unlock", ["return 0", goto("done")]),
    remove<Validator>(who, "val_lock_exclusive.fast"),
    remove<Validator>(who, "val_lock_exclusive.slow"),
    remove<Validator>(who, "again"),
    replace(who, "evicted", [
      "drm_exec_retry_on_contention(&exec)",
      when(me.enomem, [goto("unlock_for_retry")]),
      goto("next"),
    ]),
    insert_after(who, "evicted", {
      unlock_for_retry: [
        "drm_exec_unlock_all()",
        choose(me.obj, is_held(me.obj).or(holds_none)),
        when(holds_none, [ww_unlocked_all(k.ctx), goto("lock_contended")]),
        dma_resv_unlock(k.bo.at(me.obj).resv),
        goto("unlock_for_retry"),
      ],
      lock_contended: [
        "drm_exec_lock_contended(): dma_resv_lock_slow()",
        dma_resv_lock_slow(resv, k.ctx),
        set(me.enomem, false),
        each(Bo, (b) => [set(me.validated.at(b), false)]),
        retry(),
        goto("lock_all"),
      ],
    }),
  ];
}
