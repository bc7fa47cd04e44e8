/** Known mistakes with ranges of which a part is unmapped. Letters: docs/sources.md. */
import { goto, idle, type Mutant, remove, replace, ret, set, wait, when } from "mmrace";
import { zap_device_pte } from "mmrace/kernel";
import { munmap } from "./partial-actors.ts";
import type { gc } from "./partial-gc.ts";
import type { gpu_fault } from "./partial-gpu-fault.ts";
import { in_tree, k } from "./partial-state.ts";

const { range } = k;
const cb = "munmap.unmap.start.cb";

export const mutants = (
  fault: ReturnType<typeof gpu_fault>,
  collector: ReturnType<typeof gc>,
): Record<string, Mutant> => ({
  unmapped_not_looked_at: {
    doc: "drm_gpusvm_get_pages() maps a range that was unmapped, after the address is used again",
    from: "P10",
    breaks: "no_bind_of_an_unmapped_range",
    change: [remove(fault, "get_pages.unmapped")],
  },
  bind_not_rechecked: {
    doc: "xe_pt_svm_pre_commit() does not look at pages_valid() again",
    from: "D1; P10",
    breaks: "no_bind_of_an_unmapped_range",
    change: [remove(fault, "bind.recheck")],
  },
  unmapped_but_not_collected: {
    doc: "the notifier sets unmapped and does not queue the range",
    from: "P7",
    breaks: "unmapped_ranges_are_collected",
    change: [
      replace(munmap, `${cb}.gc_add`, [
        "drm_gpusvm_range_set_unmapped() /* not queued */",
        when(range.gc_link.eq("empty"), [set(range.unmapped, true)]),
      ]),
    ],
  },
  zap_left_to_the_garbage_collector: {
    doc: "the notifier does not zap what the garbage collector will unbind anyway",
    from: "P1; P12",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [replace(munmap, `${cb}.zap`, ["/* unbound soon */", goto("dma_unmap")])],
  },
  only_the_unmapped_page_is_zapped: {
    doc: "the notifier zaps the pages of munmap(), and unmaps the whole range for DMA",
    from: "D5",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [
      replace(munmap, `${cb}.zap`, [
        "xe_pt_zap_ptes_range() /* of mmu_range */; no flush of the rest",
        zap_device_pte(k.gpu, munmap.me.page),
        set(range.tile_invalidated, true),
      ]),
    ],
  },
  live_range_is_collected: {
    doc: "the garbage collector forgets a range that no notifier has zapped",
    from: "C6",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [
      replace(collector, "work", ["xe_svm_unmap_address_range()", idle(), wait(in_tree())]),
      replace(collector, "collect.pop", [
        "/* any range, not only those of the list */",
        when(in_tree().not(), [ret()]),
      ]),
    ],
  },
});
