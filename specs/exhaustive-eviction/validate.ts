/** A transaction: lock all buffer objects, give each its VRAM, run. */
import {
  actor,
  array,
  assert,
  bool,
  choose,
  type Expr,
  each,
  exists,
  forall,
  goto,
  type Ref,
  type Routine,
  rare,
  ret,
  retry,
  routine,
  self,
  set,
  when,
} from "mmrace";
import {
  dma_resv_lock_ctx,
  dma_resv_lock_slow,
  dma_resv_unlock,
  down_read,
  down_write,
  ttm_bo_evict_alloc,
  ttm_resource_alloc,
  up_read,
  up_write,
  ww_acquire_fini,
  ww_acquire_init,
  ww_unlocked_all,
} from "mmrace/kernel";
import { Bo, type BoOf, type Client, dev, k } from "./state.ts";

type Set = (b: Expr<BoOf>) => Expr<boolean>;

const is_held: Set = (b) => k.bo.at(b).resv.owner.eq(self);
const holds_none = exists(Bo, is_held).not();

/** drm_exec_unlock_all(); in any order. */
function unlock_all(obj: Ref<BoOf>): Routine {
  return routine("drm_exec_unlock_all", {}, () => ({
    unlock: [
      "drm_exec_unlock_all()",
      choose(obj, is_held(obj).or(holds_none)),
      when(holds_none, [ww_unlocked_all(k.ctx), ret()]),
      dma_resv_unlock(k.bo.at(obj).resv),
      goto("unlock"),
    ],
  }));
}

/** drm_exec_until_all_locked(): the objects of the client, in any order. */
function lock_all(mine: Set, obj: Ref<BoOf>): Routine {
  const to_lock: Set = (b) => mine(b).and(k.bo.at(b).resv.owner.ne(self));
  const is_last = exists(Bo, to_lock).not();
  return routine("drm_exec_until_all_locked", { contended: Bo, edeadlk: bool }, (me) => ({
    next: [
      "drm_exec_until_all_locked(): next object",
      choose(obj, to_lock(obj).or(is_last)),
      when(is_last, [ret()]),
    ],
    lock_obj: [
      "drm_exec_lock_obj(&exec, obj)",
      dma_resv_lock_ctx(k.bo.at(obj).resv, k.ctx, me.edeadlk),
      when(me.edeadlk.not(), [goto("next")]),
      set(me.contended, obj),
    ],
    backoff: unlock_all(obj),
    lock_contended: [
      "drm_exec_lock_contended(): dma_resv_lock_slow()",
      rare(), // not without CPU faults: see drm_exec_backs_off
      dma_resv_lock_slow(k.bo.at(me.contended).resv, k.ctx),
      retry(),
      goto("next"),
    ],
  }));
}

const locals = { obj: Bo, validated: array(Bo, bool), enomem: bool, exclusive: bool };

/**
 * xe_validation_guard() around drm_exec and ttm_bo_validate(): what runs out of memory is done
 * again with everybody else who validates shut out. Strongly fair: a ww_mutex is handed over to a
 * waiter that was passed over (kernel/locking/mutex.c: MUTEX_FLAG_HANDOFF).
 */
export function validator(name: string, client: Client) {
  return actor(name, locals, (me) => {
    const mine: Set = (b) => b.is(client);
    const to_validate: Set = (b) => mine(b).and(me.validated.at(b).not());
    const is_last = exists(Bo, to_validate).not();
    return {
      val_lock: ["xe_validation_lock(): down_read(&val->lock)", down_read(k.val)],
      init: ["drm_exec_init(): ww_acquire_init()", ww_acquire_init(k.ctx)],
      lock_all: lock_all(mine, me.obj),
      next: [
        "ttm_bo_validate(bo): next one; nothing to do if it is in VRAM",
        choose(me.obj, to_validate(me.obj).or(is_last)),
        when(is_last, [goto("job")]),
        set(me.validated.at(me.obj), true),
        when(k.bo.at(me.obj).in_vram, [goto("next")]),
      ],
      alloc: [
        "ttm_bo_alloc_resource(): ttm_resource_alloc()",
        when(k.free.gt(0), [...ttm_resource_alloc(dev, me.obj), goto("next")]),
      ],
      evict: ttm_bo_evict_alloc(dev, me.obj, me.enomem),
      evicted: ["if (ret) return -ENOMEM", when(me.enomem, [goto("unlock")]), goto("next")],
      job: [
        "dma_resv_add_fence(); the job is pushed",
        assert(
          "job_without_memory",
          forall(Bo, (b) => mine(b).implies(k.bo.at(b).in_vram)),
          "a buffer object of the job is not in VRAM",
        ),
      ],
      unlock: unlock_all(me.obj),
      fini: [
        "drm_exec_fini(): ww_acquire_fini()",
        ww_acquire_fini(k.ctx),
        each(Bo, (b) => [set(me.validated.at(b), false)]),
      ],
      val_unlock: [
        "xe_validation_unlock(); -ENOMEM: once more, exclusively",
        assert("enomem", me.enomem.and(me.exclusive).not(), "-ENOMEM, and nothing is pinned"),
        when(me.exclusive, [up_write(k.val), goto("done")]),
        up_read(k.val),
        when(me.enomem.not(), [goto("done")]),
        set(me.exclusive, true),
        set(me.enomem, false),
      ],
      val_lock_exclusive: down_write(k.val),
      again: ["xe_validation_should_retry()", retry(), goto("init")],
    };
  })
    .as("validates its buffer objects")
    .fair("strong");
}
