/**
 * The GPU fault: xe_pagefault_service() and __xe_svm_handle_pagefault(), under vm->lock throughout.
 */
import {
  actor,
  assert,
  bool,
  choose,
  type Expr,
  either,
  exists,
  goto,
  idle,
  none,
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
import {
  add_bind_fence,
  dma_resv_lock,
  dma_resv_set_locked,
  dma_resv_unlock,
  down_read,
  Frame,
  hmm_range_fault,
  hmm_result,
  init_locked,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  push_bind,
  up_read,
} from "mmrace/kernel";
import { garbage_collector } from "./gc.ts";
import { xe_svm_invalidate } from "./invalidate.ts";
import { block_is_free, k, pages_valid } from "./state.ts";

/** drm_gpusvm_range_find_or_insert() (drivers/gpu/drm/drm_gpusvm.c). */
function find_or_insert(page: Expr<PageOf>, enoent: Ref<boolean>): Routine {
  const range = k.range.at(page);
  return routine("drm_gpusvm_range_find_or_insert", {}, () => ({
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    vma_lookup: [
      "vma_lookup(): -ENOENT if there is none",
      set(enoent, k.mm.vma.at(page).not()),
      when(enoent.or(range.in_tree), [goto("mmap_read_unlock")]),
    ],
    notifier_lock: ["down_read(&gpusvm->notifier_lock)", down_read(k.notifier_lock)],
    insert: [
      "drm_gpusvm_range_insert()",
      set(range.in_tree, true),
      set(range.unmapped, false),
      set(range.tile_present, false),
      set(range.tile_invalidated, false),
    ],
    notifier_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  }));
}

/**
 * xe_drm_pagemap_populate_mm() and drm_pagemap_migrate_to_devmem(): a buffer object is created with
 * its dma_resv held, and the page is moved into it under mmap_lock. Otherwise it stays where it is,
 * and the fault begins again.
 */
function alloc_vram(page: Ref<PageOf>, moved: Ref<boolean>): Routine {
  return routine("xe_svm_alloc_vram", { src: Frame, dst: Frame }, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock), set(moved, false)],
      bo_create: [
        "xe_bo_create_locked(): -ENOMEM if VRAM is full",
        choose(me.dst, block_is_free(me.dst).or(exists(Frame, block_is_free).not())),
        when(block_is_free(me.dst).not(), [goto("mmap_read_unlock")]),
        dma_resv_set_locked(k.bo.at(me.dst).resv),
      ],
      vma_lookup: [
        "vma_lookup(): -EINVAL if there is none",
        when(k.mm.vma.at(page).not(), [goto("bo_unlock")]),
      ],
      collect: migrate_vma_collect(k.mm, k.folio, m, "present", xe_svm_invalidate(page, "other")),
      cpages: ["if (!migrate.cpages) return -EBUSY", when(me.src.eq(none), [goto("bo_unlock")])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, moved, {
        alloc: init_locked(k.folio.at(me.dst)),
        fault_page: false,
      }),
      bo_unlock: ["xe_bo_unlock(bo)", dma_resv_unlock(k.bo.at(me.dst).resv)],
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    };
  });
}

/** drm_gpusvm_get_pages(): snapshot, then map for DMA under the notifier lock. */
function get_pages(page: Expr<PageOf>, efault: Ref<boolean>): Routine {
  const range = k.range.at(page);
  return routine("drm_gpusvm_get_pages", { pfn: Frame, err: hmm_result }, (me) => ({
    read_begin: mmu_interval_read_begin(k.mm.sub),
    valid: [
      "if (drm_gpusvm_pages_valid_unlocked()) return 0",
      down_read(k.notifier_lock),
      set(efault, false),
      up_read(k.notifier_lock),
      when(pages_valid(page), [ret()]),
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
    unmapped: [
      "if (flags.unmapped) return -EFAULT",
      set(efault, range.unmapped),
      when(range.unmapped, [goto("notifier_unlock")]),
    ],
    read_retry: [
      "if (mmu_interval_read_retry()) goto retry",
      when(mmu_interval_read_retry(k.mm.sub), [
        up_read(k.notifier_lock),
        retry(),
        goto("read_begin"),
      ]),
    ],
    dma_map: [
      "dma_map_page(); flags.has_dma_mapping = true",
      set(range.dma_addr, me.pfn),
      set(range.has_dma_mapping, true),
    ],
    notifier_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
  }));
}

/**
 * xe_vm_range_rebind(): prepare, pre-commit check, job, commit (xe_pt.c). -EAGAIN if invalidated.
 */
function bind(page: Expr<PageOf>, eagain: Ref<boolean>): Routine {
  const range = k.range.at(page);
  const is_stale = (next: "prepare_unlock" | "commit_unlock") => [
    set(eagain, pages_valid(page).not()),
    when(eagain, [goto(next)]),
  ];
  return routine("xe_vm_range_rebind", { staged: Frame }, (me) => ({
    resv_lock: ["drm_exec_lock_obj(xe_vm_resv(vm))", dma_resv_lock(k.vm_resv)],
    prepare_lock: ["xe_svm_notifier_lock(vm)", down_read(k.notifier_lock)],
    stage: [
      "xe_pt_stage_bind(): pages_valid() or -EAGAIN",
      ...is_stale("prepare_unlock"),
      set(me.staged, range.dma_addr),
    ],
    prepare_unlock: [
      "xe_svm_notifier_unlock(vm)",
      up_read(k.notifier_lock),
      when(eagain, [goto("resv_unlock")]),
    ],
    commit_lock: ["xe_pt_svm_pre_commit(): xe_svm_notifier_lock(vm)", down_read(k.notifier_lock)],
    recheck: ["xe_pt_svm_pre_commit(): pages_valid() or -EAGAIN", ...is_stale("commit_unlock")],
    push_job: [
      "xe_sched_job_arm(); xe_sched_job_push()",
      assert("no_bind_of_an_unmapped_range", range.unmapped.not(), "the range was unmapped"),
      ...push_bind(k.bind, page, me.staged),
    ],
    add_fence: ["dma_resv_add_fence(xe_vm_resv(vm), fence, BOOKKEEP)", add_bind_fence(k.bind)],
    tile_present: [
      "tile_present |= mask; tile_invalidated &= ~mask",
      set(range.tile_present, true),
      set(range.tile_invalidated, false),
    ],
    commit_unlock: ["xe_svm_notifier_unlock(vm)", up_read(k.notifier_lock)],
    resv_unlock: ["drm_exec_fini(): unlock xe_vm_resv(vm)", dma_resv_unlock(k.vm_resv)],
  }));
}

const locals = { page: Page, tried: bool, moved: bool, again: bool };

export const gpu_fault = actor("gpu_fault", locals, (me) => ({
  fault: [
    "the GPU faults on a page it has no entry for",
    idle(),
    choose(me.page, k.gpu.tlb.at(me.page).eq(none).and(k.gpu.pte.at(me.page).eq(none))),
  ],
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  gc: garbage_collector(),
  find_or_insert: find_or_insert(me.page, me.again),
  enoent: ["if (IS_ERR(range)) return err", when(me.again, [goto("vm_unlock")])],
  is_valid: [
    "if (xe_svm_range_is_valid()) return 0",
    when(k.range.at(me.page).tile_present.and(k.range.at(me.page).tile_invalidated.not()), [
      goto("vm_unlock"),
    ]),
    when(me.tried, [goto("get_pages")]),
  ],
  policy: [
    "xe_svm_range_needs_migrate_to_vram()",
    set(me.tried, true),
    either({ migrate: [], stay: [goto("get_pages")] }),
  ],
  alloc_vram: alloc_vram(me.page, me.moved),
  migrated: ["if (err) goto retry", when(me.moved.not(), [retry(), goto("gc")])],
  get_pages: get_pages(me.page, me.again),
  got_pages: ["if (err == -EFAULT) goto retry", when(me.again, [retry(), goto("gc")])],
  bind: bind(me.page, me.again),
  bound: ["if (err == -EAGAIN) goto retry", when(me.again, [retry(), goto("gc")])],
  fence_wait: ["dma_fence_wait(fence, false)", wait(k.bind.queued.not())],
  vm_unlock: [
    "up_write(&vm->lock); xe_pagefault_ack()",
    mutex_unlock(k.vm_lock),
    mmu_interval_read_end(k.mm.sub),
  ],
}))
  .times(size("gpu_faults"))
  .as("xe_pagefault worker");
