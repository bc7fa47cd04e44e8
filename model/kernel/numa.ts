/**
 * NUMA balancing (mm/mempolicy.c: change_prot_numa; mm/memory.c: do_numa_page): entries of system
 * pages become inaccessible, and the fault that follows may move the page to another node. For an
 * mm with `pte: ["protnone"]`.
 *
 * There is no event of its own: the driver hears MMU_NOTIFY_PROTECTION_VMA, under mmap_lock for
 * read. What comes back, present again, is not announced.
 *
 * Omits    which node a frame is on (any other frame is the other node); shared pages, which are
 *          left alone.
 */
import {
  all,
  type Effect,
  type Expr,
  either,
  goto,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import { type Folios, type FrameOf, folio_get, type PageOf } from "./folio.ts";
import { type Listeners, listeners } from "./listeners.ts";
import type { Migration } from "./migrate.ts";
import { migrate_folio } from "./migrate-pages.ts";
import { type Mm, pte_prot_of_vma, set_pte } from "./mm.ts";
import { down_read_trylock, up_read } from "./rwsem.ts";

/** task_numa_work(): change_prot_numa() for one page. mmap_lock is only tried. */
export function change_prot_numa(mm: Mm, page: Ref<PageOf>, to: Routine | Listeners): Routine {
  const pte = mm.pte.at(page);
  const { start, end } = listeners(mm, to);
  return routine("change_prot_numa", {}, () => ({
    mmap_read_trylock: [
      "if (!mmap_read_trylock(mm)) return",
      down_read_trylock(mm.mmap_lock, [], [ret()]),
    ],
    next_vma: ["for_each_vma()", when(mm.vma.at(page).not(), [goto("mmap_read_unlock")])],
    start: start("MMU_NOTIFY_PROTECTION_VMA"),
    change_pte_range: [
      "change_pte_range(MM_CP_PROT_NUMA): PROT_NONE",
      when(all(pte.kind.eq("present"), pte.frame.is("sys")), [
        set(pte.kind, "protnone"),
        ...(pte.write ? [set(pte.write, false)] : []),
      ]),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end],
    flush: ["tlb_finish_mmu()", flush_tlb_page(mm, page)],
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(mm.mmap_lock)],
  }));
}

/** numa_rebuild_single_mapping(): present again, with the VMA's permission. */
function rebuild_mapping(mm: Mm, page: Expr<PageOf>): Effect {
  return when(mm.pte.at(page).kind.eq("protnone"), [
    set_pte(mm.pte.at(page), "present", mm.pte.at(page).frame),
    pte_prot_of_vma(mm, page),
  ]);
}

/**
 * do_numa_page(): the page is where it should be, or it is moved (migrate_misplaced_folio).
 * `m.page` is for the reverse map, which finds the mapping. Caller holds mmap_lock.
 */
export function do_numa_page(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  m: Migration,
  moved: Ref<boolean>,
  to: Routine | Listeners,
): Routine {
  const src: Expr<FrameOf> = m.src;
  return routine("do_numa_page", {}, () => ({
    pte_lock: [
      "pte_same(); numa_migrate_check(); migrate_misplaced_folio_prepare()",
      when(mm.pte.at(page).kind.ne("protnone"), [ret()]),
      either({ stay: [rebuild_mapping(mm, page), ret()], move: [] }),
      set(m.src, mm.pte.at(page).frame),
      folio_get(folios.at(src)),
    ],
    migrate: migrate_folio(mm, folios, m, moved, to),
    failed: [
      "if (migrate_misplaced_folio()) make it present again",
      when(moved.not(), [rebuild_mapping(mm, page)]),
    ],
  }));
}
