/**
 * Theorem T3: eviction that waits for a reservation and only tries folio locks, and CPU faults that
 * hold mmap_lock and a folio lock and take no reservation, never deadlock over the three.
 *
 * Claim    Nobody waits for ever. A driver lock in the CPU fault keeps that if and only if none who
 *          holds it waits for a folio lock: directly, or in hmm_range_fault() on a page of another
 *          device, which the CPU fault of that device moves home.
 * Source   mm/memory.c: do_swap_page; mm/migrate_device.c: migrate_device_pfn_lock;
 *          drivers/gpu/drm/drm_pagemap.c: drm_pagemap_evict_to_ram, drm_pagemap_migrate_to_ram;
 *          drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_evict_cb; Documentation/gpu/rfc/gpusvm.rst.
 * Omits    what the locks protect; notifiers and fences (see lock-order and xe-svm); several
 *          buffers, folios and address spaces.
 */
import { actor, all, goto, insert_after, insert_before, replace, shared, some, spec } from "mmrace";
import {
  dma_resv,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  down_write,
  folio_lock,
  folio_lock_bit,
  folio_trylock,
  folio_unlock,
  folio_wait_locked,
  mutex,
  mutex_lock,
  mutex_unlock,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const k = shared({
  mmap_lock: rw_semaphore(),
  /** Of the buffer object behind the page. */
  resv: dma_resv(),
  folio: folio_lock_bit(),
  /** A lock of the driver that some variants take in the CPU fault, as amdkfd does. */
  svms_lock: mutex(),
});

/** do_swap_page() on a device-private entry. */
const cpu_fault = actor("cpu_fault", {}, () => ({
  mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  trylock: ["do_swap_page(): folio_trylock(page)", folio_trylock(k.folio, [], [goto("sleep")])],
  migrate: ["migrate_to_ram(): allocate, copy"],
  unlock: ["folio_unlock(page)", folio_unlock(k.folio), goto("mmap_unlock")],
  sleep: ["migration_entry_wait_on_locked()", folio_wait_locked(k.folio)],
  mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
})).as("CPU fault");

/** TTM wants the buffer object's memory. */
const evict = actor("evict", {}, () => ({
  resv_lock: ["ttm_bo_evict_cb(): dma_resv_lock(bo->resv)", dma_resv_lock(k.resv)],
  trylock: [
    "migrate_device_pfns(): folio_trylock(page)",
    folio_trylock(k.folio, [], [goto("resv_unlock")]),
  ],
  migrate: ["copy to system memory"],
  unlock: ["folio_unlock(page)", folio_unlock(k.folio)],
  resv_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.resv)],
})).as("TTM eviction");

/** The page is migrated to device memory, and mapped. */
const gpu_fault = actor("gpu_fault", {}, () => ({
  mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  resv_lock: ["xe_drm_pagemap_populate_mm(): dma_resv_lock(bo->resv)", dma_resv_lock(k.resv)],
  trylock: [
    "migrate_vma_collect_pmd(): folio_trylock(page)",
    folio_trylock(k.folio, [], [goto("resv_unlock")]),
  ],
  migrate: ["copy to device memory"],
  unlock: ["folio_unlock(page)", folio_unlock(k.folio)],
  resv_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.resv)],
  range_fault: ["hmm_range_fault(): migration_entry_wait()", folio_wait_locked(k.folio)],
  mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
})).as("GPU fault worker");

const munmap = actor("munmap", {}, () => ({
  mmap_lock: down_write(k.mmap_lock),
  mmap_unlock: ["zap; mmap_write_unlock(mm)", up_write(k.mmap_lock)],
})).as("munmap()");

// lock-order has some of these edits, too, among all locks of a driver. Here nothing else is
// locked, so that what breaks does so for these locks alone.
const resv_in_the_cpu_fault = [
  insert_before(cpu_fault, "migrate", {
    resv_lock: ["migrate_to_ram(): dma_resv_lock(bo->resv)", dma_resv_lock(k.resv)],
  }),
  insert_after(cpu_fault, "migrate", {
    resv_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.resv)],
  }),
];
const eviction_waits_for_the_folio = replace(evict, "trylock", [
  "folio_lock(page)",
  folio_lock(k.folio),
]);
const driver_lock_in_the_cpu_fault = [
  insert_before(cpu_fault, "migrate", {
    svms_lock: ["migrate_to_ram(): mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
  }),
  insert_after(cpu_fault, "migrate", {
    svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
  }),
];
const driver_lock_around_the_migration = [
  insert_before(gpu_fault, "resv_lock", {
    svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
  }),
  insert_after(gpu_fault, "resv_unlock", {
    svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
  }),
];

export default spec({
  name: "theorem-eviction-locks",
  doc: "T3: mmap_lock, reservation and folio lock, and a driver lock in the CPU fault",
  configs: { ci: {} },
  shared: k,
  actors: { cpu_fault, evict, gpu_fault, munmap },
  reachable: {
    eviction_meets_a_locked_folio: all(
      some(cpu_fault, (t) => t.at("unlock")),
      some(evict, (t) => t.at("trylock")),
    ),
    gpu_fault_waits_for_a_folio: all(
      some(evict, (t) => t.at("migrate")),
      some(gpu_fault, (t) => t.at("range_fault")),
    ),
  },
  mutants: {
    reservation_and_folio: {
      doc: "the CPU fault takes the reservation, and eviction waits for the folio",
      from: "T3, M4 and M5 of the lock orders",
      breaks: "deadlock",
      change: [...resv_in_the_cpu_fault, eviction_waits_for_the_folio],
    },
    holder_waits_for_a_folio: {
      doc: "a lock of the CPU fault is held over hmm_range_fault() on a page of another device",
      from: "T3, C3",
      breaks: "deadlock",
      change: [
        ...driver_lock_in_the_cpu_fault,
        insert_before(gpu_fault, "resv_lock", {
          svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
        }),
        insert_after(gpu_fault, "range_fault", {
          svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
        }),
      ],
    },
    holder_locks_the_folio: {
      doc: "eviction takes the driver's lock, and then the folio's, waiting for both",
      from: "T3",
      breaks: "deadlock",
      change: [
        ...driver_lock_in_the_cpu_fault,
        eviction_waits_for_the_folio,
        insert_before(evict, "trylock", {
          svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
        }),
        insert_after(evict, "unlock", {
          svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
        }),
      ],
    },
  },
  variants: {
    driver_lock_without_waits: {
      doc: "the CPU fault takes a lock that is held over a migration, which only tries folios",
      from: "T3",
      change: [...driver_lock_in_the_cpu_fault, ...driver_lock_around_the_migration],
    },
    reservation_in_the_cpu_fault: {
      doc: "the CPU fault takes the reservation; eviction and migration only try folios",
      from: "T3, S29",
      change: resv_in_the_cpu_fault,
    },
    eviction_waits: {
      doc: "eviction waits for the folio; the CPU fault takes no reservation",
      from: "T3, S29",
      change: [eviction_waits_for_the_folio],
    },
  },
});
