/** Who hears when core mm takes a page away: both drivers, each by its own interval notifier. */
import { type Expr, goto, none, routine, set, when } from "mmrace";
import {
  type Listeners,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  submit_tlb_flush,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k } from "./state.ts";

const exporter_invalidate = (page: Expr<PageOf>) =>
  routine("exporter_invalidate", {}, () => ({
    lock: ["down_write(&exporter->notifier_lock)", mutex_lock(k.gpu_lock)],
    zap: [
      "mmu_interval_set_seq(); clear the PTE, flush the TLB",
      mmu_interval_set_seq(k.mm.sub),
      zap_device_pte(k.gpu, page),
    ],
    unlock: ["up_write(&exporter->notifier_lock)", mutex_unlock(k.gpu_lock)],
  }));

/** xe_svm_invalidate(): the page table, the TLB, then the DMA mapping (device_unmap()). */
const importer_invalidate = (page: Expr<PageOf>) =>
  routine("importer_invalidate", {}, () => ({
    lock: ["down_write(&importer->notifier_lock)", mutex_lock(k.peer_lock)],
    set_seq: ["mmu_interval_set_seq(sub, cur_seq)", mmu_interval_set_seq(k.peer_sub)],
    zap: [
      "clear the PTE; nothing to do if there was none",
      when(k.peer.pte.at(page).eq(none), [goto("unlock")]),
      zap_device_pte(k.peer, page),
    ],
    flush: ["submit the TLB flush", submit_tlb_flush(k.peer)],
    flush_wait: ["wait for the TLB flush", wait_tlb_flush(k.peer)],
    dma_unmap: [
      "dpagemap->ops->device_unmap() or dma_unmap_page()",
      set(k.dma_addr.at(page), none),
    ],
    unlock: ["up_write(&importer->notifier_lock)", mutex_unlock(k.peer_lock)],
  }));

export const invalidate = (page: Expr<PageOf>): Listeners => ({
  kind: "listeners",
  start: (event) =>
    mmu_notifier_invalidate_range_start(k.mm.subs, event, [
      exporter_invalidate(page),
      importer_invalidate(page),
    ]),
  end: mmu_notifier_invalidate_range_end(k.mm.subs, [k.mm.sub, k.peer_sub]),
});
