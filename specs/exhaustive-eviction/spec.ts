/**
 * Exhaustive eviction: several clients validate buffer objects that do not all fit into VRAM; TTM
 * evicts for each, in two phases, and xe_validation does again exclusively what ran out of memory.
 *
 * Claim    Nobody gets -ENOMEM while the VRAM that is not pinned would do; a job runs with all its
 *          buffer objects in VRAM; nobody deadlocks; and whoever validates succeeds in the end,
 *          also among SVM allocations of the same domain, CPU faults and the shrinker.
 * Source   drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_evict_alloc(), ttm_bo_evict_cb(); ttm_bo_util.c:
 *          ttm_lru_walk_for_evict(), ttm_lru_walk_ticketlock(); drivers/gpu/drm/xe/xe_validation.c,
 *          xe_shrinker.c; drivers/gpu/drm/drm_exec.c; kernel/locking/ww_mutex.h.
 * Omits    the order of the LRU (a walk visits in any order); sizes and fragmentation (a buffer
 *          object is one block); fences (an evicted job is done); pinned and deleted buffer
 *          objects; cgroup limits; buffer objects that share a dma_resv; failing evict_to_ram();
 *          signals; more than one retry.
 */
import { any, claim, eventually, every, forall, none, some, spec } from "mmrace";
import * as actors from "./actors.ts";
import { mutants } from "./mutants.ts";
import { Bo, is_accounted_for, k } from "./state.ts";
import { variants } from "./variants.ts";

const base = {
  bos: 2,
  svm_bos: 1,
  blocks: 2,
  execs_a: 1,
  execs_b: 1,
  svm_faults: 0,
  cpu_faults: 1,
  shrinkers: 0,
};

export default spec({
  name: "exhaustive-eviction",
  doc: "clients compete for VRAM: TTM's two-phase eviction walk and xe_validation",
  configs: {
    ci: base,
    svm: { ...base, execs_b: 0, svm_faults: 1 },
    shrinker: { ...base, cpu_faults: 0, shrinkers: 1 },
    deep: { ...base, cpu_faults: 2 },
    deep_svm: { ...base, svm_bos: 2, execs_b: 0, svm_faults: 2, cpu_faults: 0 },
  },
  shared: k,
  assume: [is_accounted_for],
  actors: { ...actors },
  always: {
    vram_is_accounted_for: claim(
      "a block of VRAM is free or belongs to one buffer object",
      is_accounted_for,
    ),
  },
  at_rest: {
    nobody_holds_a_lock: claim(
      "at rest, every dma_resv is unlocked",
      forall(Bo, (b) => k.bo.at(b).resv.owner.eq(none)),
    ),
  },
  liveness: {
    a_gets_its_vram: eventually(
      every(actors.exec_a, (t) => t.at("done")),
      "whoever validates gets its VRAM, however often the others want theirs",
    ),
  },
  reachable: {
    eviction_waits: some(actors.exec_a, (t) => t.at("evict.ticketlock")),
    // A walk that gets every lock by trying waits with no ticket, and nobody dies for a trylock:
    // with validators and shrinkers alone nobody backs off.
    drm_exec_backs_off: any(
      some(actors.exec_a, (t) => t.at("lock_all.lock_contended")),
      some(actors.cpu_fault, (t) => t.at("touch", "reserve", "unlock", "done")).not(),
    ),
  },
  mutants,
  variants,
});
