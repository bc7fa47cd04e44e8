/** The garbage collector, in the three forms that were written down (S19). */
import {
  actor,
  array,
  bool,
  choose,
  each,
  exists,
  goto,
  idle,
  none,
  type Routine,
  rarely,
  ret,
  retry,
  routine,
  set,
  wait,
  when,
} from "mmrace";
import {
  do_swap_page_device_private,
  down_read,
  Frame,
  hmm_range_fault_other_owner,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mutex_lock,
  mutex_unlock,
  Page,
  up_read,
} from "mmrace/kernel";
import { migrate_to_ram, migrate_to_sram } from "./partial-migrate.ts";
import { k } from "./partial-state.ts";

/**
 * drm_gpusvm_range_evict(): hmm_range_fault() with no owner, so that every device page of the range
 * is faulted back. A page without a VMA ends it (-EFAULT). The kernel goes up; here, any order.
 */
export function range_evict(): Routine {
  const locals = {
    page: Page,
    todo: array(Page, bool),
    pfn: Frame,
    fault_page: Frame,
    err: hmm_result,
  };
  return routine("drm_gpusvm_range_evict", locals, (me) => {
    const swap = do_swap_page_device_private(
      k.mm,
      k.folio,
      me.page,
      me.fault_page,
      migrate_to_ram({ frame: me.fault_page }),
    );
    return {
      read_begin: mmu_interval_read_begin(k.mm.sub),
      mmap_read_lock: [
        "mmap_read_lock(mm)",
        down_read(k.mm.mmap_lock),
        each(Page, (p) => [set(me.todo.at(p), k.range.covers.at(p))]),
      ],
      next: [
        "hmm_range_fault(): the next page",
        choose(me.page, me.todo.at(me.page)),
        set(me.todo.at(me.page), false),
      ],
      fault: rarely(
        hmm_range_fault_other_owner(k.mm, k.folio, k.mm.sub, me.page, me.pfn, me.err, swap),
        "entry_wait",
        "again",
        "swap.wait",
      ),
      faulted: [
        "hmm_range_fault(): more pages?",
        set(me.pfn, none),
        set(me.fault_page, none),
        when(me.err.eq("ok").and(exists(Page, (p) => me.todo.at(p))), [goto("next")]),
      ],
      mmap_read_unlock: [
        "mmap_read_unlock(mm); -EBUSY: again",
        up_read(k.mm.mmap_lock),
        each(Page, (p) => [set(me.todo.at(p), false)]),
        when(me.err.eq("ebusy"), [retry(), goto("read_begin")]),
        mmu_interval_read_end(k.mm.sub),
      ],
    };
  });
}

/** The RFC of 2024: under mmap_lock, each VMA that the range still has. Failure is ignored. */
function evict_as_in_the_rfc(): Routine {
  return routine("drm_gpusvm_migrate_to_sram", {}, () => ({
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    migrate: migrate_to_sram(),
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  }));
}

/**
 * as_in_7_3: a range that was unmapped in part is not evicted. as_in_the_rfc: it is; a variant
 * takes the documented way instead (drm_gpusvm.c: "Partial Unmapping").
 */
export type GcForm = "as_in_7_3" | "as_in_the_rfc";

/** xe_svm_garbage_collector() (drivers/gpu/drm/xe/xe_svm.c); caller holds vm->lock. */
export function garbage_collector(form: GcForm): Routine {
  const { range } = k;
  const if_partial = {
    is_partial: [
      "if (range->flags.partial_unmap) evict",
      when(range.partial_unmap.not(), [goto("unbind")]),
    ],
    evict: evict_as_in_the_rfc(),
    evicted: ["/* failure is ignored */", goto("unbind")],
    documented: rarely(range_evict()),
  } as const;
  return routine("xe_svm_garbage_collector", {}, () => ({
    pop: [
      "list_first_entry_or_null(); list_del()",
      when(range.gc_link.ne("queued"), [ret()]),
      set(range.gc_link, "deleted"),
    ],
    ...(form === "as_in_7_3" ? {} : if_partial),
    unbind: [
      "xe_vm_range_unbind(): if (tile_present), under the notifier lock: push job, add fence",
      wait(k.unbind.queued.not()),
      down_read(k.notifier_lock),
      when(range.tile_present, [
        set(k.unbind.queued, true),
        each(Page, (p) => [set(k.unbind.pages.at(p), range.covers.at(p))]),
        set(range.tile_present, false),
      ]),
      up_read(k.notifier_lock),
    ],
    unmap_pages: [
      "drm_gpusvm_unmap_pages(), under the notifier lock",
      down_read(k.notifier_lock),
      each(Page, (p) => [set(range.dma_addr.at(p), none)]),
      up_read(k.notifier_lock),
    ],
    remove: [
      "drm_gpusvm_range_remove(), under the notifier lock",
      down_read(k.notifier_lock),
      each(Page, (p) => [set(range.covers.at(p), false)]),
      set(range.unmapped, false),
      set(range.partial_unmap, false),
      set(range.tile_invalidated, false),
      set(range.gc_link, "empty"),
      up_read(k.notifier_lock),
      goto("pop"),
    ],
  }));
}

export const gc = (form: GcForm) =>
  actor("gc", {}, () => ({
    work: ["garbage collector work", idle(), wait(k.range.gc_link.eq("queued"))],
    vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
    collect: garbage_collector(form),
    vm_unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock), goto("work")],
  })).as("garbage collector");
