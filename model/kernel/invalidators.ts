/**
 * Threads that take one page away from its mm, any page and at any time, each with the locks that
 * it really holds: mmap_lock, the per-VMA lock alone, the folio lock alone. A driver has to live
 * with all three.
 *
 * Omits    what each call omits (zap.ts, migrate-pages.ts); ranges of pages.
 */
import { actor, bool, choose, type Ref, type Routine } from "../index.ts";
import { type Folios, Frame, Page, type PageOf } from "./folio.ts";
import type { Listeners } from "./listeners.ts";
import { migrate_pages } from "./migrate-pages.ts";
import type { Mm } from "./mm.ts";
import { madvise_dontneed, munmap } from "./zap.ts";

/** Who hears of it when something happens to the page: the driver's callback. */
type Notified = (page: Ref<PageOf>) => Routine | Listeners;

/** munmap() of any page. */
export function munmap_actor(mm: Mm, folios: Folios, to: Notified) {
  return actor("munmap", { page: Page }, (me) => ({
    call: ["munmap(page)", choose(me.page)],
    munmap: munmap(mm, folios, me.page, to(me.page)),
  })).as("munmap(), mmap_lock");
}

/** madvise(MADV_DONTNEED) of any page. */
export function dontneed_actor(mm: Mm, folios: Folios, to: Notified) {
  return actor("dontneed", { page: Page }, (me) => ({
    call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
    zap: madvise_dontneed(mm, folios, me.page, to(me.page)),
  })).as("madvise(), VMA lock only");
}

/** Compaction moves any system page to another frame. */
export function compaction_actor(mm: Mm, folios: Folios, to: Notified) {
  return actor("compaction", { page: Page, src: Frame, dst: Frame, moved: bool }, (me) => ({
    migrate: migrate_pages(mm, folios, me, me.moved, to(me.page)),
  })).as("compaction, folio lock only");
}
