/**
 * Moving one folio to another frame of the system (mm/migrate.c: migrate_pages,
 * migrate_folio_unmap, migrate_folio_move, __migrate_folio): compaction and NUMA balancing.
 *
 * The reference count is looked at before the copy, and decides after it. Behind the unmapping the
 * steps are those of migrate-device.ts, where a page of the system is checked in the same way, but
 * the new folio is released first: who waits for the old one sleeps a little longer.
 *
 * A failed trylock and its folio_put() are one step, as in reclaim.ts.
 *
 * Omits    several folios in one call; swap cache; waiting for the folio lock (MIGRATE_SYNC); the
 *          isolation from the LRU (mm/compaction.c: isolate_migratepages_block). Beyond the kernel,
 *          a folio can be isolated while somebody else has isolated it, before it is on a list, and
 *          while it has more references than mappings, which the kernel looks at without a lock, to
 *          save itself a migration that would fail: here it is tried, and fails.
 */
import {
  choose,
  idle,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  type StepOf,
  set,
  when,
} from "../index.ts";
import { type Folios, folio_get, folio_put } from "./folio.ts";
import { folio_set_locked } from "./folio-lock.ts";
import type { Listeners } from "./listeners.ts";
import { alloc_locked_page, type Migration, try_to_migrate } from "./migrate.ts";
import { migrate_copy_and_finalize } from "./migrate-device.ts";
import type { Mm } from "./mm.ts";

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
      alloc: alloc_locked_page(folios, m.dst),
      fault_page: false,
      dst_first: true,
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
