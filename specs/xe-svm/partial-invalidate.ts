/** xe_svm_invalidate() for a range of two pages, of which core mm may change one only. */
import {
  bool,
  type Expr,
  each,
  exists,
  goto,
  lockEvent,
  none,
  type Routine,
  routine,
  set,
  wait,
  when,
} from "mmrace";
import {
  down_write,
  mmu_interval_set_seq,
  Page,
  type PageOf,
  submit_tlb_flush,
  up_write,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k } from "./partial-state.ts";

/**
 * drm_gpusvm_notifier_invalidate() and xe_svm_invalidate() (drivers/gpu/drm/xe/xe_svm.c): whatever
 * part of the range is hit, all of it is zapped, flushed and unmapped for DMA.
 */
export function xe_svm_invalidate(
  hits: (page: Expr<PageOf>) => Expr<boolean>,
  event: "unmap" | "other",
): Routine {
  const { range } = k;
  const found = exists(Page, (p) => range.covers.at(p).and(hits(p)));
  const mapped = range.tile_present.and(range.tile_invalidated.not(), range.unmapped.not());
  const set_unmapped = [
    set(range.unmapped, true),
    when(
      exists(Page, (p) => range.covers.at(p).and(hits(p).not())),
      [set(range.partial_unmap, true)],
    ),
    when(range.gc_link.eq("empty"), [set(range.gc_link, "queued")]),
  ];
  return routine("xe_svm_invalidate", { flush: bool }, (me) => ({
    notifier_lock: down_write(k.notifier_lock),
    set_seq: [
      "mmu_interval_set_seq(); no range: return",
      mmu_interval_set_seq(k.mm.sub),
      when(found.not(), [goto("unlock")]),
    ],
    resv_wait: [
      "dma_resv_wait_timeout(xe_vm_resv(vm), BOOKKEEP)",
      lockEvent({ op: "wait", mode: "exclusive", lock: "wait", class: "vm_fences", index: [] }),
      wait(k.bind.queued.or(k.unbind.queued).not()),
    ],
    zap: [
      "xe_pt_zap_ptes_range(); tile_invalidated |= mask",
      set(me.flush, mapped),
      when(mapped, [
        each(Page, (p) => [when(range.covers.at(p), [zap_device_pte(k.gpu, p)])]),
        set(range.tile_invalidated, true),
      ]),
      when(me.flush.not(), [goto("dma_unmap")]),
    ],
    tlb_submit: ["xe_tlb_inval_range_tilemask_submit()", submit_tlb_flush(k.gpu)],
    tlb_wait: ["xe_tlb_inval_batch_wait()", wait_tlb_flush(k.gpu)],
    dma_unmap: ["drm_gpusvm_unmap_pages()", each(Page, (p) => [set(range.dma_addr.at(p), none)])],
    gc_add: [
      event === "unmap"
        ? "drm_gpusvm_range_set_unmapped(); if (list_empty()) list_add_tail()"
        : "not MMU_NOTIFY_UNMAP: nothing to collect",
      ...(event === "unmap" ? set_unmapped : []),
    ],
    unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
  }));
}
