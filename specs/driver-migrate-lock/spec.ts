/**
 * Two GPUs of one process, each with VRAM of its own, fault on the same page, and each wants it in
 * its own VRAM: both migrate it.
 *
 * Claim    Neither of the two faults fails: who was -EBUSY takes driver_migrate_lock for write,
 *          brings the page home and migrates it while no other driver does. No GPU entry outlives
 *          the CPU's, and the page is not lost. Neither fault starves the other one, if both GPUs
 *          can do without VRAM, or if they have a time slice and do not reach one another's VRAM;
 *          atomic accesses of connected GPUs, or without a slice, may take the page from one
 *          another for ever (breaks). Under fairness of the two workers, for which weak is enough.
 * Source   drivers/gpu/drm/xe/xe_svm.c: xe_svm_alloc_vram, xe_drm_pagemap_populate_mm,
 *          __xe_svm_handle_pagefault, xe_svm_range_get_pages, xe_svm_range_is_valid,
 *          xe_svm_range_needs_migrate_to_vram, xe_drm_pagemap_device_map;
 *          drivers/gpu/drm/xe/xe_pt.c: xe_pt_stage_bind_entry, xe_atomic_for_system;
 *          drivers/gpu/drm/drm_pagemap.c: drm_pagemap_migrate_to_devmem,
 *          __drm_pagemap_migrate_to_ram, drm_pagemap_populate_mm; drivers/gpu/drm/drm_gpusvm.c:
 *          drm_gpusvm_scan_mm, drm_gpusvm_get_pages, drm_gpusvm_range_evict; mm/migrate_device.c:
 *          migrate_vma_collect_pmd; commit 0620837490e0 "drm/xe/svm: Serialize migration to device
 *          if racing".
 * Omits    the time limit of a walk (HMM_RANGE_DEFAULT_TIMEOUT, a second); vm->lock, the garbage
 *          collector and ranges of several pages (see xe-svm); a section of the notifier lock, the
 *          GPU's TLB and its flush are one step; bind jobs and fences; dma_resv, and VRAM that is
 *          full (see exhaustive-eviction); drm_gpusvm_scan_mm() looks once; pages that nobody has
 *          touched; the CPU's own faults; more than two GPUs, and more than one access of each:
 *          an access is done when the entry is written, if that allows it. A time slice lasts until
 *          the fault that has migrated the page has ended. With two blocks of VRAM a GPU waits for
 *          its old one, where the kernel takes another; two sizes have three.
 */
import { exists, none, some, spec } from "mmrace";
import {
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
} from "mmrace/kernel";
import { gpu_fault_a, gpu_fault_b } from "./gpu-fault.ts";
import { mutants, variants } from "./mutants.ts";
import { process } from "./process.ts";
import { k } from "./state.ts";

const ci = {
  pages: 1,
  sys_frames: 2,
  vram_frames: 2,
  versions: 1,
  interconnect: 1,
  devmem_only: 1,
  migrate_try_count: 1,
  timeslice: 0,
};

const as_in_7_3 = { migrate_try_count: 3, vram_frames: 3 };

export default spec({
  name: "driver-migrate-lock",
  doc: "two GPUs that each want one page in their own VRAM, and the lock between their drivers",
  configs: {
    ci,
    sliced: { ...ci, timeslice: 1 },
    sliced_apart: { ...ci, ...as_in_7_3, timeslice: 1, interconnect: 0 },
    deep: { ...ci, migrate_try_count: 3 },
    deep_anywhere: { ...ci, devmem_only: 0, vram_frames: 3 },
    deep_apart: { ...ci, interconnect: 0 },
  },
  // The page is taken away before it is mapped where it is needed: see NOTES.md.
  breaks: { ci: "starvation", sliced: "starvation", deep: "starvation", deep_apart: "starvation" },
  shared: k,
  actors: { process, gpu_fault_a, gpu_fault_b },
  always: {
    no_stale_gpu_pte_a: no_stale_gpu_pte(k.a.gpu, k.mm),
    no_stale_gpu_pte_b: no_stale_gpu_pte(k.b.gpu, k.mm),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    page_goes_on_to_the_other_gpu: some(gpu_fault_a, (t) => t.at("done")).and(
      exists(Page, (p) => k.b.gpu.pte.at(p).ne(none).and(k.b.gpu.pte.at(p).eq(k.b.vram))),
    ),
    migration_is_busy: some(gpu_fault_a, (t) => t.at("alloc_vram.evict.mmap_read_lock")),
    bind_loses_the_race: some(gpu_fault_a, (t) => t.at("bound").and(t.local.again)),
  },
  mutants,
  variants,
});
