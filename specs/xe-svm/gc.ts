/** The garbage collector: ranges that munmap() left behind are unbound and removed. */
import {
  actor,
  choose,
  goto,
  idle,
  none,
  type Routine,
  ret,
  routine,
  set,
  wait,
  when,
} from "mmrace";
import {
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  mutex_lock,
  mutex_unlock,
  Page,
  push_unbind,
  up_read,
} from "mmrace/kernel";
import { gc_list_is_empty, k } from "./state.ts";

/** xe_svm_garbage_collector() (drivers/gpu/drm/xe/xe_svm.c); caller holds vm->lock. */
export function garbage_collector(): Routine {
  return routine("xe_svm_garbage_collector", { page: Page }, (me) => {
    const range = k.range.at(me.page);
    return {
      pop: [
        "list_first_entry_or_null(); list_del()",
        choose(me.page, k.range.at(me.page).on_gc_list.or(gc_list_is_empty())),
        when(range.on_gc_list.not(), [ret()]),
        set(range.on_gc_list, false),
      ],
      resv_lock: ["xe_vm_lock(vm)", dma_resv_lock(k.vm_resv)],
      unbind: [
        "xe_vm_range_unbind(): if (tile_present), under the notifier lock: push job, add fence",
        down_read(k.notifier_lock),
        when(range.tile_present, push_unbind(k.unbind, me.page)),
        set(range.tile_present, false),
        up_read(k.notifier_lock),
      ],
      resv_unlock: ["xe_vm_unlock(vm)", dma_resv_unlock(k.vm_resv)],
      unmap_pages: [
        "drm_gpusvm_unmap_pages(), under the notifier lock",
        down_read(k.notifier_lock),
        set(range.has_dma_mapping, false),
        set(range.dma_addr, none),
        up_read(k.notifier_lock),
      ],
      remove: [
        "drm_gpusvm_range_remove(), under the notifier lock",
        down_read(k.notifier_lock),
        set(range.in_tree, false),
        up_read(k.notifier_lock),
        goto("pop"),
      ],
    };
  });
}

export const gc = actor("gc", {}, () => ({
  work: ["garbage collector work", idle(), wait(gc_list_is_empty().not())],
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  collect: garbage_collector(),
  vm_unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock), goto("work")],
})).as("garbage collector");
