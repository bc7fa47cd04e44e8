/**
 * amdkfd SVM with XNACK: ranges that mirror CPU mappings, each with its own locks and its own
 * interval notifier; the GPU's retry fault maps again what a notifier has unmapped.
 *
 * Claim    With the VRAM of one GPU, and retry faults that are handled before their page is mapped,
 *          no GPU page-table or TLB entry outlives the CPU entry it was made from, no write is lost
 *          on the way to VRAM and back, what the GPU reaches is mapped for DMA, and nobody
 *          deadlocks: notifiers take prange->lock only, and eviction, which comes with a dma_resv,
 *          tries mmap_lock and migrate_mutex. What happens otherwise is among the variants.
 * Source   drivers/gpu/drm/amd/amdkfd/kfd_svm.c, kfd_migrate.c; mm/migrate_device.c, mm/memory.c,
 *          mm/hmm.c, mm/mmu_notifier.c.
 * Omits    ranges of more than one page (so no split, no child_list, no granularity); attributes
 *          and prefetch (the faulting GPU's VRAM or system memory is the user's choice); the window
 *          in which faults on a range just validated are dropped; draining of retry faults, and
 *          those that are older than the last unmapping (svms->checkpoint_ts); the time limit of
 *          hmm_range_fault(); fork; exit; eviction inside an allocation; an svm_bo
 *          that is being released while its range wants another; GPU page-table jobs, which run in
 *          the order in which they are queued (an update is one step).
 */
import { exists, some, spec } from "mmrace";
import { Page } from "mmrace/kernel";
import * as actors from "./actors.ts";
import { mutants } from "./mutants.ts";
import { at_rest, properties } from "./properties.ts";
import { k } from "./state.ts";
import { variants } from "./variants.ts";

const base = {
  pages: 1,
  sys_frames: 3,
  vram_frames: 1,
  versions: 1,
  gpu_stores: 1,
  cpu_faults: 1,
  gpu_faults: 1,
  dontneeds: 0,
};

export default spec({
  name: "amdkfd-svm",
  doc: "amdkfd shared virtual memory with XNACK: a range for each mirrored mapping",
  configs: {
    ci: { ...base, munmaps: 1, workers: 1, compactions: 1, evictions: 0 },
    eviction: { ...base, munmaps: 0, workers: 0, compactions: 1, evictions: 1 },
    deep: { ...base, munmaps: 1, workers: 1, compactions: 1, evictions: 1 },
  },
  shared: k,
  actors: { ...actors },
  always: properties,
  at_rest,
  reachable: {
    gpu_uses_vram: exists(Page, (p) => k.gpu.tlb.at(p).is("vram")),
    gpu_uses_system_memory: exists(Page, (p) => k.gpu.tlb.at(p).is("sys")),
    fault_loses_the_race: some(actors.gpu_fault, (t) =>
      t.at("migrate_unlock").and(t.local.err.eq("eagain")),
    ),
    cpu_fault_brings_a_page_back: some(actors.cpu_fault, (t) => t.at("swap.put_page")),
    cpu_fault_waits_for_a_migration: some(actors.cpu_fault, (t) => t.at("entry_wait")),
  },
  mutants,
  variants,
});
