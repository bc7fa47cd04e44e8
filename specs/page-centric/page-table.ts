/** The GPU page table: its lock nests inside everything and is enough to take entries away. */
import { type Expr, goto, none, type Ref, type Routine, routine, set, when } from "mmrace";
import {
  type FrameOf,
  type MmOf,
  mmu_interval_set_seq,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  submit_tlb_flush,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k } from "./state.ts";

/** Callback of the interval notifier: the sequence number, the entry and the TLB under one lock. */
export function invalidate(mm: Expr<MmOf>, page: Expr<PageOf>): Routine {
  const gpu = k.gpu.at(mm);
  return routine("invalidate", {}, () => ({
    pt_lock: ["mutex_lock(&gpu->pt_lock)", mutex_lock(k.pt_lock.at(mm))],
    set_seq: ["mmu_interval_set_seq(sub, cur_seq)", mmu_interval_set_seq(k.mm.at(mm).sub)],
    zap: [
      "clear the GPU PTE; nothing to flush if there was none",
      when(gpu.pte.at(page).eq(none), [goto("pt_unlock")]),
      zap_device_pte(gpu, page),
    ],
    flush: ["submit the GPU TLB flush", submit_tlb_flush(gpu)],
    flush_wait: ["wait for the GPU TLB flush", wait_tlb_flush(gpu)],
    pt_unlock: ["mutex_unlock(&gpu->pt_lock)", mutex_unlock(k.pt_lock.at(mm))],
  }));
}

/**
 * Callback that leaves the entry of the driver's own migration (MMU_NOTIFY_MIGRATE with its owner)
 * to the reverse map.
 */
export function invalidate_own_migration(mm: Expr<MmOf>): Routine {
  return routine("invalidate_own_migration", {}, () => ({
    pt_lock: ["mutex_lock(&gpu->pt_lock)", mutex_lock(k.pt_lock.at(mm))],
    set_seq: [
      "mmu_interval_set_seq(); if (event == MIGRATE && owner == mine) no zap",
      mmu_interval_set_seq(k.mm.at(mm).sub),
    ],
    pt_unlock: ["mutex_unlock(&gpu->pt_lock)", mutex_unlock(k.pt_lock.at(mm))],
  }));
}

/** Takes the page's GPU entry away by its reverse map. Caller has locked the page. */
export function unmap_by_rmap(
  frame: Expr<FrameOf>,
  at: { mm: Ref<MmOf>; page: Ref<PageOf> },
): Routine {
  const rmap = k.rmap.at(frame);
  const gpu = k.gpu.at(at.mm);
  return routine("unmap_by_rmap", {}, () => ({
    rmap: [
      "mm, va = page->zone_device_data; not mapped: nothing to do",
      when(rmap.page.eq(none), [goto("unmapped")]),
      set(at.mm, rmap.mm),
      set(at.page, rmap.page),
      set(rmap.mm, none),
      set(rmap.page, none),
    ],
    pt_lock: ["mutex_lock(&gpu->pt_lock)", mutex_lock(k.pt_lock.at(at.mm))],
    zap: [
      "clear the GPU PTE if it maps this page",
      when(gpu.pte.at(at.page).ne(frame), [goto("pt_unlock")]),
      zap_device_pte(gpu, at.page),
    ],
    flush: ["submit the GPU TLB flush", submit_tlb_flush(gpu)],
    flush_wait: ["wait for the GPU TLB flush", wait_tlb_flush(gpu)],
    pt_unlock: ["mutex_unlock(&gpu->pt_lock)", mutex_unlock(k.pt_lock.at(at.mm))],
    unmapped: ["unmapped from the GPU"],
  }));
}
