/** What the CPU does to the pages: it faults on them, and two system calls take them away. */
import {
  actor,
  bool,
  choose,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  size,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  do_anonymous_page,
  do_swap_page_device_private,
  down_read,
  Frame,
  type FrameOf,
  madvise_dontneed,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  migration_entry_wait,
  munmap as munmap_syscall,
  Page,
  type PageOf,
  store,
  up_read,
  versions,
} from "mmrace/kernel";
import { xe_svm_invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

/**
 * drm_pagemap_migrate_to_ram() (drivers/gpu/drm/drm_pagemap.c); the fault page is locked already.
 */
function migrate_to_ram(page: Ref<PageOf>, fault_page: Ref<FrameOf>): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("drm_pagemap_migrate_to_ram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    const callback = xe_svm_invalidate(page, "other");
    return {
      collect: migrate_vma_collect(k.mm, k.folio, m, "device_private", callback, fault_page),
      cpages: ["if (!migrate.cpages) return 0", when(me.src.eq(none), [ret()])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        expected: 2,
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
    };
  });
}

const locals = { page: Page, frame: Frame };

export const cpu_fault = actor("cpu_fault", locals, (me) => {
  const pte = k.mm.pte.at(me.page);
  return {
    touch: ["the CPU stores to a page", choose(me.page)],
    store: [
      "store through the page table, or fault",
      when(pte.kind.ne("present"), [goto("mmap_read_lock")]),
      when(k.mm.last_write.at(me.page).lt(versions), [store(k.mm, k.folio, me.page, pte.frame)]),
      goto("done"),
    ],
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    handle_pte_fault: [
      "handle_pte_fault(): SIGSEGV if there is no VMA",
      when(k.mm.vma.at(me.page).not(), [up_read(k.mm.mmap_lock), goto("done")]),
      when(pte.kind.eq("none"), [goto("anonymous")]),
      when(pte.kind.eq("migration"), [goto("entry_wait")]),
      when(pte.kind.eq("present"), [goto("mmap_read_unlock")]),
    ],
    swap: do_swap_page_device_private(
      k.mm,
      k.folio,
      me.page,
      me.frame,
      migrate_to_ram(me.page, me.frame),
    ),
    swap_done: ["do_swap_page() returns", goto("mmap_read_unlock")],
    entry_wait: migration_entry_wait(k.mm, k.folio, me.page),
    entry_done: ["migration_entry_wait() returns", goto("mmap_read_unlock")],
    anonymous: ["do_anonymous_page()", do_anonymous_page(k.mm, k.folio, me.page, me.frame)],
    mmap_read_unlock: [
      "mmap_read_unlock(mm): try the store again",
      up_read(k.mm.mmap_lock),
      goto("store"),
    ],
  };
})
  .times(size("cpu_faults"))
  .as("do_swap_page()");

export const munmap = actor("munmap", { page: Page }, (me) => ({
  call: ["munmap(page)", choose(me.page)],
  munmap: munmap_syscall(k.mm, k.folio, me.page, xe_svm_invalidate(me.page, "unmap")),
}))
  .times(size("munmaps"))
  .as("munmap(), mmap_lock");

export const dontneed = actor("dontneed", { page: Page }, (me) => ({
  call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
  zap: madvise_dontneed(k.mm, k.folio, me.page, xe_svm_invalidate(me.page, "other")),
}))
  .times(size("dontneeds"))
  .as("madvise(), VMA lock only");
