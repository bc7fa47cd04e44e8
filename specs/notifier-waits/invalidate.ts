/** The notifier, which waits for the commands that use the page; and who makes core mm call it. */
import {
  actor,
  bool,
  choose,
  type Expr,
  idle,
  none,
  type Routine,
  routine,
  set,
  size,
} from "mmrace";
import {
  Frame,
  job_wait,
  madvise_dontneed,
  migrate_pages,
  mmu_interval_set_seq,
  munmap as munmap_syscall,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  shrink_folio_list,
} from "mmrace/kernel";
import { k } from "./state.ts";

/**
 * driver_invalidate(): no new use, wait for the old ones, unmap. The lock is not held while
 * waiting.
 */
export function driver_invalidate(page: Expr<PageOf>): Routine {
  const entry = k.mirror.at(page);
  return routine("driver_invalidate", {}, () => ({
    lock: ["mutex_lock(&driver->lock)", mutex_lock(k.lock)],
    set_seq: ["mmu_interval_set_seq(sub, cur_seq)", mmu_interval_set_seq(k.mm.sub)],
    no_new_use: ["entry->valid = false", set(entry.valid, false)],
    unlock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.lock)],
    fence_wait: ["dma_resv_wait_timeout(resv, BOOKKEEP)", job_wait(k.job, page)],
    unmap_lock: ["mutex_lock(&driver->lock)", mutex_lock(k.lock)],
    unmap: ["clear the device PTE, flush", set(entry.pte, none)],
    unmap_unlock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.lock)],
  }));
}

export const dontneed = actor("dontneed", { page: Page }, (me) => ({
  call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
  zap: madvise_dontneed(k.mm, k.folio, me.page, driver_invalidate(me.page)),
}))
  .times(size("dontneeds"))
  .as("madvise(), VMA lock only");

export const munmap = actor("munmap", { page: Page }, (me) => ({
  call: ["munmap(page)", choose(me.page)],
  munmap: munmap_syscall(k.mm, k.folio, me.page, driver_invalidate(me.page)),
}))
  .times(size("munmaps"))
  .as("munmap(), mmap_lock");

const moving = { page: Page, src: Frame, dst: Frame, moved: bool };

export const compaction = actor("compaction", moving, (me) => ({
  migrate: migrate_pages(k.mm, k.folio, me, me.moved, driver_invalidate(me.page)),
}))
  .times(size("compactions"))
  .as("migrate_pages(), folio lock");

export const kswapd = actor("kswapd", { page: Page, src: Frame }, (me) => ({
  wake: ["kswapd wakes up", idle()],
  shrink: shrink_folio_list(k.mm, k.folio, me, driver_invalidate(me.page)),
}))
  .times(size("reclaims"))
  .as("kswapd, folio lock");
