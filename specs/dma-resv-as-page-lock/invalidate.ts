/** The notifier's callback: it may be called with the dma_resv held, so it does without. */
import { type Expr, goto, none, type Routine, routine, when } from "mmrace";
import {
  mmu_interval_set_seq,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  submit_tlb_flush,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k } from "./state.ts";

export function invalidate(page: Expr<PageOf>): Routine {
  return routine("invalidate", {}, () => ({
    notifier_lock: ["mutex_lock(&vm->notifier_lock)", mutex_lock(k.notifier_lock)],
    set_seq: ["mmu_interval_set_seq(sub, cur_seq)", mmu_interval_set_seq(k.mm.sub)],
    zap: [
      "clear the GPU PTE; nothing to flush if there was none",
      when(k.gpu.pte.at(page).eq(none), [goto("notifier_unlock")]),
      zap_device_pte(k.gpu, page),
    ],
    flush: ["submit the GPU TLB flush", submit_tlb_flush(k.gpu)],
    flush_wait: ["wait for the GPU TLB flush", wait_tlb_flush(k.gpu)],
    notifier_unlock: ["mutex_unlock(&vm->notifier_lock)", mutex_unlock(k.notifier_lock)],
  }));
}
