/**
 * TTM evicts a buffer with pages of an address space: three parties wait for one another by a
 * reservation, mmap_lock and a fence.
 *
 * Claim    The restore worker holds mmap_lock and takes no reservation of the buffer: the worker
 *          that signals the eviction fence gets mmap_lock in the end. Where the pages are the
 *          restore worker learns from hmm_range_fault(), and mmap_lock keeps them there.
 * Source   commit ec6abe831a84 "drm/amdkfd: rm BO resv on validation to avoid deadlock", amd-gfx
 *          <20211007214348.18726-1-alex.sierra@amd.com>;
 *          drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_restore_work,
 *          svm_range_reserve_bos, svm_range_evict_svm_bo_worker (5.16). In 7.3 TTM calls
 *          svm_range_evict_svm_bo(), which only tries mmap_lock.
 * Omits    the reservations of the page tables, which stay; migrate_mutex, which both workers take
 *          under mmap_lock; svms->lock; the acquire context; that TTM gives up after a time-out.
 */
import {
  actor,
  assert,
  bool,
  claim,
  insert_after,
  insert_before,
  move_before,
  oneOf,
  routine,
  set,
  shared,
  some,
  spec,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  down_write,
  mmap_lock,
  queue_work,
  up_read,
  up_write,
  work_struct,
  worker,
} from "mmrace/kernel";

const Place = oneOf("vram", "system");

const k = shared({
  resv: dma_resv(), // of svm_bo->bo
  mmap_lock: mmap_lock(),
  eviction_fence: dma_fence_slot(true), // svm_bo->eviction_fence
  eviction_work: work_struct(), // svm_bo->eviction_work
  pages: Place,
  mapped: bool, // by the GPU
  gpu_pte: Place, // where it leads
});

const evict = actor("evict", {}, () => ({
  reserve: ["ttm_mem_evict_first(): reserve svm_bo->bo", dma_resv_lock(k.resv)],
  enable_signaling: [
    "svm_range_schedule_evict_svm_bo(): schedule_work()",
    queue_work(k.eviction_work),
  ],
  wait: ["ttm_bo_wait(): until the eviction fence signals", dma_fence_wait(k.eviction_fence)],
  move: [
    "ttm_bo_handle_move_mem(): the memory is somebody else's",
    assert("memory_taken_with_pages_in_it", k.pages.ne("vram"), "pages are still in VRAM"),
  ],
  unreserve: ["dma_resv_unlock()", dma_resv_unlock(k.resv)],
})).as("TTM, for another client");

const evict_work = worker("evict_work", {
  evict: [
    k.eviction_work,
    routine("svm_range_evict_svm_bo_worker", {}, () => ({
      mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
      migrate: [
        "svm_migrate_vram_to_ram(): the notifier unmaps, the pages move",
        set(k.mapped, false),
        set(k.pages, "system"),
      ],
      mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
      signal: ["dma_fence_signal(eviction_fence)", dma_fence_signal(k.eviction_fence)],
    })),
  ],
}).as("worker of the eviction fence");

const restore = actor("restore", { dma_addr: Place }, (me) => ({
  mmap_lock: down_write(k.mmap_lock),
  range_fault: ["svm_range_validate_and_map(): hmm_range_fault()", set(me.dma_addr, k.pages)],
  map: ["  svm_range_map_to_gpus()", set(k.mapped, true), set(k.gpu_pte, me.dma_addr)],
  mmap_unlock: ["mmap_write_unlock(mm)", up_write(k.mmap_lock)],
})).as("svm_range_restore_work()");

/** Of the buffer, as the last in the list of svm_range_reserve_bos(). */
const reserve = ["svm_range_reserve_bos(): reserve svm_bo->bo", dma_resv_lock(k.resv)] as const;
const unreserve = ["svm_range_unreserve_bos()", dma_resv_unlock(k.resv)] as const;

export default spec({
  name: "kfd-evict-fence-mmap-cycle",
  doc: "eviction waits with the reservation for a worker that waits for mmap_lock",
  race: { year: 2021, subsystem: "amdkfd SVM", class: "deadlock" },
  configs: { ci: {} },
  shared: k,
  actors: { evict, evict_work, restore },
  always: {
    gpu_maps_where_the_pages_are: claim(
      "a GPU mapping leads to the place where the pages are",
      k.mapped.implies(k.gpu_pte.eq(k.pages)),
    ),
  },
  at_rest: {
    pages_are_evicted: k.pages.eq("system"),
  },
  reachable: {
    maps_while_ttm_waits: some(restore, (r) => r.at("map")).and(some(evict, (e) => e.at("wait"))),
    mapped_in_system_memory: k.mapped.and(k.gpu_pte.eq("system")),
  },
  bugs: {
    validation_reserves_the_buffer: {
      doc: "the restore worker takes the reservation of the buffer, with mmap_lock held",
      from: "ec6abe831a84",
      breaks: "deadlock",
      order: ["evict.reserve", "evict.enable_signaling", "restore.mmap_lock"],
      change: [
        insert_before(restore, "range_fault", { reserve }),
        insert_after(restore, "map", { unreserve }),
      ],
    },
  },
  mutants: {
    signals_before_it_migrates: {
      doc: "TTM gives the memory away with the pages in it",
      from: "svm_range_evict_svm_bo_worker()",
      breaks: "memory_taken_with_pages_in_it",
      change: [move_before(evict_work, "evict_func.signal", "evict_func.migrate")],
    },
    maps_after_mmap_lock: {
      doc: "the pages may have moved since hmm_range_fault()",
      from: "svm_range_restore_work()",
      breaks: "gpu_maps_where_the_pages_are",
      change: [move_before(restore, "mmap_unlock", "map")],
    },
  },
});
