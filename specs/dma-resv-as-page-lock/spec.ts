/**
 * One dma_resv as page lock and as page-table lock: who moves a page, and who writes a GPU entry,
 * holds it. Core mm's folio lock is there all the same, and so is the lock that the notifier's
 * callback takes.
 *
 * Claim    It works while at most one side waits: eviction holds the dma_resv and only tries
 *          folios, or the CPU fault holds the folio and only tries the dma_resv. Then nobody
 *          deadlocks, no GPU entry is stale, no write is lost.
 * Source   drivers/gpu/drm/ttm/ttm_bo.c, ttm_bo_util.c (eviction holds the dma_resv); the first
 *          form of xe SVM, whose buffer objects share the dma_resv of the VM; mm/migrate_device.c
 *          (migrate_device_pfn_lock), mm/memory.c (do_swap_page); Documentation/gpu/rfc/gpusvm.rst,
 *          "Agreed upon design principles".
 * Omits    acquire contexts (there is one dma_resv); fences: entries are written at once, see
 *          xe-svm; the life of buffer objects, so a frame is free when its folio has no reference;
 *          ranges of several pages; fork and mremap, see page-centric; that retries come to an end
 *          (NOTES.md).
 */
import { exists, some, spec } from "mmrace";
import {
  gpu_flush,
  gpu_store,
  gpu_tlb,
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
} from "mmrace/kernel";
import { cpu_fault, dontneed, munmap } from "./cpu.ts";
import { evict } from "./evict.ts";
import { gpu_fault } from "./gpu-fault.ts";
import { mutants } from "./mutants.ts";
import { k } from "./state.ts";
import { variants } from "./variants.ts";

const base = {
  pages: 1,
  sys_frames: 2,
  vram_frames: 1,
  versions: 1,
  cpu_faults: 1,
  gpu_faults: 1,
  munmaps: 1,
  dontneeds: 0,
  evictions: 1,
};

export default spec({
  name: "dma-resv-as-page-lock",
  doc: "one dma_resv for pages and page tables: who may wait for it, and who may only try",
  configs: {
    ci: base,
    two_gpu_faults: { ...base, gpu_faults: 2, evictions: 0 },
    deep: { ...base, sys_frames: 3, dontneeds: 1 },
    deep_two_cpu_faults: { ...base, sys_frames: 3, cpu_faults: 2 },
  },
  shared: k,
  actors: {
    cpu_fault,
    gpu_fault,
    evict,
    munmap,
    dontneed,
    gpu_tlb: gpu_tlb(k.gpu),
    gpu_flush: gpu_flush(k.gpu),
    gpu_store: gpu_store(k.gpu, k.mm, k.folio),
  },
  always: {
    no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    gpu_uses_vram: exists(Page, (p) => k.gpu.tlb.at(p).is("vram")),
    gpu_uses_system_memory: exists(Page, (p) => k.gpu.tlb.at(p).is("sys")),
    gpu_fault_loses_the_race: some(gpu_fault, (t) =>
      t.at("notifier_unlock").and(t.local.err.eq("ebusy")),
    ),
    cpu_fault_brings_a_page_back: some(cpu_fault, (t) => t.at("swap.put_page")),
  },
  mutants,
  variants,
});
