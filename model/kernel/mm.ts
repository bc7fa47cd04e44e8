/**
 * struct mm_struct, as far as a device that mirrors it can tell: mmap_lock, one VMA lock, which
 * pages are mapped, the page table, the notifier subscriptions.
 *
 * A page-table entry is read whole without a lock (ptep_get_lockless) and written under the
 * page-table lock; one step is one PTL section, so the lock itself is not modelled.
 *
 * `last_write` is a ghost: the version that the next load of the page must return.
 *
 * Omits    the maple tree (a VMA is the set of its pages); write permission; swap, device-exclusive
 *          and NUMA-hint entries; page-table levels; the CPU TLB.
 */
import {
  array,
  block,
  bool,
  type Claim,
  claim,
  count,
  type Effect,
  type Expr,
  forall,
  ite,
  none,
  oneOf,
  range,
  type SizeLike,
  type Struct,
  set,
  struct,
} from "../index.ts";
import { type Folios, Frame, type FrameOf, Page, type PageOf, versions } from "./folio.ts";
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
 * A store to the page, through whichever frame the writer's translation leads to: a new version.
 */
export function store(mm: Mm, folios: Folios, page: Expr<PageOf>, frame: Expr<FrameOf>): Effect {
  const last = mm.last_write.at(page);
  return block(set(last, last.plus(1)), set(folios.at(frame).data, last));
}

/**
 * No page is lost: a page-table entry leads to the last write, and where there is no entry nothing
 * was written since the page was given up.
 */
export function no_lost_page(mm: Mm, folios: Folios): Claim {
  const expr = forall(Page, (p) => {
    const { kind, frame } = mm.pte.at(p);
    return ite(
      kind.eq("none"),
      mm.last_write.at(p).eq(0),
      folios.at(frame).data.eq(mm.last_write.at(p)),
    );
  });
  return claim("a page-table entry leads to the last write of its page", expr);
}

/** A frame that a page-table entry refers to is not free. */
export function no_free_while_mapped(mm: Mm, folios: Folios): Claim {
  const expr = forall(Page, (p) => {
    const { kind, frame } = mm.pte.at(p);
    return kind.ne("none").implies(folios.at(frame).ref.count.gt(0));
  });
  return claim("no frame is free while a page-table entry refers to it", expr);
}

/** A migration entry refers to a folio that somebody has locked. */
export function migration_entry_is_locked(mm: Mm, folios: Folios): Claim {
  const expr = forall(Page, (p) => {
    const { kind, frame } = mm.pte.at(p);
    return kind.eq("migration").implies(folios.at(frame).lock.owner.ne(none));
  });
  return claim("a migration entry refers to a locked folio", expr);
}

/** At rest, a folio has one reference for each entry that maps it, and no other. */
export function no_leaked_reference(mm: Mm, folios: Folios): Claim {
  const expr = forall(Frame, (f) =>
    folios.at(f).ref.count.eq(count(Page, (p) => mm.pte.at(p).frame.eq(f))),
  );
  return claim("every folio reference belongs to a mapping", expr);
}
