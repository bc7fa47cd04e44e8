/** The GPU that has the VRAM: it brings pages there, and its driver takes them away again. */
import {
  actor,
  assert,
  bool,
  choose,
  goto,
  idle,
  none,
  progress,
  type Ref,
  type Routine,
  rare,
  rarely,
  ret,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  alloc_locked_vram,
  down_read,
  Frame,
  type FrameOf,
  hmm_range_fault,
  hmm_result,
  migrate_copy_and_finalize,
  migrate_device_finalize,
  migrate_device_pfn_lock,
  migrate_vma_collect,
  migrate_vma_insert_page,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  try_to_migrate,
  up_read,
} from "mmrace/kernel";
import { invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

/** The rest of a migration; whether anything stands in its way depends on the configuration. */
const finalize = (...call: Parameters<typeof migrate_copy_and_finalize>): Routine =>
  rarely(migrate_copy_and_finalize(...call), "put_src", "restore", "restore_unlock", "restore_put");

/**
 * drm_pagemap_migrate_to_devmem(): the page, or where there is none yet, a new one in VRAM. Failing
 * is fine: the page stays where it is.
 */
function migrate_to_devmem(page: Ref<PageOf>): Routine {
  return routine("migrate_to_devmem", { src: Frame, dst: Frame, moved: bool }, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      collect: migrate_vma_collect(k.mm, k.folio, m, "present", invalidate(page)),
      cpages: [
        "if (src[i] is a hole) there is nothing to copy",
        when(me.src.eq(none), [goto("hole")]),
      ],
      finalize: finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_vram(k.folio, me.dst),
        fault_page: false,
      }),
      migrated: ["migrate_vma_finalize() returns", goto("mmap_read_unlock")],
      hole: [
        "dst = alloc; lock_page(dst); clear it",
        alloc_locked_vram(k.folio, me.dst),
        set(k.folio.at(me.dst).data, 0),
        goto("insert"),
      ],
      restore: ["no VRAM: return -ENOMEM", rare(), goto("mmap_read_unlock")],
      insert: migrate_vma_insert_page(k.mm, k.folio, m, me.moved, invalidate(page)),
      finalize_hole: rarely(migrate_device_finalize(k.mm, k.folio, m, me.moved)),
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    };
  });
}

/** A fault of the exporter's GPU, which wants its pages in VRAM: once for each fault. */
export const exporter_fault = actor(
  "exporter_fault",
  { page: Page, pfn: Frame, err: hmm_result },
  (me) => ({
    fault: [
      "the exporter's GPU faults on a page",
      idle(),
      choose(me.page, k.gpu.pte.at(me.page).eq(none)),
    ],
    populate: migrate_to_devmem(me.page),
    again: mmu_interval_read_begin(k.mm.sub),
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    range_fault: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.err),
    mmap_read_unlock: [
      "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
      up_read(k.mm.mmap_lock),
      when(me.err.eq("ebusy"), [retry(), goto("again")]),
      when(me.err.eq("efault"), [mmu_interval_read_end(k.mm.sub), goto("done")]),
    ],
    lock: ["down_read(&exporter->notifier_lock)", mutex_lock(k.gpu_lock)],
    read_retry: [
      "if (mmu_interval_read_retry(sub, seq)) goto again",
      when(mmu_interval_read_retry(k.mm.sub), [mutex_unlock(k.gpu_lock), retry(), goto("again")]),
    ],
    map: ["write the PTE", set(k.gpu.pte.at(me.page), me.pfn), progress()],
    unlock: [
      "up_read(&exporter->notifier_lock)",
      mutex_unlock(k.gpu_lock),
      mmu_interval_read_end(k.mm.sub),
    ],
  }),
)
  .times(size("exporter_faults"))
  .as("GPU fault of the exporter");

/**
 * drm_pagemap_evict_to_ram(): any page of the VRAM, by its physical address. It has succeeded when
 * the last folio of the block is free (devmem_allocation->detached), and not before.
 */
export const evict = actor("evict", { page: Page, src: Frame, dst: Frame, moved: bool }, (me) => {
  const folio = k.folio.at(me.src);
  const unused = folio.ref.count.eq(0);
  return {
    pick: [
      "drm_pagemap_evict_to_ram(): a block of VRAM that is in use",
      idle(),
      choose(me.src, me.src.is("vram").and(unused.not())),
    ],
    ...migrate_device_pfn_lock(folio, "detached"),
    unmap: try_to_migrate(k.mm, k.folio, me, invalidate(me.page)),
    finalize: finalize(k.mm, k.folio, me, me.moved, {
      alloc: alloc_locked_page(k.folio, me.dst),
      fault_page: false,
    }),
    detached: [
      "if (!completion_done(&devmem->detached)) return -EBUSY",
      when(unused.not(), [goto("done")]),
      assert("evicted_block_is_unused", unused, "the block goes to somebody else"),
    ],
  };
})
  .times(size("evictions"))
  .as("eviction by the exporter");

interface Fault {
  page: Ref<PageOf>;
  frame: Ref<FrameOf>;
}

/** drm_pagemap_migrate_to_ram(): the fault page is locked and referenced; no lock of a driver. */
export function migrate_to_ram({ page, frame }: Fault): Routine {
  return routine("migrate_to_ram", { src: Frame, dst: Frame, moved: bool }, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      collect: migrate_vma_collect(k.mm, k.folio, m, "device_private", invalidate(page), frame),
      cpages: ["if (!migrate.cpages) return 0", when(me.src.eq(none), [ret()])],
      finalize: finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
    };
  });
}
