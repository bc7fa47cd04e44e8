/** The GPU fault: snapshot, then the notifier's retry check and the entry under the PT lock. */
import {
  actor,
  block,
  bool,
  choose,
  type Expr,
  either,
  goto,
  idle,
  none,
  type Ref,
  type Routine,
  range,
  ret,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  alloc_locked_vram,
  down_read,
  Frame,
  type FrameOf,
  folio_lock,
  folio_put,
  folio_unlock,
  hmm_range_fault,
  hmm_result,
  MmId,
  type MmOf,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  refcount_inc_not_zero,
  reverse_map,
  try_to_migrate_all,
  up_read,
} from "mmrace/kernel";
import { invalidate } from "./page-table.ts";
import { exists_now, k } from "./state.ts";

/** migrate_vma_*() to device memory. Failing is fine: the page stays where it is. */
function migrate_to_vram(mm: Expr<MmOf>, page: Ref<PageOf>): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool, at_mm: MmId, at_page: Page };
  return routine("migrate_to_vram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    const at = { mm: me.at_mm, page: me.at_page };
    return {
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.at(mm).mmap_lock)],
      vma_lookup: [
        "vma_lookup(): -EINVAL if there is none",
        when(k.mm.at(mm).vma.at(page).not(), [goto("mmap_read_unlock")]),
      ],
      collect: migrate_vma_collect(k.mm.at(mm), k.folio, m, "present", invalidate(mm, page)),
      cpages: [
        "if (!migrate.cpages) return -EBUSY",
        when(me.src.eq(none), [goto("mmap_read_unlock")]),
      ],
      unmap: try_to_migrate_all(k.mm, k.folio, at, me.src, invalidate(me.at_mm, me.at_page)),
      finalize: migrate_copy_and_finalize(k.mm.at(mm), k.folio, m, me.moved, {
        alloc: block(
          alloc_locked_vram(k.folio, me.dst),
          set(k.rmap.at(me.dst).mm, none),
          set(k.rmap.at(me.dst).page, none),
        ),
        fault_page: false,
        rmap: reverse_map(k.mm, k.folio, at, me.src),
      }),
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.at(mm).mmap_lock)],
    };
  });
}

/** How a scheme protects a page between the snapshot and the entry. */
export interface Insertion {
  lock_page: (frame: Ref<FrameOf>) => Routine;
  unlock_page: (frame: Ref<FrameOf>) => Routine;
  /** Remembers in the page where the GPU maps it. */
  set_rmap: boolean;
}

const nothing = () => routine("nothing", {}, () => ({}));

/**
 * Core mm's own way: an elevated reference count is enough, races are resolved under the PT lock.
 */
export const by_reference: Insertion = {
  lock_page: nothing,
  unlock_page: nothing,
  set_rmap: false,
};

/** As first posted: whoever inserts an entry for a device page has locked the page. */
export const by_page_lock: Insertion = {
  lock_page: (frame) =>
    routine("lock_device_page", {}, () => ({
      is_device: ["if (!is_device_private_page(page)) skip", when(frame.is("sys"), [ret()])],
      lock_page: ["folio_lock(page)", folio_lock(k.folio.at(frame).lock)],
    })),
  unlock_page: (frame) =>
    routine("unlock_device_page", {}, () => ({
      unlock_page: [
        "if (is_device_private_page(page)) folio_unlock(page)",
        when(frame.is("sys"), [ret()]),
        folio_unlock(k.folio.at(frame).lock),
      ],
    })),
  set_rmap: true,
};

/** Faults that a worker serves after its first. */
const more = size("more_gpu_faults");

const locals = { mm: MmId, page: Page, pfn: Frame, err: hmm_result, served: range(0, more) };

export const gpu_fault_actor = (name: string, by: Insertion) =>
  actor(name, locals, (me) => {
    const mm = k.mm.at(me.mm);
    const gpu_pte = k.gpu.at(me.mm).pte.at(me.page);
    const rmap = k.rmap.at(me.pfn);
    const remember = [set(rmap.mm, me.mm), set(rmap.page, me.page)];
    return {
      fault: [
        "the GPU faults on a page it has no entry for",
        idle(),
        choose(me.mm, exists_now(me.mm)),
        choose(me.page, gpu_pte.eq(none).and(k.gpu.at(me.mm).tlb.at(me.page).eq(none))),
        either({ migrate: [], stay: [goto("again")] }),
      ],
      migrate: migrate_to_vram(me.mm, me.page),
      again: mmu_interval_read_begin(mm.sub),
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(mm.mmap_lock)],
      range_fault: hmm_range_fault(mm, k.folio, me.page, me.pfn, me.err),
      mmap_read_unlock: [
        "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
        up_read(mm.mmap_lock),
        when(me.err.eq("ebusy"), [retry(), goto("again")]),
        when(me.err.eq("efault"), [goto("return")]),
      ],
      get_page: [
        "if (!folio_try_get(page)) goto again",
        refcount_inc_not_zero(k.folio.at(me.pfn).ref, [], [goto("again")]),
      ],
      lock_page: by.lock_page(me.pfn),
      pt_lock: ["mutex_lock(&gpu->pt_lock)", mutex_lock(k.pt_lock.at(me.mm))],
      read_retry: [
        "if (mmu_interval_read_retry()) goto again",
        when(mmu_interval_read_retry(mm.sub), [set(me.err, "ebusy"), goto("pt_unlock")]),
      ],
      pte_none: ["if (!pte_none(*gpu_pte)) we raced", when(gpu_pte.ne(none), [goto("pt_unlock")])],
      map: [
        by.set_rmap ? "write the GPU PTE; page->zone_device_data = mm, va" : "write the GPU PTE",
        set(gpu_pte, me.pfn),
        set(k.gpu_read_only.at(me.mm).at(me.page), k.wrprotect.at(me.mm).at(me.page)),
        ...(by.set_rmap ? [when(me.pfn.is("vram"), remember)] : []),
      ],
      pt_unlock: ["mutex_unlock(&gpu->pt_lock)", mutex_unlock(k.pt_lock.at(me.mm))],
      unlock_page: by.unlock_page(me.pfn),
      put_page: [
        "folio_put(page)",
        folio_put(k.folio.at(me.pfn)),
        when(me.err.eq("ebusy"), [goto("again")]),
      ],
      return: [
        "the GPU tries the access again",
        mmu_interval_read_end(mm.sub),
        when(me.served.lt(more), [set(me.served, me.served.plus(1)), goto("fault")]),
      ],
    };
  });

export const gpu_fault = gpu_fault_actor("gpu_fault", by_reference)
  .times(size("gpu_faults"))
  .as("GPU fault worker");

export const gpu_fault_v1 = gpu_fault_actor("gpu_fault_v1", by_page_lock)
  .times(0)
  .as("GPU fault worker, as first posted");
