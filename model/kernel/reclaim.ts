/**
 * Reclaim of one page (mm/vmscan.c: shrink_folio_list; mm/rmap.c: try_to_unmap): whoever runs it,
 * kswapd or an allocation that reclaims, calls the notifiers of the page with the folio locked.
 *
 * The page is an anonymous one that was marked by MADV_FREE (folio_test_lazyfree). Such a page is
 * given up if it was not written since, and only if nobody has a reference who may write to it
 * (ttu_anon_lazyfree_folio). A page that was written is kept, with a notifier's window for nothing;
 * one that was used of late (folio_check_references) is kept without.
 *
 * Omits    swap and writeback (see swap.ts); the anon_vma lock, held for read over the walk;
 *          several mappings of a folio; that the TLB is flushed only before the frame is free
 *          (try_to_unmap_flush): here in the step that clears the entry; PG_lru: beyond the kernel,
 *          a folio can be isolated while somebody else has isolated it, or before it is on a list.
 */
import {
  all,
  choose,
  count,
  type Effect,
  type Expr,
  either,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import {
  type Folios,
  Frame,
  type FrameOf,
  folio_get,
  folio_put,
  Page,
  type PageOf,
} from "./folio.ts";
import { folio_set_locked, folio_unlock } from "./folio-lock.ts";
import { type Mm, pte_clear } from "./mm.ts";
import {
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
} from "./mmu-interval-notifier.ts";

/** What a reclaim works on: locals of the caller. */
interface Reclaim {
  page: Ref<PageOf>;
  src: Ref<FrameOf>;
}

/** shrink_folio_list() with one folio, or with none when there is none in use. */
export function shrink_folio_list(
  mm: Mm,
  folios: Folios,
  { page, src }: Reclaim,
  callback: Routine,
): Routine {
  const { lock, ref, data } = folios.at(src);
  const in_use = (f: Expr<FrameOf>) => f.is("sys").and(folios.at(f).ref.count.gt(0));
  const maps = (p: Expr<PageOf>) => mm.pte.at(p).frame.eq(src);
  const mapcount = count(Page, maps);
  const put: Effect = folio_put(folios.at(src));
  return routine("shrink_folio_list", {}, () => ({
    isolate: [
      "isolate_lru_folios(): folio_try_get()",
      choose(src, in_use(src).or(exists(Frame, in_use).not())),
      when(in_use(src).not(), [ret()]),
      folio_get(folios.at(src)),
    ],
    // One step with its put: who looks at the count has the folio locked, so that nobody can tell
    // when it was put after the last one who had.
    trylock: [
      "if (!folio_trylock(folio)) goto keep",
      when(lock.owner.ne(none), [put, ret()]),
      folio_set_locked(lock),
    ],
    rmap_walk: [
      "folio_check_references(); if (folio_mapped(folio)) try_to_unmap(): where?",
      choose(page, maps(page).or(exists(Page, maps).not())),
      either({ reclaim: [], keep: [goto("keep_locked")] }),
      when(maps(page).not(), [goto("ref_freeze")]),
    ],
    start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_CLEAR", [callback]),
    try_to_unmap_one: [
      "get_and_clear_ptes(), if the page is clean, and nobody else has a reference",
      when(all(maps(page), data.eq(0), ref.count.eq(mapcount.plus(1))), [
        pte_clear(mm.pte.at(page)),
        flush_tlb_page(mm, page),
        put,
      ]),
    ],
    end: [
      "mmu_notifier_invalidate_range_end()",
      mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
    ],
    // One step: with the count frozen at 0, nobody finds the folio any more, who could see it
    // unlocked or not yet free. Of a folio that is still mapped the count is higher: folio_mapped()
    // need not be asked.
    ref_freeze: [
      "if (!folio_mapped(folio) && folio_ref_freeze(folio, 1)) { folio_unlock(); free it }",
      when(all(data.eq(0), ref.count.eq(1)), [folio_unlock(lock), put, ret()]),
    ],
    keep_locked: ["keep_locked: folio_unlock(folio)", folio_unlock(lock)],
    keep: ["keep: move_folios_to_lru(): folio_put(folio)", put],
  }));
}
