/**
 * fork() (mm/mmap.c: dup_mmap; mm/memory.c: copy_page_range, copy_nonpresent_pte) and the copy
 * on write that follows (do_wp_page, wp_page_copy).
 *
 * A device-private entry is copied like a present one: the folio is shared, both entries become
 * read-only, nothing moves. A migration entry is copied as a read-only migration entry.
 *
 * Omits    page-table locks of two levels; the flush of the parent's CPU TLB, which comes after
 *          invalidate_range_end; pinned pages, which are copied at once; the child's mmap_lock,
 *          which nobody else can know yet; failure; swap and device-exclusive entries.
 */
import {
  all,
  any,
  array,
  block,
  bool,
  choose,
  type Effect,
  type Expr,
  exists,
  goto,
  type Ref,
  type Routine,
  range,
  ret,
  routine,
  SpecError,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import {
  alloc_page,
  type Folios,
  Frame,
  folio_get,
  folio_put,
  Page,
  type PageOf,
  prep_new_page,
  versions,
} from "./folio.ts";
import {
  type Mm,
  mapping_kinds,
  pte_can_be,
  pte_copy,
  pte_is,
  set_page_anon_exclusive,
  set_pte,
} from "./mm.ts";
import { MmId, type MmOf, type Mms } from "./mms.ts";
import {
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
} from "./mmu-interval-notifier.ts";
import { down_write, up_write } from "./rwsem.ts";

/**
 * Which entries are write-protected because of a fork. It may say so of an entry that came later:
 * such a page has one owner, and the write fault finds that out (wp_page_reuse).
 */
export const write_protected = () => array(MmId, array(Page, bool));
export interface WriteProtected {
  at(m: Expr<MmOf>): { at(p: Expr<PageOf>): Ref<boolean> };
}

/** copy_present_ptes() and copy_nonpresent_pte() for one entry, with both page-table locks. */
function copy_pte(
  mms: Mms,
  folios: Folios,
  wrprotect: WriteProtected,
  [parent, child, page]: [Expr<MmOf>, Expr<MmOf>, Expr<PageOf>],
): Effect {
  const src = mms.at(parent).pte.at(page);
  const dst = mms.at(child).pte.at(page);
  if (pte_can_be(src, "swap") || pte_can_be(src, "device_exclusive")) {
    const what = "fork() of swap and device-exclusive entries is not modelled";
    throw new SpecError("MR108", what, "give the mm other kinds of entries, or leave fork() out");
  }
  const read_only = [src.write, dst.write].flatMap((write) => (write ? [set(write, false)] : []));
  return block(
    set_page_anon_exclusive(src, false), // folio_try_dup_anon_rmap_pte()
    pte_copy(dst, src),
    ...read_only,
    set(mms.at(child).vma.at(page), mms.at(parent).vma.at(page)),
    set(mms.at(child).last_write.at(page), mms.at(parent).last_write.at(page)),
    when(pte_is(src, ...mapping_kinds), [folio_get(folios.at(src.frame))]),
    flush_tlb_page(mms.at(parent), page),
    when(src.kind.ne("none"), [
      set(wrprotect.at(parent).at(page), true),
      set(wrprotect.at(child).at(page), true),
    ]),
  );
}

/**
 * dup_mmap(). `callback` is the driver's for the parent's page `page`, which walks over all of
 * them.
 */
export function dup_mmap(
  mms: Mms,
  folios: Folios,
  wrprotect: WriteProtected,
  at: { parent: Ref<MmOf>; child: Ref<MmOf>; page: Ref<PageOf> },
  callback: Routine,
): Routine {
  const mm = mms.at(at.parent);
  return routine("dup_mmap", { copied: array(Page, bool) }, (me) => {
    const left = exists(Page, (p) => me.copied.at(p).not());
    return {
      mmap_write_lock: down_write(mm.mmap_lock),
      vma_start_write: down_write(mm.vma_lock),
      next: [
        "copy_page_range(): the next VMA",
        choose(at.page, me.copied.at(at.page).not().or(left.not())),
        when(left.not(), [goto("vma_end_write")]),
      ],
      start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_PROTECTION_PAGE", [callback]),
      copy_pte_range: [
        "copy_pte_range(): both read-only",
        copy_pte(mms, folios, wrprotect, [at.parent, at.child, at.page]),
        set(me.copied.at(at.page), true),
      ],
      end: [
        "mmu_notifier_invalidate_range_end()",
        mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
        goto("next"),
      ],
      vma_end_write: ["vma_end_write_all()", up_write(mm.vma_lock)],
      mmap_write_unlock: ["mmap_write_unlock(oldmm)", up_write(mm.mmap_lock)],
    };
  });
}

/**
 * do_wp_page() on a present, write-protected entry: the only owner writes in place (wp_page_reuse,
 * no notifier), others get a copy, which is made before the notifier window opens. Who is the only
 * owner, PageAnonExclusive says where the mm has it, else the reference count. Caller holds
 * mmap_lock.
 */
export function do_wp_page(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  wrprotect: Ref<boolean>,
  callback: Routine,
): Routine {
  const pte = mm.pte.at(page);
  const locals = { old: Frame, copy: Frame, buffer: range(0, versions) };
  return routine("do_wp_page", locals, (me) => ({
    reuse: [
      "do_wp_page(): wp_can_reuse_anon_folio(), or folio_get(old)",
      when(all(pte.kind.eq("present"), wrprotect).not(), [ret()]),
      set(me.old, pte.frame),
      when(any(folios.at(me.old).ref.count.eq(1), ...(pte.exclusive ? [pte.exclusive] : [])), [
        set_page_anon_exclusive(pte, true),
        set(wrprotect, false),
        ...(pte.write ? [set(pte.write, true)] : []),
        ret(),
      ]),
      folio_get(folios.at(me.old)),
    ],
    alloc: [
      "wp_page_copy(): alloc",
      alloc_page(folios, me.copy),
      prep_new_page(folios.at(me.copy)),
    ],
    copy_read: ["__wp_page_copy_user(): read", set(me.buffer, folios.at(me.old).data)],
    copy_write: ["__wp_page_copy_user(): write", set(folios.at(me.copy).data, me.buffer)],
    start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_CLEAR", [callback]),
    set_pte: [
      "pte_same(): ptep_clear_flush(); set_pte_at(new)",
      when(all(pte.kind.eq("present"), pte.frame.eq(me.old)), [
        folio_put(folios.at(me.old)),
        set_pte(pte, "present", me.copy),
        set_page_anon_exclusive(pte, true),
        ...(pte.write ? [set(pte.write, true)] : []),
        flush_tlb_page(mm, page),
        set(wrprotect, false),
      ]).otherwise([folio_put(folios.at(me.copy))]),
    ],
    end: [
      "mmu_notifier_invalidate_range_end()",
      mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
    ],
    put_old: ["folio_put(old)", folio_put(folios.at(me.old))],
  }));
}
