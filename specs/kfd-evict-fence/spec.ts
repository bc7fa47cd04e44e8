/**
 * Eviction of SVM memory in amdkfd: TTM holds the reservation of the buffer, and the pages of the
 * buffer belong to an address space with an mmap_lock.
 *
 * Claim    Eviction that only tries mmap_lock, and skips the buffer when it does not get it, never
 *          deadlocks with the restore worker. Eviction by a fence that a worker signals does
 *          (mutant `eviction_fence`): TTM waits for the fence with the reservation, the eviction
 *          worker waits for mmap_lock, the restore worker holds it and waits for the reservation.
 *          Of the three waits lockdep sees one.
 * Source   drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_evict_svm_bo, svm_range_restore_work;
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_ttm.c: amdgpu_ttm_bo_eviction_valuable;
 *          commit ec6abe831a84.
 * Omits    the acquire context of the reservation, svms->lock and migrate_mutex; what is migrated.
 */
import {
  actor,
  any,
  bool,
  count_of,
  eventually,
  every,
  goto,
  idle,
  not,
  replace,
  set,
  shared,
  spec,
  wait,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv_add_fence,
  down_read,
  down_read_trylock,
  down_write,
  mutex,
  mutex_lock,
  mutex_unlock,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const k = shared({
  mmap_lock: rw_semaphore(),
  resv: mutex(), // bo->base.resv
  eviction_fence: dma_fence_slot(),
  in_vram: bool.init(true),
});

const evict = actor("evict", {}, () => ({
  resv_lock: ["ttm_bo_evict_first(): dma_resv_lock()", mutex_lock(k.resv)],
  trylock: [
    "svm_range_evict_svm_bo(): mmap_read_trylock()",
    down_read_trylock(k.mmap_lock, [], [goto("unlock")]),
  ],
  migrate: ["svm_migrate_vram_to_ram()", set(k.in_vram, false)],
  mmap_unlock: ["mmap_read_unlock()", up_read(k.mmap_lock)],
  unlock: ["dma_resv_unlock()", mutex_unlock(k.resv)],
})).as("TTM, for another client");

const restore = actor("restore", {}, () => ({
  mmap_lock: down_write(k.mmap_lock),
  resv_lock: ["svm_range_validate_and_map(): dma_resv_lock()", mutex_lock(k.resv)],
  map: ["map the ranges, wherever they are"],
  resv_unlock: ["dma_resv_unlock()", mutex_unlock(k.resv)],
  mmap_unlock: ["mmap_write_unlock()", up_write(k.mmap_lock)],
})).as("svm_range_restore_work()");

/** Exists in the older design only. */
const evict_work = actor("evict_work", {}, () => ({
  work: ["svm_range_evict_svm_bo_worker()", idle(), wait(k.eviction_fence.pending)],
  mmap_lock: ["mmap_read_lock()", down_read(k.mmap_lock)],
  migrate: ["svm_migrate_vram_to_ram()", set(k.in_vram, false)],
  mmap_unlock: ["mmap_read_unlock()", up_read(k.mmap_lock)],
  signal: ["dma_fence_signal(eviction_fence)", dma_fence_signal(k.eviction_fence), goto("work")],
}))
  .times(0)
  .as("worker of the eviction fence");

export default spec({
  name: "kfd-evict-fence",
  doc: "eviction of SVM memory: trylock, or a fence and a worker",
  configs: { ci: {} },
  shared: k,
  actors: { evict, restore, evict_work },
  always: {
    mapped_under_the_reservation: any(
      every(restore, (r) => r.at("map").not()),
      every(evict, (e) => e.at("migrate").not()),
    ),
  },
  reachable: {
    buffer_is_evicted: not(k.in_vram),
    buffer_is_skipped: every(evict, (e) => e.at("done")).and(k.in_vram),
  },
  liveness: {
    restore_ends: eventually(
      every(restore, (r) => r.at("done")),
      "the restore worker ends",
    ),
    eviction_ends: eventually(
      every(evict, (e) => e.at("done")),
      "TTM gets on, with the buffer or without it",
    ),
  },
  mutants: {
    eviction_fence: {
      doc: "TTM waits for a fence that a worker signals after it got mmap_lock",
      from: "ec6abe831a84; drivers.md 13.1, B5",
      breaks: "deadlock",
      change: [
        count_of(evict_work, 1),
        replace(evict, "trylock", [
          "enable_signaling(eviction_fence): schedule_work()",
          dma_resv_add_fence(k.eviction_fence),
        ]),
        replace(evict, "migrate", [
          "dma_fence_wait(eviction_fence)",
          dma_fence_wait(k.eviction_fence),
        ]),
        replace(evict, "mmap_unlock", ["the buffer is in system memory"]),
      ],
    },
  },
});
