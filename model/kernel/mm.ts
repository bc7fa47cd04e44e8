/**
 * struct mm_struct, as far as a device that mirrors it can tell: mmap_lock, one VMA lock, which pages are
 * mapped, the page table, the notifier subscriptions.
 *
 * A page-table entry is read whole without a lock (ptep_get_lockless) and written under the page-table
 * lock; one step is one PTL section, so the lock itself is not modelled.
 *
 * `last_write` is a ghost: the version that the next load of the page must return.
 *
 * Omits    the maple tree (a VMA is the set of its pages); write permission; swap, device-exclusive and
 *          NUMA-hint entries; page-table levels; the CPU TLB.
 */
import {
  all,
  array,
  block,
  bool,
  type Effect,
  type Expr,
  forall,
  none,
  oneOf,
  range,
  type SizeLike,
  type Struct,
  set,
  struct,
} from "../index.ts";
import { type Folios, Frame, type FrameOf, Page, versions } from "./folio.ts";
import { mmu_interval_notifier, mmu_notifier_subscriptions } from "./mmu-interval-notifier.ts";
import { rw_semaphore } from "./rwsem.ts";

/** include/linux/swapops.h: what a page-table entry can be. */
export const pte_kind = oneOf("none", "present", "migration", "device_private");
export type PteKind = "none" | "present" | "migration" | "device_private";

export const page_table_entry = () => struct("pte_t", { kind: pte_kind, frame: Frame });
export type Pte = Struct<ReturnType<typeof page_table_entry>>;

/** One address space with one interval notifier that covers it; `invalidators` at a time. */
export const mm_struct = (invalidators: SizeLike) =>
  struct("mm_struct", {
    mmap_lock: rw_semaphore(),
    vma_lock: rw_semaphore(),
    vma: array(Page, bool.init(true)),
    pte: array(Page, page_table_entry()),
    subs: mmu_notifier_subscriptions(invalidators),
    sub: mmu_interval_notifier(),
    last_write: array(Page, range(0, versions)),
  });
export type Mm = Struct<ReturnType<typeof mm_struct>>;

/** set_pte_at(): the entry becomes that kind and points at that frame. */
export function set_pte(pte: Pte, kind: Exclude<PteKind, "none">, frame: Expr<FrameOf>): Effect {
  return block(set(pte.kind, kind), set(pte.frame, frame));
}

/** ptep_get_and_clear(). */
export function pte_clear(pte: Pte): Effect {
  return block(set(pte.kind, "none"), set(pte.frame, none));
}

/**
 * No page is lost: an entry leads to a live frame that holds the last write, and where there is no entry
 * there is nothing to hold.
 */
export function no_lost_page(mm: Mm, folios: Folios): Expr<boolean> {
  return forall(Page, (p) => {
    const pte = mm.pte.at(p);
    const held = all(
      folios.at(pte.frame).ref.count.gt(0),
      folios.at(pte.frame).data.eq(mm.last_write.at(p)),
    );
    return pte.kind.eq("none").and(mm.last_write.at(p).eq(0)).or(pte.kind.ne("none").and(held));
  });
}

/** A migration entry refers to a folio that somebody has locked. */
export function migration_entry_is_locked(mm: Mm, folios: Folios): Expr<boolean> {
  return forall(Page, (p) =>
    mm.pte
      .at(p)
      .kind.eq("migration")
      .implies(folios.at(mm.pte.at(p).frame).lock.owner.ne(none)),
  );
}
