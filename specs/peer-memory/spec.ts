/**
 * A page is in the VRAM of one GPU, and another GPU of the same process wants it: it maps the page
 * where it is.
 *
 * Claim    The importer needs to know nothing of the exporter, and the exporter nothing of the
 *          importer: each mirrors the address space, and core mm's notifiers reach both whoever
 *          moves the page. No entry, TLB entry or DMA mapping of the importer outlives the CPU's
 *          entry; the exporter evicts without asking; nobody deadlocks and nothing is lost.
 *          So it is for a page that the importer maps in place, that it first brings home, and for
 *          which it asks the page's pagemap.
 * Source   drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_get_pages(); drivers/gpu/drm/drm_pagemap.c:
 *          drm_pagemap_evict_to_ram(), drm_pagemap_migrate_to_ram(); drivers/gpu/drm/xe/xe_svm.c:
 *          xe_drm_pagemap_device_map(); mm/hmm.c: hmm_vma_handle_pte(); mm/migrate_device.c. The
 *          callback get_dma_pfn_for_device() is of a series that was not merged (dri-devel,
 *          July 2025).
 * Omits    VRAM on both sides (see driver-migrate-lock); ranges of several pages; write
 *          permission and fork (see fork.spec.ts); the topology of PCI (device_map() may fail, for
 *          whatever reason); the exporter's TLB; the life of the pagemap (see the race
 *          pagemap-provider-unload); that the importer's mapping of VRAM is one of the bus.
 */
import { all, any, claim, every, exists, none, size, some, spec } from "mmrace";
import {
  cpu_fault_actor,
  dontneed_actor,
  gpu_flush,
  gpu_store,
  gpu_tlb,
  migration_entry_is_locked,
  munmap_actor,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
} from "mmrace/kernel";
import { evict, exporter_fault, migrate_to_ram } from "./exporter.ts";
import { importer_fault, importer_fault_home, importer_fault_p2p } from "./importer.ts";
import { invalidate } from "./invalidate.ts";
import { mutants } from "./mutants.ts";
import { k, peer_dma_is_mapped } from "./state.ts";
import { bo_move, variants } from "./variants.ts";

const munmap = munmap_actor(k.mm, k.folio, invalidate).times(size("munmaps"));

const dontneed = dontneed_actor(k.mm, k.folio, invalidate).times(size("dontneeds"));

const cpu_fault = cpu_fault_actor(k.mm, k.folio, migrate_to_ram).times(size("cpu_faults"));

const loses_the_race = (who: typeof importer_fault) =>
  some(who, (t) => t.at("read_retry").and(k.peer_sub.read.at(t.proc).eq("stale")));

const ci = {
  pages: 1,
  sys_frames: 2,
  vram_frames: 1,
  versions: 1,
  other_gpus: 1,
  exporter_faults: 1,
  importer_faults: 1,
  cpu_faults: 0,
  evictions: 1,
  munmaps: 0,
  dontneeds: 0,
};

export default spec({
  name: "peer-memory",
  doc: "a GPU maps a page that is in the VRAM of another GPU",
  configs: {
    ci,
    touched: { ...ci, cpu_faults: 1, evictions: 0 },
    unmapped: { ...ci, munmaps: 1, evictions: 0 },
    two_faults: { ...ci, evictions: 0 },
    same_gpu: { ...ci, other_gpus: 0 },
    deep: { ...ci, cpu_faults: 1 },
    deep_unmapped: { ...ci, munmaps: 1 },
  },
  shared: k,
  actors: {
    exporter_fault,
    importer_fault,
    importer_fault_home,
    importer_fault_p2p,
    cpu_fault,
    evict,
    bo_move,
    munmap,
    dontneed,
    peer_tlb: gpu_tlb(k.peer),
    peer_flush: gpu_flush(k.peer),
    peer_store: gpu_store(k.peer, k.mm, k.folio),
  },
  always: {
    no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm),
    no_stale_peer_pte: no_stale_gpu_pte(k.peer, k.mm),
    peer_dma_is_mapped: claim(
      "the importer reaches no frame that is not mapped for its DMA",
      peer_dma_is_mapped,
    ),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: {
    no_leaked_reference: no_leaked_reference(k.mm, k.folio),
  },
  reachable: {
    importer_maps_a_page: exists(Page, (p) => k.peer.pte.at(p).ne(none)),
    importer_maps_vram_unless_it_is_brought_home: any(
      all(
        every(importer_fault, () => false),
        every(importer_fault_p2p, () => false),
      ),
      exists(Page, (p) => k.peer.pte.at(p).is("vram")),
    ),
    importer_loses_the_race: any(
      loses_the_race(importer_fault),
      loses_the_race(importer_fault_home),
      loses_the_race(importer_fault_p2p),
    ),
  },
  mutants,
  variants,
});
