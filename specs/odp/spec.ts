/**
 * RDMA on-demand paging: an implicit memory region whose children come and go with the pages.
 *
 * Claim    umem_mutex, held over zap and DMA unmap by the notifier and over retry check, DMA map
 *          and table update by the fault, keeps the HCA off every page that the kernel takes back,
 *          with any number of notifiers at a time; and a child that a notifier empties is freed
 *          only after the last fault that found it, the last callback, and the last use by the HCA.
 * Source   drivers/infiniband/hw/mlx5/odp.c, mr.c; drivers/infiniband/core/umem_odp.c; mm/hmm.c;
 *          mm/mmu_notifier.c. Each fault has a list of its own for what it finds, as before
 *          36f30e486dce (5.10); since then all faults of a child write into one list: variants
 *          `pfn_list_shared...`.
 * Omits    several granules; the time limit of hmm_range_fault(); read-only pages and PREFETCH's
 *          downgrade; non-blockable notifiers; failing UMRs (the source ignores those of a zap);
 *          errors of DMA mapping; dma-buf regions; huge pages; dev->odp_mkeys of children
 *          (MLX5_CAP_ODP mem_page_fault).
 */
import { all, any, claim, count, exists, forall, none, some, spec } from "mmrace";
import { no_free_while_mapped, no_leaked_reference, no_lost_page, Page } from "mmrace/kernel";
import { dereg, free_work, names_live_children } from "./child.ts";
import { hca } from "./device.ts";
import { dontneed, munmap } from "./invalidate.ts";
import { mutants } from "./mutants.ts";
import { pagefault, prefetch } from "./pagefault.ts";
import { dma_uses, k, Mr } from "./state.ts";
import { variants } from "./variants.ts";

const base = {
  pages: 1,
  vram_frames: 0,
  versions: 1,
  mrs: 2,
  npages: 2,
  sys_frames: 3,
  workers: 1,
};

/** The HCA reaches the page through this child: by its table, or by a DMA under way. */
const reaches = (m: Parameters<typeof dma_uses>[0], p: Parameters<typeof dma_uses>[1]) =>
  any(k.mr.at(m).mtt.at(p), dma_uses(m, p));

export default spec({
  name: "odp",
  doc: "RDMA on-demand paging with an implicit memory region",
  configs: {
    ci: { ...base, faults: 1, prefetches: 1, munmaps: 0, dontneeds: 1, deregs: 0 },
    two_notifiers: {
      ...base,
      faults: 1,
      prefetches: 0,
      munmaps: 0,
      dontneeds: 2,
      deregs: 1,
      workers: 2,
    },
    deep: { ...base, mrs: 3, faults: 1, prefetches: 1, munmaps: 0, dontneeds: 1, deregs: 1 },
    deep_notifiers: {
      ...base,
      sys_frames: 4,
      faults: 1,
      prefetches: 0,
      munmaps: 1,
      dontneeds: 2,
      deregs: 1,
      workers: 2,
    },
    deep_pages: {
      ...base,
      pages: 2,
      npages: 4,
      faults: 1,
      prefetches: 1,
      munmaps: 0,
      dontneeds: 1,
      deregs: 0,
    },
  },
  shared: k,
  actors: { pagefault, prefetch, munmap, dontneed, free_work, dereg, hca },
  always: {
    no_stale_mtt: claim(
      "the HCA reaches a page only through the frame that the CPU maps",
      forall(Mr, (m) =>
        forall(Page, (p) => {
          const frame = k.mr.at(m).map.iova.at(p);
          const pte = k.mm.pte.at(p);
          const current = any(frame.eq(none), all(pte.kind.eq("present"), pte.frame.eq(frame)));
          return reaches(m, p).implies(current);
        }),
      ),
    ),
    dma_mapped_while_the_hca_uses_it: claim(
      "an address that the HCA uses is linked in the IOMMU",
      forall(Mr, (m) =>
        forall(Page, (p) => reaches(m, p).implies(k.mr.at(m).map.iova.at(p).ne(none))),
      ),
    ),
    ksm_names_a_live_child: claim(
      "neither the KSM nor the xarray names a child that was freed",
      names_live_children,
    ),
    npages_is_exact: claim(
      "npages counts the pages that are mapped for DMA",
      forall(Mr, (m) =>
        k.mr.at(m).npages.eq(count(Page, (p) => k.mr.at(m).map.iova.at(p).ne(none))),
      ),
    ),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: {
    no_leaked_reference: no_leaked_reference(k.mm, k.folio),
    no_leaked_child: claim(
      "at rest, a child is in the xarray with one reference, or it is freed",
      forall(Mr, (m) =>
        any(k.mr.at(m).live.not(), all(k.imr.child.eq(m), k.mr.at(m).usecount.count.eq(1))),
      ),
    ),
  },
  reachable: {
    hca_reaches_a_page: some(hca, (t) => t.at("access")),
    fault_loses_the_race: some(pagefault, (t) =>
      t
        .at("handle.real_mr.map.read_retry")
        .and(exists(Mr, (m) => k.mr.at(m).notifier.sub.read.at(t.proc).eq("stale"))),
    ),
    fault_maps_a_page: exists(Mr, (m) => exists(Page, (p) => k.mr.at(m).mtt.at(p))),
    notifier_takes_out_a_child: exists(Mr, (m) => all(k.mr.at(m).private, k.imr.child.ne(m))),
  },
  mutants,
  variants,
});
