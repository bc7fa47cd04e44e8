/** svm_range_validate_and_map(): from the CPU page table into the GPU's. */
import {
  type Expr,
  goto,
  none,
  oneOf,
  type Ref,
  type Routine,
  retry,
  routine,
  set,
  when,
} from "mmrace";
import {
  dma_resv_lock,
  dma_resv_unlock,
  do_swap_page_device_private,
  Frame,
  hmm_range_fault,
  hmm_range_fault_other_owner,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  submit_tlb_flush,
  wait_tlb_flush,
} from "mmrace/kernel";
import { k, mm_of } from "./state.ts";

export const result = oneOf("ok", "eagain", "efault");
export type Result = "ok" | "eagain" | "efault";

/** Caller holds mmap_lock, svms->lock and prange->migrate_mutex. `gpu` says whose table it is. */
export function validate_and_map(
  page: Ref<PageOf>,
  gpu: "owner" | "other",
  err: Ref<Result>,
): Routine {
  const range = k.range.at(page);
  const { sub } = range.notifier;
  const locals = { pfn: Frame, fault: hmm_result, folio: Frame };
  return routine("svm_range_validate_and_map", locals, (me) => ({
    reserve_bos: ["svm_range_reserve_bos(ctx)", dma_resv_lock(k.pd_resv)],
    vma_lookup: [
      "vma_lookup(mm, addr): -EFAULT if there is none",
      set(err, "efault"),
      when(k.mm.vma.at(page).not(), [goto("unreserve_bos")]),
    ],
    read_begin: mmu_interval_read_begin(sub),
    range_fault:
      gpu === "owner"
        ? hmm_range_fault(mm_of(page), k.folio, page, me.pfn, me.fault)
        : hmm_range_fault_other_owner(
            k.mm,
            k.folio,
            sub,
            page,
            me.pfn,
            me.fault,
            do_swap_page_device_private(k.mm, k.folio, page, me.folio, skip_migration),
          ),
    get_pages: [
      "amdgpu_hmm_range_get_pages(): -EBUSY: retry; -EFAULT: return",
      when(me.fault.eq("ebusy"), [retry(), goto("read_begin")]),
      when(me.fault.eq("efault"), [mmu_interval_read_end(sub), goto("unreserve_bos")]),
    ],
    dma_unmap: [
      "svm_range_dma_map(): dma_unmap_page(dma_addr[gpuidx])",
      ...(gpu === "owner" ? [set(range.dma_addr, none)] : []),
    ],
    dma_map: [
      "svm_range_dma_map(): dma_addr[gpuidx] = dma_map_page()",
      ...(gpu === "owner" ? [when(me.pfn.is("sys"), [set(range.dma_addr, me.pfn)])] : []),
    ],
    range_lock: ["svm_range_lock(prange)", mutex_lock(range.lock)],
    read_retry: [
      "if (!amdgpu_hmm_range_valid()) r = -EAGAIN",
      set(err, "eagain"),
      when(mmu_interval_read_retry(sub), [goto("range_unlock")]),
    ],
    map: [
      "svm_range_map_to_gpus(): amdgpu_vm_update_range()",
      set(gpu === "owner" ? k.gpu.pte.at(page) : k.other_gpu_pte.at(page), me.pfn),
    ],
    flush: ["kfd_flush_tlb(pdd, TLB_FLUSH_LEGACY)", submit_tlb_flush(k.gpu)],
    flush_wait: ["  wait for the flush", wait_tlb_flush(k.gpu)],
    mapped: ["prange->mapped_to_gpu = true", set(range.mapped_to_gpu, true), set(err, "ok")],
    range_unlock: [
      "svm_range_unlock(prange)",
      mmu_interval_read_end(sub),
      mutex_unlock(range.lock),
    ],
    unreserve_bos: ["svm_range_unreserve_bos(ctx)", dma_resv_unlock(k.pd_resv)],
  }));
}

/** svm_migrate_to_ram() of a page that this task itself faults on, in hmm_range_fault(). */
const skip_migration = routine("svm_migrate_to_ram", {}, () => ({
  skip: ["if (svms->faulting_task == current) return 0"],
}));

/** The range can be mapped: the fault is not stale. */
export function skip_recover(page: Expr<PageOf>): Expr<boolean> {
  return k.range.at(page).deferred;
}
