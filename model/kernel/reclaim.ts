/**
 * Reclaim of one page (mm/vmscan.c: shrink_folio_list; mm/rmap.c: try_to_unmap): whoever runs it,
 * kswapd or an allocation that reclaims, calls the notifiers of the page with the folio locked.
 *
 * Omits    swap and writeback: only a page that was never written is given up, another one is kept;
 *          the anon_vma lock; several mappings of a folio; the LRU.
 */
import {
  all,
  choose,
  type Effect,
  type Expr,
  exists,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  when,
} from "../index.ts";
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
  const in_use = (f: Expr<FrameOf>) => f.is("sys").and(folios.at(f).ref.count.gt(0));
  const maps = (p: Expr<PageOf>) => mm.pte.at(p).frame.eq(src);
  const put: Effect = folio_put(folios.at(src));
  return routine("shrink_folio_list", {}, () => ({
    isolate: [
      "isolate_lru_folios(): folio_try_get()",
      choose(src, in_use(src).or(exists(Frame, in_use).not())),
      when(in_use(src).not(), [ret()]),
      folio_get(folios.at(src)),
    ],
    trylock: [
      "if (!folio_trylock(folio)) goto keep",
      when(folios.at(src).lock.owner.ne(none), [put, ret()]),
      folio_set_locked(folios.at(src).lock),
    ],
    rmap_walk: [
      "try_to_unmap(): who maps the folio?",
      choose(page, maps(page).or(exists(Page, maps).not())),
    ],
    start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_CLEAR", [callback]),
    try_to_unmap_one: [
      "try_to_unmap_one(): ptep_clear_flush(), unless the page is dirty",
      when(all(maps(page), folios.at(src).data.eq(0)), [pte_clear(mm.pte.at(page)), put]),
    ],
    end: [
      "mmu_notifier_invalidate_range_end()",
      mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
    ],
    free: ["folio_unlock(folio); folio_put(folio)", folio_unlock(folios.at(src).lock), put],
  }));
}
