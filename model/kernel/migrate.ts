/**
 * Moving one folio to another frame (mm/migrate_device.c, mm/migrate.c, mm/rmap.c).
 *
 * The life of a source folio: its entry becomes a migration entry while the folio is locked; the
 * content is copied; the reference count decides whether the move may happen; the entry becomes the
 * new frame, or the old one again; source and destination are unlocked and put. The notifier window
 * closes long before the copy: afterwards the content is protected by the migration entry, the
 * folio lock and mmap_lock.
 *
 * Omits    several pages in one call; holes and isolation from the LRU, which may fail (see
 *          migrate-device.ts); the anon_vma lock around rmap walks; swap cache; more than one
 *          mapping of a folio, and mappings that move (see rmap.ts).
 */
import {
  all,
  block,
  bool,
  choose,
  type Effect,
  type Effects,
  type Expr,
  exists,
  goto,
  idle,
  ite,
  none,
  type Ref,
  type Routine,
  range,
  ret,
  routine,
  type StepOf,
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
  versions,
} from "./folio.ts";
import { folio_set_locked, folio_unlock } from "./folio-lock.ts";
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
 * folio can be locked without waiting. `select` says which entries; `fault_page` is a folio that
 * the caller of do_swap_page() has locked. Leaves `src` none when the page can't be had. Caller
 * holds mmap_lock.
 */
export function migrate_vma_collect(
  mm: Mm,
  folios: Folios,
  { page, src }: Migration,
  select: "present" | "device_private",
  to: Routine | Listeners,
  fault_page?: Expr<FrameOf>,
): Routine {
  const pte = mm.pte.at(page);
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
      when(pte.kind.eq(select), take),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end],
  }));
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
  const maps = (p: Expr<PageOf>): Expr<boolean> =>
    all(mm.pte.at(p).frame.eq(src), pte_is(mm.pte.at(p), ...mapping_kinds));
  const { start, end } = listeners(mm, to);
  return routine("try_to_migrate", {}, () => ({
    rmap_walk: [
      "rmap_walk(): who maps the folio?",
      choose(page, maps(page).or(exists(Page, maps).not())),
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

interface Tail {
  /** References that the migrating task itself accounts for. */
  expected: number;
  /** First effects choose a free frame; then it is locked and referenced. May give up instead. */
  alloc: Effect<"restore">;
  /** The source was locked by do_swap_page(), which unlocks it. */
  fault_page: boolean;
  /** For folios that several entries map, or that mremap() moves meanwhile: see rmap.ts. */
  remove_ptes?: (final: Expr<FrameOf>) => Routine;
}

/**
 * The rest, from migrate_device_unmap()'s check to migrate_device_finalize(): allocate, copy, check
 * the reference count (folio_migrate_mapping), restore the entries, unlock and put. `moved` says
 * whether the page went to the new frame.
 */
export function migrate_copy_and_finalize(
  mm: Mm,
  folios: Folios,
  m: Migration,
  moved: Ref<boolean>,
  { expected, alloc, fault_page, remove_ptes }: Tail,
): Routine {
  const { src, dst } = m;
  const unlock_src: Effects = fault_page ? [] : [folio_unlock(folios.at(src).lock)];
  const restore: StepOf<never> = [
    "remove_migration_ptes(src, src)",
    remove_migration_ptes(mm, folios, m, src),
  ];
  return routine(
    "migrate_device_finalize",
    { buffer: range(0, versions), migrate: bool },
    (me) => ({
      check_page: [
        "migrate_vma_check_page(): unexpected references?",
        set(moved, false),
        when(folios.at(src).ref.count.gt(expected), [goto("restore")]),
      ],
      alloc: ["dst = alloc; lock_page(dst)", alloc],
      copy_read: ["copy: read the source", set(me.buffer, folios.at(src).data)],
      copy_write: ["copy: write the destination", set(folios.at(dst).data, me.buffer)],
      migrate_pages: [
        "folio_migrate_mapping(): refcount == expected?",
        set(me.migrate, folios.at(src).ref.count.eq(expected)),
      ],
      remove_ptes: remove_ptes?.(ite(me.migrate, dst, src)) ?? [
        "remove_migration_ptes(src, MIGRATE ? dst : src)",
        when(me.migrate, [remove_migration_ptes(mm, folios, m, dst)]).otherwise([
          remove_migration_ptes(mm, folios, m, src),
        ]),
        set(moved, me.migrate),
      ],
      unlock_src: [
        "folio_unlock(src); folio_put(src)",
        ...unlock_src,
        folio_put(folios.at(src)),
        ...(remove_ptes ? [set(moved, me.migrate)] : []),
      ],
      unlock_dst: [
        "folio_unlock(dst); folio_put(dst)",
        folio_unlock(folios.at(dst).lock),
        folio_put(folios.at(dst)),
        ret(),
      ],
      restore: remove_ptes?.(src) ?? restore,
      restore_unlock: [
        "folio_unlock(src); folio_put(src)",
        ...unlock_src,
        folio_put(folios.at(src)),
      ],
    }),
  );
}

/** migrate_folio_unmap() and move_to_new_folio(), for a folio that the caller has referenced. */
function migrate_folio_steps(
  mm: Mm,
  folios: Folios,
  m: Migration,
  moved: Ref<boolean>,
  to: Routine | Listeners,
) {
  const lock = folios.at(m.src).lock;
  const skip: StepOf<never> = [
    "if (!folio_trylock(src)) skip it",
    when(lock.owner.ne(none), [folio_put(folios.at(m.src)), ret()]),
    folio_set_locked(lock),
  ];
  return {
    trylock: skip,
    unmap: try_to_migrate(mm, folios, m, to),
    finalize: migrate_copy_and_finalize(mm, folios, m, moved, {
      expected: 1,
      alloc: alloc_locked_page(folios, m.dst),
      fault_page: false,
    }),
  };
}

/** The folio moves to another frame, or not (`moved`); the caller's reference is put. */
export function migrate_folio(
  mm: Mm,
  folios: Folios,
  m: Migration,
  moved: Ref<boolean>,
  to: Routine | Listeners,
): Routine {
  return routine("migrate_folio", {}, () => ({
    start: ["migrate_pages(MIGRATE_ASYNC)", set(moved, false)],
    ...migrate_folio_steps(mm, folios, m, moved, to),
  }));
}

/**
 * migrate_folio_unmap() and move_to_new_folio() (mm/migrate.c): compaction and NUMA balancing move
 * a system page to another frame. Folio lock and rmap only.
 */
export function migrate_pages(
  mm: Mm,
  folios: Folios,
  m: Migration,
  moved: Ref<boolean>,
  to: Routine | Listeners,
): Routine {
  const { src } = m;
  const isolated = src.is("sys").and(folios.at(src).ref.count.gt(0));
  return routine("migrate_pages", {}, () => ({
    isolate: [
      "isolate_migratepages(): folio_get()",
      idle(),
      choose(src, isolated),
      folio_get(folios.at(src)),
    ],
    ...migrate_folio_steps(mm, folios, m, moved, to),
  }));
}
