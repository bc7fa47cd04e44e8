/** The page goes to the VRAM of one GPU, or home: xe_svm_alloc_vram() and what it calls. */
import {
  all,
  block,
  bool,
  choose,
  goto,
  none,
  type Ref,
  type Routine,
  rarely,
  ret,
  retry,
  routine,
  set,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  do_swap_page_device_private,
  down_read,
  down_write,
  Frame,
  type FrameOf,
  hmm_range_fault_other_owner,
  hmm_result,
  init_locked,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  type PageOf,
  up_read,
  up_write,
} from "mmrace/kernel";
import { invalidate } from "./invalidate.ts";
import { has_timeslice, interconnect, is_free_for, k, type Vm } from "./state.ts";

/** drm_pagemap_migrate_to_ram(): the fault page is locked and referenced by do_swap_page(). */
function migrate_to_ram(page: Ref<PageOf>, frame: Ref<FrameOf>): Routine {
  return routine("drm_pagemap_migrate_to_ram", { src: Frame, dst: Frame, moved: bool }, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      timeslice: [
        "if (time_before64(get_jiffies_64(), timeslice_expiration)) return 0",
        when(k.timeslice.at(frame), [ret()]),
      ],
      collect: migrate_vma_collect(k.mm, k.folio, m, "device_private", invalidate(page), frame),
      cpages: ["if (!migrate.cpages) return 0", when(me.src.eq(none), [ret()])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
    };
  });
}

/** The fault on a page of VRAM that the walk does not report. */
export const do_swap_page = (page: Ref<PageOf>, frame: Ref<FrameOf>): Routine =>
  do_swap_page_device_private(k.mm, k.folio, page, frame, migrate_to_ram(page, frame));

/** drm_pagemap_populate_mm(), xe_drm_pagemap_populate_mm(), drm_pagemap_migrate_to_devmem(). */
function populate_mm(vm: Vm, page: Ref<PageOf>, busy: Ref<boolean>): Routine {
  const { kind } = k.mm.pte.at(page);
  const selected = kind.eq("present").or(all(kind.eq("device_private"), interconnect));
  return routine("drm_pagemap_populate_mm", { src: Frame, dst: Frame, moved: bool }, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      bo_create: [
        "xe_bo_create_locked(): a block of this device's VRAM",
        choose(me.dst, is_free_for(vm, me.dst)),
        set(vm.vram, me.dst),
      ],
      collect: migrate_vma_collect(k.mm, k.folio, m, selected, invalidate(page)),
      cpages: [
        "if (!migrate.cpages) return -EBUSY",
        set(busy, true),
        when(me.src.eq(none), [goto("mmap_read_unlock")]),
      ],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: block(init_locked(k.folio.at(me.dst)), set(k.timeslice.at(me.dst), has_timeslice)),
        fault_page: false,
      }),
      raced: ["if (migrated_pages < npages) return -EBUSY", when(me.moved, [set(busy, false)])],
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    };
  });
}

/** drm_gpusvm_range_evict(): a walk with owner NULL, which faults every page of VRAM home. */
function range_evict(vm: Vm, page: Ref<PageOf>): Routine {
  const locals = { pfn: Frame, frame: Frame, err: hmm_result };
  return routine("drm_gpusvm_range_evict", locals, ({ pfn, frame, err }) => {
    const swap = do_swap_page(page, frame);
    return {
      read_begin: mmu_interval_read_begin(vm.sub),
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      walk: rarely(
        hmm_range_fault_other_owner(k.mm, k.folio, vm.sub, page, pfn, err, swap),
        "fault",
        "swap.wait",
        "entry_wait",
        "again",
      ),
      mmap_read_unlock: [
        "mmap_read_unlock(mm); -EBUSY: again",
        up_read(k.mm.mmap_lock),
        when(err.eq("ebusy"), [retry(), goto("read_begin")]),
        mmu_interval_read_end(vm.sub),
      ],
    };
  });
}

/** xe_svm_alloc_vram(): retries is 1, so that it is over once the lock is held for writing. */
export function alloc_vram(vm: Vm, page: Ref<PageOf>, busy: Ref<boolean>): Routine {
  const pte = k.mm.pte.at(page);
  const lock = k.driver_migrate_lock;
  return routine("xe_svm_alloc_vram", { write_locked: bool }, ({ write_locked }) => ({
    scan_mm: [
      "drm_gpusvm_scan_mm(): DRM_GPUSVM_SCAN_EQUAL: return 0",
      set(busy, false),
      set(write_locked, false),
      when(all(pte.kind.eq("device_private"), pte.frame.eq(vm.vram)), [ret()]),
    ],
    read_lock: ["down_read_interruptible(&driver_migrate_lock)", down_read(lock)],
    populate: populate_mm(vm, page, busy),
    ebusy: ["if (err == -EBUSY && retries)", when(busy.not().or(write_locked), [goto("unlock")])],
    trade: ["up_read(&driver_migrate_lock)", up_read(lock)],
    write_lock: down_write(lock),
    evict: range_evict(vm, page),
    again: [
      "while (err == -EBUSY && retries--)",
      set(write_locked, true),
      retry(),
      goto("populate"),
    ],
    unlock: [
      "write_locked ? up_write() : up_read()",
      when(write_locked, [up_write(lock)]).otherwise([up_read(lock)]),
    ],
  }));
}
