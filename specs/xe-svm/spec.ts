/**
 * xe SVM: one buffer object with its dma_resv behind each migrated range, drm_gpusvm and
 * drm_pagemap.
 *
 * Claim    With five kinds of actors on one range, no GPU page-table entry or TLB entry outlives
 *          the CPU entry it was made from, no write is lost on the way to VRAM and back, and nobody
 *          deadlocks: eviction takes no mmap_lock, a CPU fault takes no dma_resv, and folio locks
 *          are only tried.
 * Source   drivers/gpu/drm/xe/xe_svm.c, xe_pt.c, xe_bo.c; drivers/gpu/drm/drm_gpusvm.c,
 *          drm_pagemap.c; mm/migrate_device.c, mm/memory.c, mm/mmu_notifier.c;
 *          Documentation/gpu/rfc/gpusvm.rst.
 * Omits    ranges of more than one page (see partial-unmap.spec.ts), several tiles or devices,
 *          eviction inside an allocation, userptr, VM close, prefetch, fork, the size of buffer
 *          objects beyond one page, the worker that puts a buffer object, driver_migrate_lock and
 *          the validation rwsem (one device); the scan before a migration, and the eviction of the
 *          range with which xe_svm_alloc_vram() tries again after -EBUSY; atomic faults
 *          (devmem_only); the interval notifier that comes with the first range in its interval and
 *          goes with the last (here it is there from the beginning).
 */
import { claim, exists, forall, some, spec } from "mmrace";
import {
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
} from "mmrace/kernel";
import { cpu_fault, dontneed, munmap } from "./cpu.ts";
import { bind_queue, gpu_flush, gpu_store, gpu_tlb, unbind_queue } from "./device.ts";
import { evict } from "./evict.ts";
import { gc } from "./gc.ts";
import { gpu_fault } from "./gpu-fault.ts";
import { mutants } from "./mutants.ts";
import { k } from "./state.ts";

const base = { pages: 1, sys_frames: 2, vram_frames: 1, versions: 1 };

export default spec({
  name: "xe-svm",
  doc: "xe shared virtual memory: ranges, buffer objects, eviction, garbage collection",
  configs: {
    ci: { ...base, cpu_faults: 1, gpu_faults: 1, munmaps: 1, dontneeds: 0, evictions: 1 },
    deep: {
      ...base,
      sys_frames: 3,
      cpu_faults: 1,
      gpu_faults: 1,
      munmaps: 1,
      dontneeds: 1,
      evictions: 1,
    },
  },
  shared: k,
  actors: {
    cpu_fault,
    gpu_fault,
    munmap,
    dontneed,
    evict,
    gc,
    gpu_tlb,
    gpu_flush,
    gpu_store,
    bind_queue,
    unbind_queue,
  },
  always: {
    no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
    dma_mapped_while_the_gpu_uses_it: claim(
      "what the TLB leads to is mapped for DMA",
      forall(Page, (p) => k.gpu.tlb.at(p).is("sys").implies(k.range.at(p).has_dma_mapping)),
    ),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    gpu_uses_vram: exists(Page, (p) => k.gpu.tlb.at(p).is("vram")),
    gpu_uses_system_memory: exists(Page, (p) => k.gpu.tlb.at(p).is("sys")),
    bind_loses_the_race: some(gpu_fault, (t) => t.at("bound").and(t.local.again)),
    eviction_moves_a_page: some(evict, (t) => t.at("bo_unlock").and(t.local.moved)),
    cpu_fault_waits_for_a_migration: some(cpu_fault, (t) => t.at("entry_wait")),
  },
  mutants,
});
