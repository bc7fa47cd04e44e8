/** The GPU fault: __xe_svm_handle_pagefault(), one at a time for each VM (vm->lock). */
import {
  actor,
  all,
  assert,
  bool,
  choose,
  type Expr,
  goto,
  idle,
  none,
  progress,
  type Ref,
  type Routine,
  range,
  rare,
  rarely,
  ret,
  retry,
  routine,
  set,
  when,
} from "mmrace";
import {
  down_read,
  Frame,
  hmm_range_fault_other_owner,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  Page,
  type PageOf,
  up_read,
} from "mmrace/kernel";
import { alloc_vram, do_swap_page } from "./migrate.ts";
import { devmem_only, is_owned, k, migrate_try_count, type Vm, vm_a, vm_b } from "./state.ts";

/** drm_gpusvm_get_pages(): -EFAULT for a system page where only VRAM will do. */
function get_pages(vm: Vm, page: Ref<PageOf>, efault: Ref<boolean>): Routine {
  const locals = { pfn: Frame, frame: Frame, err: hmm_result };
  return routine("drm_gpusvm_get_pages", locals, ({ pfn, frame, err }) => {
    const swap = do_swap_page(page, frame);
    const own = is_owned(vm);
    return {
      read_begin: mmu_interval_read_begin(vm.sub),
      pages_valid: [
        "if (drm_gpusvm_pages_valid_unlocked()) return 0",
        set(efault, false),
        when(vm.dma_addr.at(page).ne(none), [mmu_interval_read_end(vm.sub), ret()]),
      ],
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      range_fault: rarely(
        hmm_range_fault_other_owner(k.mm, k.folio, vm.sub, page, pfn, err, swap, { own }),
        "fault",
        "swap",
        "swapped",
        "entry_wait",
        "again",
      ),
      mmap_read_unlock: [
        "mmap_read_unlock(mm); -EBUSY: again",
        up_read(k.mm.mmap_lock),
        when(err.eq("ebusy"), [retry(), goto("read_begin")]),
      ],
      dma_map: [
        "down_read(notifier_lock); if (read_retry) goto retry; -EFAULT or device_map(); up_read()",
        when(mmu_interval_read_retry(vm.sub), [retry(), goto("read_begin")]),
        set(efault, devmem_only.and(pfn.is("sys"))),
        when(efault.not(), [set(vm.dma_addr.at(page), pfn)]),
        mmu_interval_read_end(vm.sub),
      ],
    };
  });
}

/**
 * xe_vm_range_rebind(): -EAGAIN if the pages were invalidated. xe_pt_stage_bind_entry() sets AE,
 * which an atomic access needs, in entries to VRAM of this device only: with any other one the GPU
 * faults again.
 */
function rebind(vm: Vm, page: Expr<PageOf>, eagain: Ref<boolean>, no_ae: Ref<boolean>): Routine {
  const addr = vm.dma_addr.at(page);
  return routine("xe_vm_range_rebind", {}, () => ({
    commit: [
      "down_read(notifier_lock); pages_valid()? write the PTE, or -EAGAIN; up_read()",
      set(eagain, addr.eq(none)),
      when(eagain, [ret()]),
      set(vm.gpu.pte.at(page), addr),
      set(no_ae, all(devmem_only, addr.ne(vm.vram))),
    ],
  }));
}

const locals = {
  page: Page,
  tries: range(0, migrate_try_count),
  busy: bool,
  again: bool,
  no_ae: bool,
};

const gpu_fault = (name: string, vm: Vm) =>
  actor(name, locals, (me) => ({
    fault: [
      "the GPU faults on a page",
      idle(),
      choose(me.page, vm.gpu.pte.at(me.page).eq(none).and(k.mm.pte.at(me.page).kind.ne("none"))),
    ],
    handle: ["migrate_try_count = devmem_only ? 3 : 1", set(me.tries, migrate_try_count)],
    retry: [
      "if (--migrate_try_count >= 0)",
      when(me.tries.eq(0), [goto("get_pages")]),
      set(me.tries, me.tries.minus(1)),
    ],
    alloc_vram: alloc_vram(vm, me.page, me.busy),
    migrated: [
      "if (err) devmem_only ? goto get_pages, or return err : goto retry",
      when(me.busy.not(), [goto("get_pages")]),
      when(devmem_only.not(), [retry(), goto("retry")]),
      when(me.tries.gt(0), [goto("get_pages")]),
    ],
    failed: [
      "VRAM allocation failed, retry count exceeded: return err",
      rare(),
      assert("gpu_fault_is_served", me.busy.not(), "the GPU's access fails"),
      goto("done"),
    ],
    get_pages: get_pages(vm, me.page, me.again),
    efault: [
      "-EFAULT: goto retry; retry count exceeded: return 0, and the GPU faults again",
      when(me.again.not(), [goto("bind")]),
      retry(),
      when(me.tries.gt(0), [goto("retry")]),
      goto("handle"),
    ],
    bind: rebind(vm, me.page, me.again, me.no_ae),
    bound: [
      "-EAGAIN: goto retry; or return 0, and an access that AE does not allow faults again",
      when(me.again, [retry(), goto("retry")]),
      when(me.no_ae, [retry(), goto("handle")]),
    ],
    // The progress: no fault that was answered with 0, but an access that AE allows.
    access: [
      "the GPU has had its access, and some time later the time slice is over",
      when(vm.vram.ne(none), [set(k.timeslice.at(vm.vram), false)]),
      progress(),
    ],
  }))
    .as(`xe_pagefault worker of ${name.slice(-1).toUpperCase()}`)
    // folio_unlock() wakes whoever waits, also when the folio is locked again at once.
    .fair("strong");

export const gpu_fault_a = gpu_fault("gpu_fault_a", vm_a);
export const gpu_fault_b = gpu_fault("gpu_fault_b", vm_b);
