/**
 * A dead buffer object is chosen from the LRU to be cleaned up, and the lock of the list is dropped
 * and taken again before that is done.
 *
 * Claim    An object that was chosen is still on its lists when its cleanup begins, and it is taken
 *          off and its memory freed once: lru_lock and the reservation are held from the choice on.
 *          Whoever must drop them to wait for the device looks again.
 * Source   commit 85b144f86017 "drm/ttm: call ttm_bo_cleanup_refs with reservation and lru lock
 *          held, v3"; drivers/gpu/drm/ttm/ttm_bo.c: ttm_mem_evict_first, ttm_bo_delayed_delete,
 *          ttm_bo_cleanup_refs_and_unlock, ttm_bo_cleanup_memtype_use (3.8; today delayed deletion
 *          is a work item of each object).
 * Omits    the third path, ttm_bo_swapout(), which is like the others; fence_lock; other objects;
 *          no_wait_gpu; list_kref, which keeps the object itself; see NOTES.md for what the race
 *          did.
 */
import {
  actor,
  assert,
  bool,
  type Change,
  claim,
  goto,
  insert_after,
  insert_before,
  none,
  remove,
  ret,
  routine,
  set,
  shared,
  some,
  spec,
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

const k = shared({
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

const evict = path("evict", "ttm_mem_evict_first(): man->lru").as("eviction");
const delayed = path("delayed", "ttm_bo_delayed_delete(): bdev->ddestroy").as("delayed deletion");

const gpu = actor("gpu", {}, () => ({
  signal: ["the command is done", complete_all(k.sync_obj)],
})).as("device");

/** ttm_bo_cleanup_refs() until 3.7: takes both locks itself. */
const gap = (who: typeof evict): Change[] => [
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

export default spec({
  name: "ttm-cleanup-refs-lru-gap",
  doc: "two paths choose the same dead buffer object to clean it up",
  race: {
    year: 2012,
    subsystem: "TTM",
    class: "isolation, ordering, wrong decision, spurious failure",
  },
  configs: { ci: {} },
  shared: k,
  actors: { evict, delayed, gpu },
  at_rest: {
    memory_is_free: claim("somebody has freed the memory", k.memory.not()),
  },
  reachable: {
    other_path_was_faster: k.memory.not().and(some(evict, (e) => e.at("cleanup.look_again"))),
    raced_and_lost: k.resv.owner.ne(none).and(some(evict, (e) => e.at("cleanup.reserve"))),
  },
  bugs: {
    lock_dropped_after_the_choice: {
      doc: "lru_lock is dropped and taken again at once, and the reservation comes after that",
      from: "85b144f86017",
      breaks: "chosen_object_is_gone",
      order: [
        ...["delayed.choose", "delayed.gap"],
        ...["evict.choose", "evict.cleanup.unlink", "delayed.cleanup.idle"],
      ],
      change: [...gap(evict), ...gap(delayed)],
    },
  },
  mutants: {
    does_not_look_again: {
      doc: "after waiting for the device nobody asks whether the object is still on its lists",
      from: "ttm_bo_cleanup_refs_and_unlock()",
      breaks: "unlinked_twice",
      change: [remove(evict, "cleanup.look_again")],
    },
    one_path_drops_the_lock: {
      doc: "eviction holds both from the choice on, delayed deletion does not",
      from: "ttm_bo_delayed_delete()",
      breaks: "chosen_object_is_gone",
      change: gap(delayed),
    },
  },
});
