/** Who hears when core mm takes the page away: both VMs. */
import { type Expr, none, routine, set } from "mmrace";
import {
  type Listeners,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  type PageOf,
  zap_device_pte,
} from "mmrace/kernel";
import { k, type Vm, vm_a, vm_b } from "./state.ts";

/** drm_gpusvm_notifier_invalidate(), xe_svm_invalidate(): one section of gpusvm->notifier_lock. */
const xe_svm_invalidate = (vm: Vm, page: Expr<PageOf>) =>
  routine("xe_svm_invalidate", {}, () => ({
    zap: [
      "down_write(notifier_lock); mmu_interval_set_seq(); zap, flush, DMA unmap; up_write()",
      mmu_interval_set_seq(vm.sub),
      zap_device_pte(vm.gpu, page),
      set(vm.dma_addr.at(page), none),
    ],
  }));

export const invalidate = (page: Expr<PageOf>): Listeners => ({
  kind: "listeners",
  start: (event) =>
    mmu_notifier_invalidate_range_start(k.mm.subs, event, [
      xe_svm_invalidate(vm_a, page),
      xe_svm_invalidate(vm_b, page),
    ]),
  end: mmu_notifier_invalidate_range_end(k.mm.subs, [vm_a.sub, vm_b.sub]),
});
