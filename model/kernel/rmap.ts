/**
 * The reverse map (mm/rmap.c) of a folio that several address spaces map, or whose mapping mremap()
 * moves: who maps it is found out when it is asked, never remembered.
 *
 * Omits    the anon_vma lock: an entry that moves or is copied during the walk is seen at one of
 *          its places (mm/mremap.c: take_rmap_locks; mm/memory.c: copy_page_range), so the walk
 *          goes on until there is no entry left.
 */
import {
  block,
  choose,
  type Effect,
  type Expr,
  goto,
  type Routine,
  rare,
  ret,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import { type Folios, Frame, type FrameOf, folio_put, type PageOf } from "./folio.ts";
import { map_frame } from "./migrate.ts";
import type { ReverseMap } from "./migrate-device.ts";
import { set_pte } from "./mm.ts";
import { type Mapping, type MmOf, type Mms, maps_frame, some_mapping } from "./mms.ts";
import {
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
} from "./mmu-interval-notifier.ts";

/** The next entry of that kind, anywhere; any place when there is none. First in a step. */
function next_mapping(
  at: Mapping,
  like: (m: Expr<MmOf>, p: Expr<PageOf>) => Expr<boolean>,
): Effect {
  return block(choose(at.mm), choose(at.page, like(at.mm, at.page).or(some_mapping(like).not())));
}

/**
 * try_to_migrate(): every mapping becomes a migration entry, each in a notifier window of its own
 * (MMU_NOTIFY_CLEAR, no owner). `at` walks; `callback` is the driver's for the place where it
 * stands. Caller has locked the folio; no mmap_lock. Behind migrate_vma_collect() there is often
 * none left.
 */
export function try_to_migrate_all(
  mms: Mms,
  folios: Folios,
  at: Mapping,
  src: Expr<FrameOf>,
  callback: Routine,
): Routine {
  const maps = (m: Expr<MmOf>, p: Expr<PageOf>): Expr<boolean> => maps_frame(mms, m, p, src);
  const mm = mms.at(at.mm);
  return routine("try_to_migrate", {}, () => ({
    rmap_walk: [
      "rmap_walk(): who maps the folio?",
      next_mapping(at, maps),
      when(maps(at.mm, at.page).not(), [ret()]),
    ],
    start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_CLEAR", [callback]),
    try_to_migrate_one: [
      "ptep_get_and_clear(); set_pte_at(migration entry)",
      rare(),
      when(maps(at.mm, at.page), [
        set_pte(mm.pte.at(at.page), "migration", src),
        flush_tlb_page(mm, at.page),
        folio_put(folios.at(src)),
      ]),
    ],
    end: [
      "mmu_notifier_invalidate_range_end()",
      rare(),
      mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
      goto("rmap_walk"),
    ],
  }));
}

/** remove_migration_ptes(src, final): every migration entry of `src`, wherever it is by now. */
export function remove_migration_ptes_all(
  mms: Mms,
  folios: Folios,
  at: Mapping,
  src: Expr<FrameOf>,
  final: Expr<FrameOf>,
): Routine {
  const ours = (m: Expr<MmOf>, p: Expr<PageOf>): Expr<boolean> => {
    const pte = mms.at(m).pte.at(p);
    return pte.kind.eq("migration").and(pte.frame.eq(src));
  };
  return routine("remove_migration_ptes", { to: Frame }, (me) => ({
    final: ["remove_migration_ptes(src, MIGRATE ? dst : src)", set(me.to, final)],
    rmap_walk: [
      "rmap_walk(): remove_migration_pte()",
      next_mapping(at, ours),
      when(ours(at.mm, at.page).not(), [ret()]),
      map_frame(mms.at(at.mm), folios, at.page, me.to),
      goto("rmap_walk"),
    ],
  }));
}

/** Who maps the folio and its migration entries, for migrate_copy_and_finalize(). `at` walks. */
export function reverse_map(mms: Mms, folios: Folios, at: Mapping, src: Expr<FrameOf>): ReverseMap {
  return {
    folio_mapped: some_mapping((m, p) => maps_frame(mms, m, p, src)),
    remove_migration_ptes: (final) => remove_migration_ptes_all(mms, folios, at, src, final),
  };
}
