/** The GPU fault: dma_resv under mmap_lock to move the page, dma_resv alone to map it. */
import {
  actor,
  bool,
  choose,
  either,
  goto,
  idle,
  none,
  type Ref,
  type Routine,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  alloc_locked_vram,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  Frame,
  hmm_range_fault,
  hmm_result,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  up_read,
} from "mmrace/kernel";
import { invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

/** Moves the page into the VRAM of a new buffer object. Failing is fine: the page stays. */
function migrate_to_vram(page: Ref<PageOf>): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("migrate_to_vram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      resv_lock: ["dma_resv_lock(vm->resv)", dma_resv_lock(k.resv)],
      vma_lookup: [
        "vma_lookup(): -EINVAL if there is none",
        when(k.mm.vma.at(page).not(), [goto("resv_unlock")]),
      ],
      collect: migrate_vma_collect(k.mm, k.folio, m, "present", invalidate(page)),
      cpages: ["if (!migrate.cpages) return -EBUSY", when(me.src.eq(none), [goto("resv_unlock")])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_vram(k.folio, me.dst),
        fault_page: false,
      }),
      resv_unlock: ["dma_resv_unlock(vm->resv)", dma_resv_unlock(k.resv)],
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    };
  });
}

const locals = { page: Page, pfn: Frame, err: hmm_result };

export const gpu_fault = actor("gpu_fault", locals, (me) => {
  const gpu_pte = k.gpu.pte.at(me.page);
  return {
    fault: [
      "the GPU faults on a page it has no entry for",
      idle(),
      choose(me.page, gpu_pte.eq(none).and(k.gpu.tlb.at(me.page).eq(none))),
      either({ migrate: [], stay: [goto("again")] }),
    ],
    migrate: migrate_to_vram(me.page),
    again: mmu_interval_read_begin(k.mm.sub),
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    range_fault: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.err),
    mmap_read_unlock: [
      "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
      up_read(k.mm.mmap_lock),
      when(me.err.eq("ebusy"), [retry(), goto("again")]),
      when(me.err.eq("efault"), [goto("return")]),
    ],
    resv_lock: ["dma_resv_lock(vm->resv)", dma_resv_lock(k.resv)],
    notifier_lock: ["mutex_lock(&vm->notifier_lock)", mutex_lock(k.notifier_lock)],
    read_retry: [
      "if (mmu_interval_read_retry()) goto again",
      when(mmu_interval_read_retry(k.mm.sub), [set(me.err, "ebusy"), goto("notifier_unlock")]),
    ],
    map: ["write the GPU PTE", set(gpu_pte, me.pfn)],
    notifier_unlock: ["mutex_unlock(&vm->notifier_lock)", mutex_unlock(k.notifier_lock)],
    resv_unlock: [
      "dma_resv_unlock(vm->resv)",
      dma_resv_unlock(k.resv),
      when(me.err.eq("ebusy"), [goto("again")]),
    ],
    return: ["the GPU tries the access again", mmu_interval_read_end(k.mm.sub)],
  };
})
  .times(size("gpu_faults"))
  .as("GPU fault worker");
