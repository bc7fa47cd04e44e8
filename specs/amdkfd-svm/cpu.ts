/** What the CPU does to the pages: it faults on them, and two system calls take them away. */
import { actor, bool, choose, goto, type Ref, type Routine, routine, size, when } from "mmrace";
import {
  do_anonymous_page,
  do_swap_page_device_private,
  down_read,
  Frame,
  type FrameOf,
  type Listeners,
  madvise_dontneed,
  migrate_pages,
  migration_entry_wait,
  munmap as munmap_syscall,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  store,
  up_read,
  versions,
} from "mmrace/kernel";
import { xnack_on } from "./invalidate.ts";
import { vram_to_ram } from "./migrate.ts";
import { k } from "./state.ts";

/** svm_migrate_to_ram(), the dev_pagemap callback: mmap_lock and the folio lock are held. */
function migrate_to_ram(page: Ref<PageOf>, fault_page: Ref<FrameOf>): Routine {
  const range = k.range.at(page);
  return routine("svm_migrate_to_ram", {}, () => ({
    svms_lock: ["mutex_lock(&p->svms.lock)", mutex_lock(k.svms_lock)],
    from_addr: [
      "prange = svm_range_from_addr(); SIGBUS if there is none",
      when(range.in_svms.not(), [goto("svms_unlock")]),
    ],
    migrate_lock: ["mutex_lock(&prange->migrate_mutex)", mutex_lock(range.migrate_mutex)],
    migrate: vram_to_ram(page, xnack_on(page), fault_page),
    migrate_unlock: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(range.migrate_mutex)],
    svms_unlock: ["mutex_unlock(&p->svms.lock)", mutex_unlock(k.svms_lock)],
  }));
}

export const cpu_fault = actor("cpu_fault", { page: Page, frame: Frame }, (me) => {
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

type Mode = (page: Ref<PageOf>) => Listeners;

export const munmap = (mode: Mode) =>
  actor("munmap", { page: Page }, (me) => ({
    call: ["munmap(page)", choose(me.page)],
    munmap: munmap_syscall(k.mm, k.folio, me.page, mode(me.page)),
  }))
    .times(size("munmaps"))
    .as("munmap(), mmap_lock");

export const dontneed = (mode: Mode) =>
  actor("dontneed", { page: Page }, (me) => ({
    call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
    zap: madvise_dontneed(k.mm, k.folio, me.page, mode(me.page)),
  }))
    .times(size("dontneeds"))
    .as("madvise(), VMA lock only");

const moves = { page: Page, src: Frame, dst: Frame, moved: bool };

export const compaction = (mode: Mode) =>
  actor("compaction", moves, (me) => ({
    migrate: migrate_pages(k.mm, k.folio, me, me.moved, mode(me.page)),
  }))
    .times(size("compactions"))
    .as("compaction, folio lock only");
