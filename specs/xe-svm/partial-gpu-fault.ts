/**
 * The GPU fault on a page of a range: xe_pagefault_service(), under vm->lock throughout. Written
 * out beside gpu-fault.ts, where a range is one page with its own flags: here two pages have the
 * flags in common, so that nearly every effect is another one under the same C line.
 */
import {
  actor,
  array,
  assert,
  bool,
  choose,
  type Expr,
  each,
  either,
  exists,
  goto,
  idle,
  none,
  oneOf,
  type Ref,
  type Routine,
  rare,
  rarely,
  ret,
  retry,
  routine,
  set,
  size,
  wait,
  when,
} from "mmrace";
import {
  dma_resv_set_locked,
  dma_resv_unlock,
  down_read,
  Frame,
  type FrameOf,
  hmm_range_fault,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  up_read,
} from "mmrace/kernel";
import { type GcForm, garbage_collector, range_evict } from "./partial-gc.ts";
import { migrate_to_devmem } from "./partial-migrate.ts";
import { block_is_free, in_tree, k, pages_valid } from "./partial-state.ts";

const { range } = k;

/**
 * drm_gpusvm_range_find_or_insert(): a new range covers both pages if the VMA does; else the one
 * that is left.
 */
function find_or_insert(page: Expr<PageOf>, enoent: Ref<boolean>): Routine {
  return routine("drm_gpusvm_range_find_or_insert", {}, () => ({
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    vma_lookup: [
      "vma_lookup(): -ENOENT if there is none",
      set(enoent, k.mm.vma.at(page).not()),
      when(enoent.or(range.covers.at(page)), [goto("mmap_read_unlock")]),
    ],
    insert: [
      "drm_gpusvm_range_insert(), under the notifier lock",
      assert("one_range_at_a_time", in_tree().not(), "two ranges: more than this spec has"),
      down_read(k.notifier_lock),
      each(Page, (p) => [set(range.covers.at(p), k.mm.vma.at(p))]),
      up_read(k.notifier_lock),
    ],
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  }));
}

/** xe_drm_pagemap_populate_mm(). Failing is fine: the pages stay where they are. */
function alloc_vram(): Routine {
  const has_hole = exists(Page, (p) => range.covers.at(p).and(k.mm.vma.at(p).not()));
  return routine("xe_svm_alloc_vram", {}, () => ({
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    bo_create: [
      "xe_bo_create_locked(): -ENOMEM if the block is not free",
      when(block_is_free().not(), [goto("mmap_read_unlock")]),
      dma_resv_set_locked(k.bo),
    ],
    vma_lookup: [
      "if (end > vas->vm_end || start < vas->vm_start) return -EINVAL",
      when(has_hole, [goto("bo_unlock")]),
    ],
    migrate: migrate_to_devmem(),
    bo_unlock: ["xe_bo_unlock(bo)", dma_resv_unlock(k.bo)],
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  }));
}

const result = oneOf("ok", "efault", "eopnotsupp");
type Result = "ok" | "efault" | "eopnotsupp";

/** drm_gpusvm_get_pages(): a snapshot of all pages, then mapped under the notifier lock. */
function get_pages(err: Ref<Result>): Routine {
  const locals = { page: Page, pfn: array(Page, Frame), walk: hmm_result };
  return routine("drm_gpusvm_get_pages", locals, (me) => {
    const next = (p: Expr<PageOf>) => range.covers.at(p).and(me.pfn.at(p).eq(none));
    const leads_to = (pool: "sys" | "vram") => exists(Page, (p) => me.pfn.at(p).is(pool));
    const forget = each(Page, (p) => [set(me.pfn.at(p), none)]);
    return {
      read_begin: mmu_interval_read_begin(k.mm.sub),
      valid: [
        "if (drm_gpusvm_pages_valid_unlocked()) return 0",
        down_read(k.notifier_lock),
        set(err, "ok"),
        up_read(k.notifier_lock),
        when(pages_valid(), [ret()]),
      ],
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      next: ["hmm_range_fault(): the next page", choose(me.page, next(me.page))],
      range_fault: rarely(
        hmm_range_fault(k.mm, k.folio, me.page, me.pfn.at(me.page), me.walk),
        "entry_wait",
        "again",
      ),
      walked: [
        "hmm_range_fault(): more pages?",
        when(me.walk.eq("ok").and(exists(Page, next)), [goto("next")]),
      ],
      mmap_read_unlock: [
        "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
        up_read(k.mm.mmap_lock),
        when(me.walk.ne("ok"), [forget]),
        when(me.walk.eq("ebusy"), [retry(), goto("read_begin")]),
        when(me.walk.eq("efault"), [set(err, "efault"), ret()]),
      ],
      notifier_lock: ["down_read(&gpusvm->notifier_lock)", down_read(k.notifier_lock)],
      unmapped: [
        "if (flags.unmapped) return -EFAULT",
        when(range.unmapped, [forget, set(err, "efault"), goto("notifier_unlock")]),
      ],
      read_retry: [
        "if (mmu_interval_read_retry()) goto retry",
        when(mmu_interval_read_retry(k.mm.sub), [
          forget,
          up_read(k.notifier_lock),
          retry(),
          goto("read_begin"),
        ]),
      ],
      is_mixed: [
        "system and device pages: -EOPNOTSUPP",
        when(leads_to("sys").and(leads_to("vram")), [
          forget,
          set(err, "eopnotsupp"),
          goto("notifier_unlock"),
        ]),
      ],
      dma_map: [
        "dma_map_page(), device_map(); flags.has_dma_mapping = true",
        each(Page, (p) => [set(range.dma_addr.at(p), me.pfn.at(p))]),
        forget,
      ],
      notifier_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
    };
  });
}

/** xe_vm_range_rebind(): prepare, pre-commit, job, commit (xe_pt.c). -EAGAIN if invalidated. */
function bind(eagain: Ref<boolean>): Routine {
  return routine("xe_vm_range_rebind", { staged: array(Page, Frame) }, (me) => {
    const stage = (frame: (p: Expr<PageOf>) => Expr<FrameOf>) =>
      each(Page, (p) => [set(me.staged.at(p), frame(p))]);
    const forget = each(Page, (p) => [set(me.staged.at(p), none)]);
    return {
      stage: [
        "xe_pt_stage_bind(), under the notifier lock: pages_valid() or -EAGAIN",
        down_read(k.notifier_lock),
        set(eagain, pages_valid().not()),
        stage((p) => range.dma_addr.at(p)),
        up_read(k.notifier_lock),
        when(eagain, [ret()]),
      ],
      commit_lock: ["xe_pt_svm_pre_commit(): xe_svm_notifier_lock(vm)", down_read(k.notifier_lock)],
      recheck: [
        "xe_pt_svm_pre_commit(): pages_valid() or -EAGAIN",
        set(eagain, pages_valid().not()),
        when(eagain, [forget, goto("commit_unlock")]),
      ],
      push_job: [
        "xe_sched_job_push(); dma_resv_add_fence(xe_vm_resv(vm), fence, BOOKKEEP)",
        assert("no_bind_of_an_unmapped_range", range.unmapped.not(), "the range was unmapped"),
        set(k.bind.queued, true),
        each(Page, (p) => [set(k.bind.frame.at(p), me.staged.at(p))]),
        forget,
      ],
      tile_present: [
        "tile_present |= mask; tile_invalidated &= ~mask",
        set(range.tile_present, true),
        set(range.tile_invalidated, false),
      ],
      commit_unlock: ["xe_svm_notifier_unlock(vm)", up_read(k.notifier_lock)],
    };
  });
}

const locals = { page: Page, tried: bool, again: bool, err: result };

export const gpu_fault = (form: GcForm) =>
  actor("gpu_fault", locals, (me) => ({
    fault: [
      "the GPU faults on a page it has no entry for",
      idle(),
      choose(me.page, k.gpu.tlb.at(me.page).eq(none).and(k.gpu.pte.at(me.page).eq(none))),
    ],
    vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
    gc: garbage_collector(form),
    find_or_insert: find_or_insert(me.page, me.again),
    enoent: ["if (IS_ERR(range)) return err", when(me.again, [goto("vm_unlock")])],
    is_valid: [
      "if (xe_svm_range_is_valid()) return 0",
      when(range.tile_present.and(range.tile_invalidated.not()), [goto("vm_unlock")]),
      when(me.tried, [goto("get_pages")]),
    ],
    policy: [
      "xe_svm_range_needs_migrate_to_vram()",
      set(me.tried, true),
      either({ migrate: [], stay: [goto("get_pages")] }),
    ],
    alloc_vram: alloc_vram(),
    get_pages: get_pages(me.err),
    got_pages: [
      "if (err == -EFAULT) goto retry",
      when(me.err.eq("ok"), [goto("bind")]),
      when(me.err.eq("efault"), [retry(), goto("gc")]),
    ],
    // Where nothing is left in VRAM, a range is mixed only after an eviction or a CPU fault.
    evict: form === "as_in_7_3" ? range_evict() : rarely(range_evict()),
    evicted: [
      "-EOPNOTSUPP: goto retry",
      ...(form === "as_in_7_3" ? [] : [rare()]),
      retry(),
      goto("gc"),
    ],
    bind: bind(me.again),
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
