/** xe_svm_invalidate(): what the driver does when core mm is about to change the page tables. */
import { bool, type Expr, goto, none, type Routine, routine, set, when } from "mmrace";
import {
  bind_jobs_wait,
  down_write,
  mmu_interval_set_seq,
  type PageOf,
  submit_tlb_flush,
  up_write,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k } from "./state.ts";

/**
 * drm_gpusvm_notifier_invalidate() and xe_svm_invalidate() (drivers/gpu/drm/xe/xe_svm.c), under the
 * notifier lock for write. The caller may hold mmap_lock, the VMA lock, folio locks or a dma_resv.
 */
export function xe_svm_invalidate(page: Expr<PageOf>, event: "unmap" | "other"): Routine {
  const range = k.range.at(page);
  const mapped = range.tile_present.and(range.tile_invalidated.not(), range.unmapped.not());
  return routine("xe_svm_invalidate", { flush: bool }, (me) => ({
    notifier_lock: down_write(k.notifier_lock),
    set_seq: [
      "mmu_interval_set_seq(); no range: return",
      mmu_interval_set_seq(k.mm.sub),
      when(range.in_tree.not(), [goto("unlock")]),
    ],
    resv_wait: [
      "dma_resv_wait_timeout(xe_vm_resv(vm), BOOKKEEP)",
      ...bind_jobs_wait([k.bind, k.unbind]),
    ],
    zap: [
      "xe_pt_zap_ptes_range(); tile_invalidated |= mask",
      set(me.flush, mapped),
      when(mapped, [zap_device_pte(k.gpu, page), set(range.tile_invalidated, true)]),
      when(me.flush.not(), [goto("dma_unmap")]),
    ],
    tlb_submit: ["xe_vm_range_tilemask_tlb_inval(): submit", submit_tlb_flush(k.gpu)],
    tlb_wait: ["xe_vm_range_tilemask_tlb_inval(): wait", wait_tlb_flush(k.gpu)],
    dma_unmap: [
      event === "unmap"
        ? "drm_gpusvm_range_unmap_pages(); set_unmapped; add to GC list"
        : "drm_gpusvm_range_unmap_pages()",
      set(range.has_dma_mapping, false),
      set(range.dma_addr, none),
      ...(event === "unmap" ? [set(range.unmapped, true), set(range.on_gc_list, true)] : []),
    ],
    unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
  }));
}
