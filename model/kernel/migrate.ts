/**
 * What every move of one folio to another frame consists of (mm/migrate.c: remove_migration_ptes;
 * mm/rmap.c: try_to_migrate; mm/migrate_device.c: migrate_vma_collect).
 *
 * The life of a source folio: its entry becomes a migration entry while the folio is locked; the
 * content is copied; the reference count decides whether the move may happen; the entry becomes the
 * new frame, or the old one again; source and destination are unlocked and put. The notifier window
 * closes long before the copy: afterwards the content is protected by the migration entry, the
 * folio lock and mmap_lock. See migrate-device.ts for drivers, migrate-pages.ts for core mm.
 *
 * Omits    several pages in one call; the anon_vma lock around rmap walks; more than one mapping of
 *          a folio, and mappings that move (see rmap.ts).
 */
import {
  all,
  block,
  choose,
  type Effect,
  type Effects,
  type Expr,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import {
  alloc_page,
  type Folio,
  type Folios,
  Frame,
  type FrameOf,
  folio_get,
  folio_put,
  Page,
  type PageOf,
} from "./folio.ts";
import { folio_set_locked } from "./folio-lock.ts";
import { type Listeners, listeners } from "./listeners.ts";
import { type Mm, mapping_kinds, pte_is, set_pte } from "./mm.ts";

/** What a migration works on: locals of the caller. */
export interface Migration {
  page: Ref<PageOf>;
  src: Ref<FrameOf>;
  dst: Ref<FrameOf>;
}

/** zone_device_page_init() and a new page of the system: one reference, locked, content unknown. */
export function init_locked(f: Folio): Effect {
  return block(set(f.ref.count, 1), folio_set_locked(f.lock));
}

/** The driver's own allocator and zone_device_page_init(). When VRAM is full, the page stays. */
export function alloc_locked_vram(folios: Folios, dst: Ref<FrameOf>): Effect<"restore"> {
  const is_free = (f: Expr<FrameOf>) => f.is("vram").and(folios.at(f).ref.count.eq(0));
  return block<"restore">(
    choose(dst, is_free(dst).or(exists(Frame, is_free).not())),
    when(is_free(dst).not(), [goto("restore")]),
    init_locked(folios.at(dst)),
  );
}

/** alloc_page_vma() and lock_page(). */
export function alloc_locked_page(folios: Folios, dst: Ref<FrameOf>): Effect {
  return block(alloc_page(folios, dst), init_locked(folios.at(dst)));
}

/**
 * The entry now refers to the frame again, as present or device-private; the mapping takes a
 * reference.
 */
export function map_frame(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Expr<FrameOf>,
): Effect {
  const pte = mm.pte.at(page);
  return block(
    folio_get(folios.at(frame)),
    when(frame.is("vram"), [set_pte(pte, "device_private", frame)]).otherwise([
      set_pte(pte, "present", frame),
    ]),
  );
}

/**
 * remove_migration_ptes(src, final): only an entry that still is the migration entry is replaced.
 */
export function remove_migration_ptes(
  mm: Mm,
  folios: Folios,
  { page, src }: Migration,
  final: Expr<FrameOf>,
): Effect {
  const pte = mm.pte.at(page);
  const ours = all(pte.kind.eq("migration"), pte.frame.eq(src));
  return when(ours, [map_frame(mm, folios, page, final)]);
}

/**
 * migrate_vma_collect(): one notifier window, in which the entry becomes a migration entry if its
 * folio can be locked without waiting. `select` says which entries, by their kind or otherwise;
 * `fault_page` is a folio that the caller of do_swap_page() has locked; if another one is there by
 * now, it is left to the next fault, where the kernel tries for its lock. Leaves `src` none when
 * the page can't be had. Caller holds mmap_lock.
 */
export function migrate_vma_collect(
  mm: Mm,
  folios: Folios,
  { page, src }: Migration,
  select: "present" | "device_private" | Expr<boolean>,
  to: Routine | Listeners,
  fault_page?: Expr<FrameOf>,
): Routine {
  const pte = mm.pte.at(page);
  const selected = typeof select === "string" ? pte.kind.eq(select) : select;
  const collect: Effects = [
    set(src, pte.frame),
    set_pte(pte, "migration", src),
    flush_tlb_page(mm, page),
  ];
  const lock = folio_set_locked(folios.at(src).lock);
  const free = folios.at(pte.frame).lock.owner.eq(none);
  // folio_get() and the put of the mapping's reference cancel out.
  const take: Effects = fault_page
    ? [when(pte.frame.eq(fault_page), collect)]
    : [when(free, [...collect, lock])];
  const { start, end } = listeners(mm, to);
  return routine("migrate_vma_collect", {}, () => ({
    start: start("MMU_NOTIFY_MIGRATE"),
    collect_pmd: [
      "migrate_vma_collect_pmd(): trylock, install migration entry",
      set(src, none),
      when(selected, take),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end],
  }));
}

/** folio_mapped(): some entry maps the folio. */
export function folio_mapped(mm: Mm, frame: Expr<FrameOf>): Expr<boolean> {
  return exists(Page, (p) => maps_frame_at(mm, p, frame));
}

function maps_frame_at(mm: Mm, page: Expr<PageOf>, frame: Expr<FrameOf>): Expr<boolean> {
  return all(mm.pte.at(page).frame.eq(frame), pte_is(mm.pte.at(page), ...mapping_kinds));
}

/**
 * try_to_migrate(): finds the mapping through the rmap and replaces it by a migration entry, in a
 * notifier window of its own (MMU_NOTIFY_CLEAR, no owner). Caller has locked the folio; no
 * mmap_lock.
 */
export function try_to_migrate(
  mm: Mm,
  folios: Folios,
  { page, src }: Migration,
  to: Routine | Listeners,
): Routine {
  const maps = (p: Expr<PageOf>): Expr<boolean> => maps_frame_at(mm, p, src);
  const { start, end } = listeners(mm, to);
  return routine("try_to_migrate", {}, () => ({
    rmap_walk: [
      "rmap_walk(): who maps the folio?",
      choose(page, maps(page).or(folio_mapped(mm, src).not())),
      when(maps(page).not(), [ret()]),
    ],
    start: start("MMU_NOTIFY_CLEAR"),
    try_to_migrate_one: [
      "ptep_get_and_clear(); set_pte_at(migration entry)",
      when(maps(page), [
        set_pte(mm.pte.at(page), "migration", src),
        flush_tlb_page(mm, page),
        folio_put(folios.at(src)),
      ]),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end],
  }));
}
