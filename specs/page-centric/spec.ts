/**
 * Page-centric SVM, as corrected: core mm's own means are enough. A page is moved under its lock, a
 * GPU entry is written under the GPU's page-table lock with the notifier's retry check, and nobody
 * looks for the address of a page except by asking core mm.
 *
 * Claim    With two locks that nest inside everything else and the notifier's sequence number, no
 *          GPU page-table or TLB entry outlives the CPU entry it was made from, no write is lost on
 *          the way to VRAM and back, copy on write stays private, and nobody deadlocks: whether the
 *          page is unmapped, given up, moved by mremap() or shared by fork() meanwhile. A CPU fault
 *          that is retried has lost its page to somebody else.
 * Source   Documentation/gpu/rfc/gpusvm.rst, "Agreed upon design principles"; mm/migrate_device.c,
 *          mm/memory.c, mm/mremap.c, mm/rmap.c, mm/mmu_notifier.c, mm/hmm.c; the scheme was
 *          proposed in the review of drm_gpusvm (2024) and corrected there: see variants.ts for
 *          both.
 * Omits    GPU page tables that are freed (all of them are there from the beginning), ranges of
 *          several pages, several GPUs, DMA mappings, asynchronous page-table updates, GPU write
 *          faults on read-only entries, GPU atomics, teardown; the time limit after which
 *          drm_gpusvm gives up retrying.
 */
import { all, any, type Expr, every, some, spec } from "mmrace";
import {
  type FrameOf,
  in_every_mm,
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference_of_any_mm,
  no_lost_page,
  no_stale_gpu_pte,
  some_mapping,
} from "mmrace/kernel";
import { cpu_fault, cpu_fault_v1, cpu_fault_v2 } from "./cpu.ts";
import { gpu_flush, gpu_store, gpu_tlb } from "./device.ts";
import { evict, evict_v1 } from "./evict.ts";
import { gpu_fault, gpu_fault_v1 } from "./gpu-fault.ts";
import { mutants } from "./mutants.ts";
import { k } from "./state.ts";
import { cow_fault, dontneed, fork, mremap, munmap } from "./syscalls.ts";
import { variants } from "./variants.ts";

const base = {
  pages: 1,
  sys_frames: 2,
  vram_frames: 1,
  versions: 1,
  children: 0,
  cow_faults: 0,
  cpu_faults: 1,
  more_cpu_faults: 0,
  gpu_faults: 1,
  more_gpu_faults: 0,
  munmaps: 1,
  dontneeds: 0,
  mremaps: 0,
  evictions: 1,
  gpu_tlbs: 1,
};

const moving = { ...base, pages: 2, munmaps: 0, mremaps: 1, evictions: 0 };
const sharing = { ...base, sys_frames: 3, children: 1, munmaps: 0, evictions: 0 };

const loses_the_race = (who: typeof gpu_fault) =>
  some(who, (t) => t.at("pt_unlock").and(t.local.err.eq("ebusy")));

const is_unwanted = (src: Expr<FrameOf>) =>
  some_mapping((m, p) => k.mm.at(m).pte.at(p).frame.eq(src)).not();

/**
 * Eviction copies a page that no entry refers to any more. True also where nothing is evicted: not
 * every configuration can show it.
 */
const copies_an_unwanted_page = any(
  all(
    every(evict, () => false),
    every(evict_v1, () => false),
  ),
  some(evict, (t) => t.at("finalize.copy_write").and(is_unwanted(t.local.src))),
  some(evict_v1, (t) => t.at("finalize.copy_write").and(is_unwanted(t.local.src))),
);

export default spec({
  name: "page-centric",
  doc: "SVM with page lock, page-table lock and notifier sequence number, and nothing else",
  configs: {
    ci: base,
    mremap: { ...moving, evictions: 1 },
    moved_vram: {
      ...moving,
      more_cpu_faults: 1,
      more_gpu_faults: 1,
      gpu_tlbs: 0,
      versions: 0,
    },
    fork: { ...sharing, cow_faults: 1 },
    shared_vram: { ...sharing, more_gpu_faults: 1, gpu_tlbs: 0, versions: 0 },
    deep: { ...base, sys_frames: 3, dontneeds: 1 },
    deep_two_gpu_faults: { ...base, sys_frames: 3, gpu_faults: 2, munmaps: 0 },
    deep_mremap: { ...moving, sys_frames: 3, more_gpu_faults: 1, evictions: 1 },
    deep_fork: { ...sharing, cow_faults: 1, evictions: 1 },
  },
  // Without munmap(): the reference of each fault makes the other's migration fail (NOTES.md).
  breaks: {
    mremap: "starvation",
    moved_vram: "starvation",
    fork: "starvation",
    shared_vram: "starvation",
    deep_two_gpu_faults: "starvation",
    deep_mremap: "starvation",
    deep_fork: "starvation",
  },
  shared: k,
  actors: {
    cpu_fault,
    cpu_fault_v1,
    cpu_fault_v2,
    gpu_fault,
    gpu_fault_v1,
    evict,
    evict_v1,
    munmap,
    dontneed,
    mremap,
    fork,
    cow_fault,
    gpu_tlb,
    gpu_flush,
    gpu_store,
  },
  always: {
    no_stale_gpu_pte: in_every_mm((m) => no_stale_gpu_pte(k.gpu.at(m), k.mm.at(m))),
    migration_entry_is_locked: in_every_mm((m) => migration_entry_is_locked(k.mm.at(m), k.folio)),
    no_free_while_mapped: in_every_mm((m) => no_free_while_mapped(k.mm.at(m), k.folio)),
    no_lost_page: in_every_mm((m) => no_lost_page(k.mm.at(m), k.folio)),
  },
  at_rest: { no_leaked_reference: no_leaked_reference_of_any_mm(k.mm, k.folio) },
  reachable: {
    gpu_uses_vram: some_mapping((m, p) => k.gpu.at(m).pte.at(p).is("vram")),
    gpu_uses_system_memory: some_mapping((m, p) => k.gpu.at(m).pte.at(p).is("sys")),
    gpu_fault_loses_the_race: any(loses_the_race(gpu_fault), loses_the_race(gpu_fault_v1)),
    cpu_fault_brings_a_page_back: any(
      some(cpu_fault, (t) => t.at("swap.put_page")),
      some(cpu_fault_v1, (t) => t.at("swap.put_page")),
      some(cpu_fault_v2, (t) => t.at("swap.put_page")),
    ),
    eviction_copies_a_page_nobody_wants: copies_an_unwanted_page,
  },
  mutants,
  variants,
});
