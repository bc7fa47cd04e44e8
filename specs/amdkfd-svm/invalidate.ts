/** What the driver does when core mm is about to change the page tables: XNACK on and off. */
import { type Expr, goto, none, type Routine, routine, set, when } from "mmrace";
import {
  kgd2kfd_quiesce_mm,
  type Listeners,
  listener_of,
  mmu_interval_set_seq,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  queue_work,
  submit_tlb_flush,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k, tree } from "./state.ts";

/** svm_range_unmap_from_gpus(); caller holds prange->lock. */
function unmap_from_gpus(page: Expr<PageOf>): Routine {
  const range = k.range.at(page);
  return routine("svm_range_unmap_from_gpus", {}, () => ({
    unmap: [
      "svm_range_unmap_from_gpu(); dma_fence_wait(fence)",
      when(range.mapped_to_gpu.not(), [goto("out")]),
      zap_device_pte(k.gpu, page),
      set(k.other_gpu_pte.at(page), none),
      set(range.mapped_to_gpu, false),
    ],
    flush: ["kfd_flush_tlb(pdd, TLB_FLUSH_HEAVYWEIGHT)", submit_tlb_flush(k.gpu)],
    flush_wait: ["  wait for the flush", wait_tlb_flush(k.gpu)],
    out: ["return"],
  }));
}

/** svm_range_unmap_from_cpu(): the whole range goes. Caller holds prange->lock. */
function unmap_from_cpu(page: Expr<PageOf>): Routine {
  return routine("svm_range_unmap_from_cpu", {}, () => ({
    unmap: unmap_from_gpus(page),
    add_list_work: [
      "svm_range_add_list_work(svms, prange, mm, SVM_OP_UNMAP_RANGE)",
      set(k.range.at(page).deferred, true),
    ],
    schedule: ["schedule_deferred_list_work(svms)", queue_work(k.deferred_list_work)],
  }));
}

/**
 * svm_range_cpu_invalidate_pagetables(), the callback of the range's interval notifier. The caller
 * may hold mmap_lock, the VMA lock or folio locks. Its own migrations are not filtered.
 */
function invalidate_pagetables(page: Expr<PageOf>, event: string, evict: Routine): Routine {
  const range = k.range.at(page);
  return routine("svm_range_cpu_invalidate_pagetables", {}, () => ({
    range_lock: ["svm_range_lock(prange)", mutex_lock(range.lock)],
    set_seq: ["mmu_interval_set_seq(mni, cur_seq)", mmu_interval_set_seq(range.notifier.sub)],
    evict: event === "MMU_NOTIFY_UNMAP" ? unmap_from_cpu(page) : evict,
    range_unlock: ["svm_range_unlock(prange)", mutex_unlock(range.lock)],
  }));
}

/** XNACK on: the page leaves the GPU page tables; the GPU's retry fault brings it back. */
export function xnack_on(page: Expr<PageOf>): Listeners {
  return listener_of(k.mm.subs, tree, page, (event) =>
    invalidate_pagetables(page, event, unmap_from_gpus(page)),
  );
}

/** svm_range_evict() without XNACK: the page tables stay, the queues stop. Under prange->lock. */
function evict(page: Expr<PageOf>): Routine {
  const range = k.range.at(page);
  return routine("svm_range_evict", {}, () => ({
    inc_invalid: [
      "if (!mapped) return; atomic_inc(&prange->invalid)",
      when(range.mapped_to_gpu.not(), [goto("out")]),
      set(range.invalid, range.invalid.plus(1)),
    ],
    inc_evicted: [
      "if (atomic_inc_return(&svms->evicted_ranges) != 1) return",
      set(k.evicted_ranges, k.evicted_ranges.plus(1)),
      when(k.evicted_ranges.ne(1), [goto("out")]),
    ],
    quiesce: kgd2kfd_quiesce_mm(k.queues),
    schedule: [
      "queue_delayed_work(system_freezable_wq, &svms->restore_work)",
      queue_work(k.restore_work),
    ],
    out: ["return"],
  }));
}

/** XNACK off. */
export function xnack_off(page: Expr<PageOf>): Listeners {
  return listener_of(k.mm.subs, tree, page, (event) =>
    invalidate_pagetables(page, event, evict(page)),
  );
}
