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
import { claim, none, remove, some, spec } from "mmrace";
import { delayed, evict, gap, gpu, k } from "./scheme.ts";

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
