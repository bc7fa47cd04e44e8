/**
 * struct mm_struct, as far as a device that mirrors it can tell: mmap_lock, one VMA lock, which
 * pages are mapped, the page table, the notifier subscriptions.
 *
 * A page-table entry is read whole without a lock (ptep_get_lockless) and written under the
 * page-table lock; one step is one PTL section, so the lock itself is not modelled.
 *
 * `last_write` is a ghost: the version that the next load of the page must return.
 *
 * What few specs need is declared by those that do, and costs the others nothing: NUMA-hint, swap
 * and device-exclusive entries, write permission, the CPU's TLB, MMF_UNSTABLE (`MmOptions`).
 *
 * Omits    the maple tree (a VMA is the set of its pages); page-table levels; young and dirty bits.
 */
import {
  all,
  any,
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
  type Ref,
  range,
  type SizeLike,
  SpecError,
  type Struct,
  set,
  struct,
} from "../index.ts";
import { type Folios, Frame, type FrameOf, Page, type PageOf, versions } from "./folio.ts";
import { mmu_interval_notifier, mmu_notifier_subscriptions } from "./mmu-interval-notifier.ts";
import { mmap_lock, rw_semaphore } from "./rwsem.ts";

/** Kinds of entries that a spec has to ask for. */
export type ExtraPteKind = "protnone" | "swap" | "device_exclusive";
export type PteKind = "none" | "present" | "migration" | "device_private" | ExtraPteKind;

/** What an mm may have beyond the usual. */
export interface MmOptions {
  /** protnone: a NUMA hint; swap; device_exclusive: of a page that a device owns. */
  pte?: readonly ExtraPteKind[];
  /**
   * VM_WRITE of VMAs and the write permission of entries. That of a migration entry makes it a
   * writable or a readable one, that of a device-private entry likewise.
   */
  write?: boolean;
  /**
   * PageAnonExclusive of the page that an entry maps: nobody else maps it, so that a write fault
   * never copies it. A migration entry keeps it (readable exclusive; a writable one is exclusive).
   */
  exclusive?: boolean;
  /** The CPU's TLB; see cpu-tlb.ts. */
  tlb?: boolean;
  /** MMF_UNSTABLE: the OOM reaper was here, no new pages. */
  unstable?: boolean;
  /** PMDs that khugepaged clears, one for each page. */
  pmd?: boolean;
}

/** include/linux/swapops.h, leafops.h: what a page-table entry can be. */
export const pte_kinds = (...extra: ExtraPteKind[]) =>
  oneOf("none", "present", "migration", "device_private", ...extra);

export const page_table_entry = ({ pte = [], write = false, exclusive = false }: MmOptions = {}) =>
  struct("pte_t", {
    kind: pte_kinds(...pte),
    frame: Frame,
    ...(write ? { write: bool } : {}),
    ...(exclusive ? { exclusive: bool } : {}),
    /** What the swap slot of a swap entry holds; its frame is the folio in the swap cache. */
    ...(pte.includes("swap") ? { slot: range(0, versions) } : {}),
  });
export type Pte = Struct<ReturnType<typeof page_table_entry>>;

/** One entry of the CPU's TLB. */
const cpu_tlb_entry = (write: boolean) =>
  struct("cpu_tlb_entry", {
    frame: Frame,
    ...(write ? { write: bool } : {}),
    /** The page-table entry was zapped; the flush is still to come. */
    given_up: bool,
  });
export type CpuTlbEntry = Struct<ReturnType<typeof cpu_tlb_entry>>;

/** One address space with one interval notifier that covers it; `invalidators` at a time. */
export const mm_struct = (invalidators: SizeLike, options: MmOptions = {}) =>
  struct("mm_struct", {
    mmap_lock: mmap_lock(),
    vma_lock: rw_semaphore(),
    vma: array(Page, bool.init(true)),
    pte: array(Page, page_table_entry(options)),
    subs: mmu_notifier_subscriptions(invalidators),
    sub: mmu_interval_notifier(),
    last_write: array(Page, range(0, versions)),
    ...(options.write ? { vm_write: array(Page, bool.init(true)) } : {}),
    ...(options.tlb ? { tlb: array(Page, cpu_tlb_entry(options.write ?? false)) } : {}),
    ...(options.unstable ? { unstable: bool } : {}),
    /** pmd_none(): the entry below is out of reach for the CPU. */
    ...(options.pmd ? { pmd_none: array(Page, bool) } : {}),
    /** folio_test_swapcache(): the swap cache has a reference to the folio. */
    ...(options.pte?.includes("swap") ? { swapcache: array(Frame, bool) } : {}),
  });
export type Mm = Struct<ReturnType<typeof mm_struct>>;

/** For what an mm has only if it was asked for: says how to. */
export function not_declared(what: string, option: string): never {
  const fix = `declare it: mm_struct(n, { ${option} })`;
  throw new SpecError("MR107", `the mm_struct has no ${what}`, fix);
}

/** Was this kind of entry asked for? */
export function pte_can_be(pte: Pte, kind: PteKind): boolean {
  const { domain } = pte.kind;
  return domain.kind === "enum" && domain.values.includes(kind);
}

/** pte_present(), as the CPU's walk of its page table finds it. */
export function is_present(mm: Mm, page: Expr<PageOf>): Expr<boolean> {
  const present = mm.pte.at(page).kind.eq("present");
  return mm.pmd_none ? present.and(mm.pmd_none.at(page).not()) : present;
}

/** Kinds of entries that map a folio: each holds a reference to it. */
export const mapping_kinds = ["present", "protnone", "device_private", "device_exclusive"] as const;

/** Is the entry of one of these kinds? Kinds that were not asked for do not count. */
export function pte_is(pte: Pte, ...kinds: PteKind[]): Expr<boolean> {
  return pte.kind.in(...kinds.filter((kind) => pte_can_be(pte, kind)));
}

/** set_pte_at(): the entry becomes that kind and points at that frame; permissions stay. */
export function set_pte(pte: Pte, kind: Exclude<PteKind, "none">, frame: Expr<FrameOf>): Effect {
  return block(set(pte.kind, kind), set(pte.frame, frame));
}

/** ptep_get_and_clear(). */
export function pte_clear(pte: Pte): Effect {
  return block(
    set(pte.kind, "none"),
    set(pte.frame, none),
    ...(pte.write ? [set(pte.write, false)] : []),
    ...(pte.exclusive ? [set(pte.exclusive, false)] : []),
    ...(pte.slot ? [set(pte.slot, 0)] : []),
  );
}

/** The entry `from` as it is, also at `to`. */
export function pte_copy(to: Pte, from: Pte): Effect {
  return block(
    set(to.kind, from.kind),
    set(to.frame, from.frame),
    ...(to.write && from.write ? [set(to.write, from.write)] : []),
    ...(to.exclusive && from.exclusive ? [set(to.exclusive, from.exclusive)] : []),
    ...(to.slot && from.slot ? [set(to.slot, from.slot)] : []),
  );
}

/** mk_pte() with vma->vm_page_prot: an entry that is new has the permission of its VMA. */
export function pte_prot_of_vma(mm: Mm, page: Expr<PageOf>): Effect {
  const { write } = mm.pte.at(page);
  return write && mm.vm_write ? set(write, mm.vm_write.at(page)) : block();
}

/** PageAnonExclusive() of the page that the entry maps, or that its migration entry says it was. */
export function page_anon_exclusive(pte: Pte): Ref<boolean> {
  return pte.exclusive ?? not_declared("exclusive entries", "exclusive: true");
}

/** SetPageAnonExclusive(), or ClearPageAnonExclusive(); nothing where the mm does not know it. */
export function set_page_anon_exclusive(pte: Pte, yes: boolean): Effect {
  return pte.exclusive ? set(pte.exclusive, yes) : block();
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
    const { kind, frame, slot } = mm.pte.at(p);
    const last = mm.last_write.at(p);
    const in_memory = folios.at(frame).data.eq(last);
    const on_device = slot && all(kind.eq("swap"), slot.eq(last));
    const somewhere = on_device
      ? ite(frame.eq(none), on_device, any(on_device, in_memory))
      : in_memory;
    return ite(kind.eq("none"), last.eq(0), somewhere);
  });
  return claim("a page-table entry leads to the last write of its page", expr);
}

/** A frame that a page-table entry refers to is not free. */
export function no_free_while_mapped(mm: Mm, folios: Folios): Claim {
  const expr = forall(Page, (p) => {
    const { kind, frame } = mm.pte.at(p);
    const refers = pte_can_be(mm.pte.at(p), "swap") ? frame.ne(none) : kind.ne("none");
    return refers.implies(folios.at(frame).ref.count.gt(0));
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
