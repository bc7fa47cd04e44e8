/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  assert,
  bool,
  type Change,
  goto,
  insert_after,
  insert_before,
  remove,
  ret,
  routine,
  set,
  shared,
  when,
} from "mmrace";
import {
  complete_all,
  completion,
  completion_done,
  dma_resv,
  dma_resv_trylock,
  dma_resv_unlock,
  spin_lock,
  spin_unlock,
  spinlock,
  wait_for_completion,
} from "mmrace/kernel";

export const k = shared({
  lru_lock: spinlock(), // glob->lru_lock
  resv: dma_resv(), // bo->reserved
  on_lists: bool.init(true), // bo->lru and bo->ddestroy
  memory: bool.init(true), // bo->mem
  sync_obj: completion(), // the last command that uses the object
});

const give_up = [dma_resv_unlock(k.resv), spin_unlock(k.lru_lock), ret()];

const cleanup_refs = routine("ttm_bo_cleanup_refs_and_unlock", {}, () => ({
  idle: [
    "ttm_bo_wait(no_wait_gpu): idle already?",
    assert("chosen_object_is_gone", k.on_lists, "it was taken off its lists since it was chosen"),
    when(completion_done(k.sync_obj), [goto("unlink")]),
  ],
  drop: ["no: unreserve; spin_unlock(lru_lock)", dma_resv_unlock(k.resv), spin_unlock(k.lru_lock)],
  wait: ["driver->sync_obj_wait()", wait_for_completion(k.sync_obj)],
  relock: ["spin_lock(lru_lock)", spin_lock(k.lru_lock)],
  reserve: [
    "if (ttm_bo_reserve_nolru(no_wait)) return 0: we raced, and lost",
    dma_resv_trylock(k.resv, [], [spin_unlock(k.lru_lock), ret()]),
  ],
  look_again: ["if (list_empty(&bo->ddestroy)) return", when(k.on_lists.not(), give_up)],
  unlink: [
    "ttm_bo_del_from_lru(); list_del_init(&bo->ddestroy)",
    assert("unlinked_twice", k.on_lists, "the object is on no list"),
    set(k.on_lists, false),
  ],
  unlock: ["spin_unlock(lru_lock)", spin_unlock(k.lru_lock)],
  free: [
    "ttm_bo_cleanup_memtype_use()",
    assert("memory_freed_twice", k.memory, "its memory is free"),
    set(k.memory, false),
  ],
  unreserve: ["  atomic_set(&bo->reserved, 0)", dma_resv_unlock(k.resv)],
}));

const path = (name: string, list: string) =>
  actor(name, {}, () => ({
    lock: ["spin_lock(lru_lock)", spin_lock(k.lru_lock)],
    choose: [`${list}: is there one?`, when(k.on_lists.not(), [goto("none")])],
    reserve: ["ttm_bo_reserve_nolru(no_wait)", dma_resv_trylock(k.resv, [], [goto("none")])],
    cleanup: cleanup_refs,
    return: ["return", goto("done")],
    none: ["spin_unlock(lru_lock); return -EBUSY", spin_unlock(k.lru_lock)],
  }));

export const evict = path("evict", "ttm_mem_evict_first(): man->lru").as("eviction");
export const delayed = path("delayed", "ttm_bo_delayed_delete(): bdev->ddestroy").as(
  "delayed deletion",
);

export const gpu = actor("gpu", {}, () => ({
  signal: ["the command is done", complete_all(k.sync_obj)],
})).as("device");

/** ttm_bo_cleanup_refs() until 3.7: takes both locks itself. */
export const gap = (who: typeof evict): Change[] => [
  remove(who, "reserve"),
  insert_after(who, "choose", { gap: ["spin_unlock(lru_lock)", spin_unlock(k.lru_lock)] }),
  insert_before(who, "cleanup.idle", {
    take: ["ttm_bo_cleanup_refs(): spin_lock(lru_lock)", spin_lock(k.lru_lock)],
    take_resv: [
      "ttm_bo_reserve_locked(no_wait)",
      dma_resv_trylock(k.resv, [], [spin_unlock(k.lru_lock), ret()]),
    ],
  }),
];
