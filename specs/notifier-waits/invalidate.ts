/** The notifier, which waits for the commands that use the page; and who makes core mm call it. */
import { actor, type Expr, idle, none, type Routine, routine, set, size } from "mmrace";
import {
  compaction_actor,
  dontneed_actor,
  Frame,
  job_wait,
  mmu_interval_set_seq,
  munmap_actor,
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

export const dontneed = dontneed_actor(k.mm, k.folio, driver_invalidate).times(size("dontneeds"));

export const munmap = munmap_actor(k.mm, k.folio, driver_invalidate).times(size("munmaps"));

export const compaction = compaction_actor(k.mm, k.folio, driver_invalidate).times(
  size("compactions"),
);

export const kswapd = actor("kswapd", { page: Page, src: Frame }, (me) => ({
  wake: ["kswapd wakes up", idle()],
  shrink: shrink_folio_list(k.mm, k.folio, me, driver_invalidate(me.page)),
}))
  .times(size("reclaims"))
  .as("kswapd, folio lock");
