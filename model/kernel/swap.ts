/**
 * Anonymous pages go to swap and come back (mm/vmscan.c: shrink_folio_list; mm/rmap.c:
 * try_to_unmap_one; mm/memory.c: do_swap_page; mm/swapfile.c), for an mm with `pte: ["swap"]`.
 *
 * From before the notifier's window until the content is on the swap device, the folio is in the
 * swap cache, which holds a reference; a fault finds it there. A swap entry points at the folio as
 * long as that is so; `slot` is what the device has.
 *
 * Omits    writeback that goes on after the folio was unlocked (here pageout() is synchronous); a
 *          slot that several entries share; read-ahead; swapoff; a full swap device; PG_lru: a
 *          folio can be isolated here while somebody else has isolated it.
 */
import {
  type ArrayRef,
  all,
  block,
  choose,
  type Effect,
  type Expr,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  type Type,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import {
  alloc_page,
  type Folios,
  Frame,
  type FrameOf,
  folio_get,
  folio_put,
  Page,
  type PageOf,
} from "./folio.ts";
import { folio_lock, folio_set_locked, folio_unlock } from "./folio-lock.ts";
import { type Listeners, listeners } from "./listeners.ts";
import { type Mm, mapping_kinds, not_declared, pte_is, pte_prot_of_vma, set_pte } from "./mm.ts";

/** What the swap-out of one folio works on: locals of the caller. */
interface Reclaim {
  page: Ref<PageOf>;
  src: Ref<FrameOf>;
}

function swapcache(mm: Mm): ArrayRef<FrameOf, Type<boolean>> {
  return mm.swapcache ?? not_declared("swap", 'pte: ["swap"]');
}

function slot(mm: Mm, page: Expr<PageOf>): Ref<number> {
  return mm.pte.at(page).slot ?? not_declared("swap", 'pte: ["swap"]');
}

const is_in_use = (folios: Folios, f: Expr<FrameOf>): Expr<boolean> =>
  f.is("sys").and(folios.at(f).ref.count.gt(0));

/** delete_from_swap_cache(): the swap cache's reference is put. */
function remove_from_swapcache(mm: Mm, folios: Folios, folio: Expr<FrameOf>): Effect {
  const cached = swapcache(mm).at(folio);
  return when(cached, [set(cached, false), folio_put(folios.at(folio))]);
}

/** folio_free_swap(): by whoever has locked the folio, when no swap entry is left. */
function folio_free_swap(mm: Mm, folios: Folios, folio: Expr<FrameOf>): Effect {
  const refers = (p: Expr<PageOf>) =>
    mm.pte.at(p).kind.eq("swap").and(mm.pte.at(p).frame.eq(folio));
  return when(exists(Page, refers).not(), [remove_from_swapcache(mm, folios, folio)]);
}

/**
 * swap_put_entries_direct() of an entry that is zapped: a folio in the swap cache goes, unless it
 * is locked; then whoever has it locked frees it. Nothing, where there is no swap.
 */
export function swap_put_entries(mm: Mm, folios: Folios, page: Expr<PageOf>): Effect {
  if (!mm.swapcache) return block();
  const { kind, frame } = mm.pte.at(page);
  const unlocked = all(kind.eq("swap"), frame.ne(none), folios.at(frame).lock.owner.eq(none));
  return when(unlocked, [remove_from_swapcache(mm, folios, frame)]);
}

/** shrink_folio_list() with one anonymous folio: it goes to swap, or is kept. */
export function swap_out(
  mm: Mm,
  folios: Folios,
  { page, src }: Reclaim,
  to: Routine | Listeners,
): Routine {
  const { start, end } = listeners(mm, to);
  const { lock, ref, data } = folios.at(src);
  const refers = (p: Expr<PageOf>) => mm.pte.at(p).frame.eq(src);
  const maps = (p: Expr<PageOf>) => refers(p).and(pte_is(mm.pte.at(p), ...mapping_kinds));
  const in_use = (f: Expr<FrameOf>) => is_in_use(folios, f);
  const pte = mm.pte.at(page);
  const put = folio_put(folios.at(src));
  const is_swap = all(pte.kind.eq("swap"), refers(page));
  return routine("shrink_folio_list", {}, () => ({
    isolate: [
      "isolate_lru_folios(): folio_try_get()",
      choose(src, in_use(src).or(exists(Frame, in_use).not())),
      when(in_use(src).not(), [ret()]),
      folio_get(folios.at(src)),
    ],
    trylock: [
      "if (!folio_trylock(folio)) goto keep",
      when(lock.owner.ne(none), [put, ret()]), // see reclaim.ts
      folio_set_locked(lock),
    ],
    alloc_swap: [
      "folio_alloc_swap(): into the swap cache, unless it is there",
      choose(page, refers(page).or(exists(Page, refers).not())),
      when(refers(page).not(), [goto("free_swap")]),
      when(swapcache(mm).at(src).not(), [
        set(swapcache(mm).at(src), true),
        folio_get(folios.at(src)),
      ]),
    ],
    start: start("MMU_NOTIFY_CLEAR"),
    try_to_unmap_one: [
      "try_to_unmap_one(): swap entry; the TLB flush is deferred",
      when(maps(page), [set(pte.kind, "swap"), put]),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end],
    flush: ["try_to_unmap_flush_dirty()", flush_tlb_page(mm, page)],
    pageout: ["pageout(): the device has the content", when(is_swap, [set(slot(mm, page), data)])],
    // One step: with the count frozen at 0, nobody finds the folio any more.
    remove_mapping: [
      "__remove_mapping(): folio_ref_freeze(), out of the swap cache; folio_unlock(); free it",
      when(all(is_swap, ref.count.eq(2)), [
        set(pte.frame, none),
        remove_from_swapcache(mm, folios, src),
        folio_unlock(lock),
        put,
        ret(),
      ]),
    ],
    free_swap: ["folio_free_swap() if nobody needs it", folio_free_swap(mm, folios, src)],
    keep_locked: ["keep_locked: folio_unlock(folio)", folio_unlock(lock)],
    keep: ["keep: move_folios_to_lru(): folio_put(folio)", put],
  }));
}

/**
 * do_swap_page() on a swap entry: the folio of the swap cache, or a new one that is read. `frame`
 * is a local of the caller. Caller holds mmap_lock.
 */
export function do_swap_page_swap(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
): Routine {
  const pte = mm.pte.at(page);
  const { lock, ref, data } = folios.at(frame);
  const cached = pte.kind.eq("swap").and(pte.frame.ne(none));
  const to_read = pte.kind.eq("swap").and(pte.frame.eq(none));
  const same = all(pte.kind.eq("swap"), pte.frame.eq(frame));
  return routine("do_swap_page", {}, () => ({
    lookup: [
      "swap_cache_get_folio(entry)",
      when(pte.kind.ne("swap"), [ret()]),
      when(cached.not(), [goto("add_to_cache")]),
      set(frame, pte.frame),
      folio_get(folios.at(frame)),
    ],
    lock: ["folio_lock_or_retry(folio)", folio_lock(lock)],
    locked: ["got it", goto("map")],
    add_to_cache: [
      "swapin: a new folio, locked, into the swap cache; or somebody's",
      alloc_page(folios, frame, to_read),
      when(to_read.not(), [goto("lookup")]),
      set(ref.count, 2),
      folio_set_locked(lock),
      set(swapcache(mm).at(frame), true),
      set(pte.frame, frame),
    ],
    read: ["swap_read_folio()", when(same, [set(data, slot(mm, page))])],
    // One section of the page-table lock; the mapping takes over the reference.
    map: [
      "pte_same(): set_ptes(); folio_free_swap(); folio_unlock(folio)",
      when(same.not(), [goto("out_nomap")]),
      set_pte(pte, "present", frame),
      set(slot(mm, page), 0),
      pte_prot_of_vma(mm, page),
      folio_free_swap(mm, folios, frame),
      folio_unlock(lock),
      ret(),
    ],
    out_nomap: [
      "folio_free_swap(); folio_unlock(folio)",
      folio_free_swap(mm, folios, frame),
      folio_unlock(lock),
    ],
    out_release: ["folio_put(folio)", folio_put(folios.at(frame))],
  }));
}
