/**
 * Migration by drivers (mm/migrate_device.c): migrate_device_unmap() behind migrate_vma_collect(),
 * or migrate_device_range() for device memory by physical address, without mmap_lock and VMA; then
 * the driver allocates and copies; migrate_device_pages(), migrate_device_finalize(). All of it
 * behind the unmapping is also one routine of few steps, without LRU and holes:
 * migrate_copy_and_finalize().
 *
 * What can't move is put back as it was, and by whom depends on where it failed: unmap, for a folio
 * that is not on the LRU, is still mapped, or has references that nobody accounts for; finalize,
 * when the driver gave no page or the reference count is not what it must be. The check of unmap
 * lets one reference too many pass for a page of the device; the count of migrate_device_pages() is
 * exact. An entry that was zapped meanwhile is not replaced.
 *
 * folio_unlock() and folio_put() are two steps where others can see the folio between them: it may
 * be mapped again, and whoever locks it finds one reference too many. They are one step of folios
 * that nobody can find, such as a destination that is given back.
 *
 * Omits    large folios; several folios in one call; swap cache; userfaultfd; charges that fail.
 */
import {
  all,
  any,
  bool,
  type Effect,
  type Effects,
  type Expr,
  goto,
  ite,
  none,
  type Ref,
  type Routine,
  range,
  rare,
  rarely,
  ret,
  routine,
  type StepOf,
  set,
  when,
} from "../index.ts";
import { type Folio, type Folios, type FrameOf, folio_get, folio_put, versions } from "./folio.ts";
import { folio_trylock, folio_unlock } from "./folio-lock.ts";
import { type Listeners, listeners } from "./listeners.ts";
import {
  folio_add_lru,
  folio_isolate_lru,
  folio_putback_lru,
  type Lruvec,
  lru_drain_folio,
} from "./lru.ts";
import {
  folio_mapped,
  type Migration,
  map_frame,
  remove_migration_ptes,
  try_to_migrate,
} from "./migrate.ts";
import type { Mm } from "./mm.ts";
import { refcount_inc_not_zero } from "./refcount.ts";

interface Options {
  /** Who hears of mappings that are left behind migrate_vma_collect(); absent: none are. */
  to?: Routine | Listeners;
  /** Where system folios are; without it there are none, or nobody else isolates them. */
  lru?: Lruvec;
  /** The source was referenced and locked by do_swap_page(), which unlocks it. */
  fault_page?: boolean;
}

function pfn_lock<L extends string>(folio: Folio, skip: Effects<L>) {
  const get: StepOf<L> = [
    "migrate_device_pfn_lock(): folio_try_get()",
    refcount_inc_not_zero<L>(folio.ref, [], skip),
  ];
  const lock: StepOf<L> = [
    "migrate_device_pfn_lock(): folio_trylock() or folio_put()",
    folio_trylock<L>(folio.lock, [], [folio_put(folio), ...skip]),
  ];
  return { pfn_get: get, pfn_lock: lock };
}

/**
 * migrate_device_pfn_lock(): the steps `pfn_get` and `pfn_lock` of the caller, which goes to `skip`
 * when the folio is free or locked.
 */
export function migrate_device_pfn_lock<L extends string>(folio: Folio, skip: L) {
  return pfn_lock<L>(folio, [goto(skip)]);
}

function unmap_others(mm: Mm, folios: Folios, m: Migration, to?: Routine | Listeners) {
  const mapped: StepOf<"check_page"> = [
    "if (folio_mapped(folio))",
    when(folio_mapped(mm, m.src).not(), [goto("check_page")]),
  ];
  return to ? { mapped, unmap: try_to_migrate(mm, folios, m, to) } : {};
}

/** References of the migrating task and, of the page that faulted, of do_swap_page(). */
const accounted_for = (fault_page: boolean): number => (fault_page ? 2 : 1);

/**
 * migrate_vma_check_page() of a folio that is mapped nowhere: `extra` is one more for ZONE_DEVICE,
 * which once had a reference of its own.
 */
function migrate_vma_check_page(
  folios: Folios,
  src: Expr<FrameOf>,
  fault_page: boolean,
): Expr<boolean> {
  const { count } = folios.at(src).ref;
  const extra = accounted_for(fault_page);
  return any(count.le(extra), all(src.is("vram"), count.le(extra + 1)));
}

/** folio_migrate_mapping(): does the folio move? */
function folio_migrate_mapping(
  folios: Folios,
  src: Expr<FrameOf>,
  fault_page: boolean,
): Expr<boolean> {
  return folios.at(src).ref.count.eq(accounted_for(fault_page));
}

/**
 * migrate_device_unmap(): the folio `src`, which the caller has referenced and locked, leaves the
 * LRU and all mappings. If it can't, it is restored, unlocked and put, and `src` is none.
 */
export function migrate_device_unmap(
  mm: Mm,
  folios: Folios,
  m: Migration,
  { to, lru, fault_page = false }: Options = {},
): Routine {
  const { src } = m;
  const folio = folios.at(src);
  const unmapped = folio_mapped(mm, src).not();
  const is_expected = all(unmapped, migrate_vma_check_page(folios, src, fault_page));
  const on_lru = (effects: (lru: Lruvec) => Effects<"restore">): Effects<"restore"> =>
    lru ? [when<"restore">(src.is("sys"), effects(lru))] : [];
  return routine("migrate_device_unmap", {}, () => ({
    drain: [
      "if (!folio_test_lru(folio)) lru_add_drain_all()",
      ...on_lru((l) => [lru_drain_folio(l, folios, src)]),
    ],
    isolate: [
      "folio_isolate_lru(folio), then folio_put(folio); or restore it",
      ...on_lru((l) => [folio_isolate_lru(l, folios, src, [folio_put(folio)], [goto("restore")])]),
    ],
    ...unmap_others(mm, folios, m, to),
    check_page: [
      "if (folio_mapped(folio) || !migrate_vma_check_page()) restore it",
      when(is_expected, [ret()]),
      ...on_lru((l) => [folio_get(folio), folio_putback_lru(l, folios, src)]),
    ],
    restore: ["remove_migration_ptes(folio, folio)", remove_migration_ptes(mm, folios, m, src)],
    ...(fault_page
      ? {}
      : { restore_unlock: ["src = 0; folio_unlock(folio)", folio_unlock(folio.lock)] }),
    restore_put: ["folio_put(folio)", folio_put(folio), set(src, none)],
  }));
}

/**
 * migrate_device_range() of the device page `src`: afterwards it is referenced, locked and mapped
 * nowhere, or `src` is none, and the driver must come again.
 */
export function migrate_device_range(
  mm: Mm,
  folios: Folios,
  m: Migration,
  to: Routine | Listeners,
): Routine {
  return routine("migrate_device_range", {}, () => ({
    ...pfn_lock<never>(folios.at(m.src), [set(m.src, none), ret()]),
    unmap: migrate_device_unmap(mm, folios, m, { to }),
  }));
}

/**
 * migrate_device_pages(), for a page that there is: `migrate` says whether it moves. It does not
 * without `dst`, nor when somebody else has a reference (folio_migrate_mapping).
 */
export function migrate_device_pages(
  folios: Folios,
  { src, dst }: Migration,
  migrate: Ref<boolean>,
  { fault_page = false }: Options = {},
): StepOf<never> {
  return [
    "migrate_device_pages(): folio_migrate_mapping(): refcount == expected?",
    set(migrate, all(dst.ne(none), folio_migrate_mapping(folios, src, fault_page))),
  ];
}

/**
 * migrate_vma_pages() where there is no page yet (`src` is none): in a notifier window of its own,
 * migrate_vma_insert_page() maps `dst`, unless something was mapped meanwhile, or the OOM reaper
 * was here. Caller holds mmap_lock.
 */
export function migrate_vma_insert_page(
  mm: Mm,
  folios: Folios,
  { page, dst }: Migration,
  migrate: Ref<boolean>,
  to: Routine | Listeners,
  lru?: Lruvec,
): Routine {
  const { start, end } = listeners(mm, to);
  const none_yet = mm.pte.at(page).kind.eq("none");
  return routine("migrate_vma_insert_page", {}, () => ({
    has_dst: [
      "if (!newpage) clear MIGRATE",
      set(migrate, dst.ne(none)),
      when(dst.eq(none), [ret()]),
    ],
    start: start("MMU_NOTIFY_MIGRATE"),
    insert: [
      "check_stable_address_space(); pte_none(); set_pte_at()",
      set(migrate, mm.unstable ? all(none_yet, mm.unstable.not()) : none_yet),
      when(migrate, [
        map_frame(mm, folios, page, dst),
        ...(lru ? [when(dst.is("sys"), [folio_add_lru(lru, folios, dst)])] : []),
      ]),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end],
  }));
}

/**
 * migrate_device_finalize(): entries lead to `dst`, or to `src` again; both are unlocked and put.
 * Either may be none.
 */
export function migrate_device_finalize(
  mm: Mm,
  folios: Folios,
  m: Migration,
  migrate: Expr<boolean>,
  { lru, fault_page = false }: Options = {},
): Routine {
  const { src, dst } = m;
  const drop_dst: Effects = [folio_unlock(folios.at(dst).lock), folio_put(folios.at(dst))];
  return routine("migrate_device_finalize", {}, () => ({
    hole: ["if (!page) only dst", when(src.eq(none), [goto("unlock_dst")])],
    drop_dst: [
      "if (!MIGRATE || !dst) { folio_unlock(dst); folio_put(dst); dst = src; }",
      when(any(migrate.not(), dst.eq(none)), [when(dst.ne(none), drop_dst), set(dst, src)]),
      ...(lru ? [when(dst.is("sys"), [folio_add_lru(lru, folios, dst)])] : []),
    ],
    remove_ptes: ["remove_migration_ptes(src, dst)", remove_migration_ptes(mm, folios, m, dst)],
    ...(fault_page ? {} : { unlock_src: ["folio_unlock(src)", folio_unlock(folios.at(src).lock)] }),
    put_src: ["folio_put(src)", folio_put(folios.at(src)), when(dst.eq(src), [ret()])],
    unlock_dst: [
      "if (dst) folio_unlock(dst)",
      when(dst.eq(none), [ret()]),
      folio_unlock(folios.at(dst).lock),
    ],
    put_dst: ["folio_put(dst)", folio_put(folios.at(dst))],
  }));
}

/** What replaces the walks over one mapping: see reverse_map() in rmap.ts. */
export interface ReverseMap {
  folio_mapped: Expr<boolean>;
  remove_migration_ptes: (final: Expr<FrameOf>) => Routine;
}

interface Tail {
  /** First effects choose a free frame; then it is locked and referenced. May give up instead. */
  alloc: Effect<"restore">;
  /** The source was locked by do_swap_page(), which unlocks it. */
  fault_page: boolean;
  /** For folios that several entries map, or that mremap() moves meanwhile. */
  rmap?: ReverseMap;
  /** `dst` is released before `src`: migrate_folio_move(), of core mm. Without `rmap`. */
  dst_first?: boolean;
}

/**
 * How a migration ends: `src` is released, and `dst`, if the page went there. A page of the system
 * that has moved is mapped nowhere and on no list: it is unlocked and put in one step. A page of
 * the device is found by its number (migrate_device_pfn_lock).
 */
function unlock_and_put(
  folios: Folios,
  { src, dst }: Migration,
  moved: Ref<boolean>,
  migrate: Expr<boolean>,
  { fault_page, dst_first }: Pick<Tail, "fault_page" | "dst_first">,
) {
  const put: Effects = [folio_put(folios.at(src)), set(moved, migrate)];
  const unlock_src: StepOf<"unlock_dst"> = [
    "folio_unlock(src)",
    folio_unlock(folios.at(src).lock),
    when(all(migrate, src.is("sys")), [...put, dst_first ? ret() : goto("unlock_dst")]),
  ];
  const put_src: StepOf<never> = [
    "folio_put(src)",
    ...(dst_first ? [rare()] : []), // not where nobody else takes references
    ...put,
    dst_first ? ret() : when(migrate.not(), [ret()]),
  ];
  const unlock_dst: StepOf<never> = ["folio_unlock(dst)", folio_unlock(folios.at(dst).lock)];
  const put_dst: StepOf<never> = [
    "folio_put(dst)",
    folio_put(folios.at(dst)),
    ...(dst_first ? [] : [ret()]),
  ];
  const release_src = { ...(fault_page ? {} : { unlock_src }), put_src };
  const release_dst = { unlock_dst, put_dst };
  return dst_first ? { ...release_dst, ...release_src } : { ...release_src, ...release_dst };
}

/**
 * The rest of a migration, from migrate_device_unmap()'s check to migrate_device_finalize():
 * allocate, copy, migrate_device_pages(), restore the entries, unlock and put. `moved` says whether
 * the page went to the new frame.
 */
export function migrate_copy_and_finalize(
  mm: Mm,
  folios: Folios,
  m: Migration,
  moved: Ref<boolean>,
  { alloc, fault_page, rmap, dst_first = false }: Tail,
): Routine {
  const { src, dst } = m;
  const mapped = rmap?.folio_mapped ?? folio_mapped(mm, src);
  const put_dst: Effects = [folio_unlock(folios.at(dst).lock), folio_put(folios.at(dst))];
  const unlock_src: StepOf<never> = [
    "folio_unlock(src)",
    rare(),
    folio_unlock(folios.at(src).lock),
  ];
  return routine(
    "migrate_device_finalize",
    { buffer: range(0, versions), migrate: bool },
    (me) => ({
      check_page: [
        "if (folio_mapped(src) || !migrate_vma_check_page(src)) restore it",
        set(moved, false),
        when(any(mapped, migrate_vma_check_page(folios, src, fault_page).not()), [goto("restore")]),
      ],
      // Nobody can tell the allocation from the begin of the copy.
      alloc: [
        "dst = alloc; lock_page(dst); copy: read the source",
        alloc,
        set(me.buffer, folios.at(src).data),
      ],
      copy_write: ["copy: write the destination", set(folios.at(dst).data, me.buffer)],
      migrate_pages: [
        "folio_migrate_mapping(): refcount == expected? Otherwise dst is given back",
        set(me.migrate, folio_migrate_mapping(folios, src, fault_page)),
        when(me.migrate.not(), put_dst),
      ],
      remove_ptes: rmap?.remove_migration_ptes(ite(me.migrate, dst, src)) ?? [
        "remove_migration_ptes(src, MIGRATE ? dst : src)",
        when(me.migrate, [remove_migration_ptes(mm, folios, m, dst)]).otherwise([
          remove_migration_ptes(mm, folios, m, src),
          ...(dst_first ? [goto("unlock_src")] : []),
        ]),
      ],
      ...unlock_and_put(folios, m, moved, me.migrate, { fault_page, dst_first }),
      // Not where nobody else takes references, and the driver always has a page.
      restore: rmap
        ? rarely(rmap.remove_migration_ptes(src))
        : ["remove_migration_ptes(src, src)", rare(), remove_migration_ptes(mm, folios, m, src)],
      ...(fault_page ? {} : { restore_unlock: unlock_src }),
      restore_put: ["folio_put(src)", rare(), folio_put(folios.at(src))],
    }),
  );
}
