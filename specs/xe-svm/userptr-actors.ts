/** Who works on a userptr: the GPU fault, core mm, and the GPU by itself. */
import {
  actor,
  bool,
  choose,
  type Expr,
  goto,
  idle,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  size,
  wait,
  when,
} from "mmrace";
import * as kernel from "mmrace/kernel";
import {
  add_bind_fence,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  Frame,
  hmm_range_fault,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry_under,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  push_bind,
  run_bind,
  up_read,
} from "mmrace/kernel";
import { userptr_notifier } from "./userptr-invalidate.ts";
import { k } from "./userptr-state.ts";

/**
 * xe_vma_userptr_pin_pages(): drm_gpusvm_get_pages(), which pins nothing. Not the routine of
 * gpu-fault.ts: nobody marks a userptr as unmapped, and pages that are still valid are kept.
 */
function pin_pages(page: Expr<PageOf>, efault: Ref<boolean>): Routine {
  const uvma = k.uvma.at(page);
  return routine("xe_vma_userptr_pin_pages", { pfn: Frame, err: hmm_result }, (me) => ({
    read_begin: mmu_interval_read_begin(k.mm.sub),
    valid: [
      "if (drm_gpusvm_pages_valid_unlocked()) return 0",
      down_read(k.notifier_lock),
      set(efault, false),
      up_read(k.notifier_lock),
      when(uvma.has_dma_mapping, [ret()]),
    ],
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    range_fault: hmm_range_fault(k.mm, k.folio, page, me.pfn, me.err),
    mmap_read_unlock: [
      "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
      up_read(k.mm.mmap_lock),
      set(efault, me.err.eq("efault")),
      when(me.err.eq("ebusy"), [retry(), goto("read_begin")]),
      when(efault, [ret()]),
    ],
    notifier_lock: ["down_read(&gpusvm->notifier_lock)", down_read(k.notifier_lock)],
    read_retry: [
      "if (mmu_interval_read_retry()) goto retry",
      mmu_interval_read_retry_under(k.notifier_lock, k.mm.sub, [
        up_read(k.notifier_lock),
        retry(),
        goto("read_begin"),
      ]),
    ],
    dma_map: [
      "dma_map_page(); flags.has_dma_mapping = true",
      set(uvma.dma_addr, me.pfn),
      set(uvma.has_dma_mapping, true),
    ],
    notifier_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
  }));
}

/** xe_vma_rebind() (xe_pt.c): stage, check under the notifier lock, job, commit. */
function rebind(page: Expr<PageOf>, eagain: Ref<boolean>): Routine {
  const uvma = k.uvma.at(page);
  return routine("xe_vma_rebind", { staged: Frame }, (me) => ({
    stage: ["xe_pt_stage_bind(): userptr.pages.dma_addr", set(me.staged, uvma.dma_addr)],
    commit_lock: ["xe_pt_svm_userptr_notifier_lock(vm)", down_read(k.notifier_lock)],
    pre_commit: [
      "vma_check_userptr(): if (mmu_interval_read_retry()) return -EAGAIN",
      set(eagain, false),
      mmu_interval_read_retry_under(k.notifier_lock, k.mm.sub, [
        set(eagain, true),
        goto("commit_unlock"),
      ]),
    ],
    push_job: ["xe_sched_job_push()", ...push_bind(k.bind, page, me.staged)],
    add_fence: ["dma_resv_add_fence(xe_vm_resv(vm), fence, BOOKKEEP)", add_bind_fence(k.bind)],
    commit: [
      "bind_op_commit(): tile_present, tile_invalidated, initial_bind",
      set(uvma.tile_present, true),
      set(uvma.tile_invalidated, false),
      set(uvma.initial_bind, true),
    ],
    commit_unlock: ["xe_pt_svm_userptr_notifier_unlock(vm)", up_read(k.notifier_lock)],
  }));
}

export const gpu_fault = actor("gpu_fault", { page: Page, again: bool }, (me) => ({
  fault: ["xe_pagefault_service(): the GPU faults on a page", idle(), choose(me.page)],
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  is_valid: [
    "if (xe_vm_has_valid_gpu_mapping()) return 0",
    when(k.uvma.at(me.page).tile_present.and(k.uvma.at(me.page).tile_invalidated.not()), [
      goto("vm_unlock"),
    ]),
  ],
  pin_pages: pin_pages(me.page, me.again),
  pinned: ["if (err) return err", when(me.again, [goto("vm_unlock")])],
  resv_lock: ["xe_pagefault_begin(): drm_exec_lock_obj(vm)", dma_resv_lock(k.vm_resv)],
  rebind: rebind(me.page, me.again),
  fence_wait: ["dma_fence_wait(fence, false)", wait(k.bind.queued.not())],
  resv_unlock: [
    "xe_validation_ctx_fini(); if (err == -EAGAIN) goto retry_userptr",
    dma_resv_unlock(k.vm_resv),
    when(me.again, [retry(), goto("pin_pages")]),
  ],
  vm_unlock: [
    "up_write(&vm->lock); xe_pagefault_ack()",
    mutex_unlock(k.vm_lock),
    mmu_interval_read_end(k.mm.sub),
  ],
}))
  .times(size("gpu_faults"))
  .as("xe_pagefault worker");

export const cpu_fault = kernel.cpu_fault_actor(k.mm, k.folio).times(size("cpu_faults"));

export const munmap = kernel.munmap_actor(k.mm, k.folio, userptr_notifier).times(size("munmaps"));

export const dontneed = kernel
  .dontneed_actor(k.mm, k.folio, userptr_notifier)
  .times(size("dontneeds"));

export const compaction = kernel
  .compaction_actor(k.mm, k.folio, userptr_notifier)
  .times(size("compactions"));

export const gpu_tlb = kernel.gpu_tlb(k.gpu);
export const gpu_flush = kernel.gpu_flush(k.gpu);
export const gpu_store = kernel.gpu_store(k.gpu, k.mm, k.folio);

export const bind_queue = actor("bind_queue", {}, () => ({
  run: [
    "the GPU writes the PTEs of the bind job, signals its fence",
    idle(),
    wait(k.bind.queued),
    ...run_bind(k.gpu, k.bind),
    goto("run"),
  ],
}));
