/**
 * khugepaged replaces the pages of a range by one huge page (mm/khugepaged.c: collapse_huge_page),
 * for an mm with `pmd: true`. Here the range is one page, and the huge page one frame.
 *
 * The notifier's window closes when the PMD is cleared, before the content is copied and before the
 * new PMD is installed. In between the old entries are out of the CPU's reach, and what keeps
 * everybody else away is mmap_lock and the VMA lock for write, and the lock of the old folio.
 *
 * Omits    the anon_vma lock (a reverse-map walk that comes meanwhile finds the old entry, as one
 *          that came before); swap-in; max_ptes_*; charging; ranges of several pages.
 */
import {
  all,
  type Effect,
  goto,
  none,
  type Ref,
  type Routine,
  range,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import {
  alloc_page,
  type Folios,
  Frame,
  folio_put,
  type PageOf,
  prep_new_page,
  versions,
} from "./folio.ts";
import { folio_set_locked, folio_unlock } from "./folio-lock.ts";
import { type Listeners, listeners } from "./listeners.ts";
import { type Mm, not_declared, set_pte } from "./mm.ts";
import { down_write, up_write } from "./rwsem.ts";

/** collapse_huge_page() for the range of `page`. */
export function collapse_huge_page(
  mm: Mm,
  folios: Folios,
  page: Ref<PageOf>,
  to: Routine | Listeners,
): Routine {
  const pte = mm.pte.at(page);
  const pmd_none = mm.pmd_none?.at(page) ?? not_declared("PMD", "pmd: true");
  const { start, end } = listeners(mm, to);
  const locals = { old: Frame, huge: Frame, buffer: range(0, versions) };
  return routine("collapse_huge_page", locals, (me) => {
    const old = folios.at(me.old);
    const put_huge: Effect = folio_put(folios.at(me.huge));
    const isolated = all(old.lock.owner.eq(none), old.ref.count.eq(1));
    return {
      alloc: [
        "alloc_charge_folio()",
        alloc_page(folios, me.huge),
        prep_new_page(folios.at(me.huge)),
      ],
      mmap_write_lock: down_write(mm.mmap_lock),
      revalidate: [
        "hugepage_vma_revalidate()",
        when(mm.vma.at(page).not(), [put_huge, goto("mmap_write_unlock")]),
      ],
      vma_start_write: down_write(mm.vma_lock),
      start: start("MMU_NOTIFY_CLEAR"),
      collapse_flush: [
        "pmdp_collapse_flush(): the PMD is none, the TLB flushed",
        set(pmd_none, true),
        flush_tlb_page(mm, page),
      ],
      end: ["mmu_notifier_invalidate_range_end()", end],
      isolate: [
        "__collapse_huge_page_isolate(): present, trylock, no other reference; or pmd_populate()",
        when(pte.kind.ne("present"), [set(pmd_none, false), put_huge, goto("vma_end_write")]),
        set(me.old, pte.frame),
        when(isolated.not(), [set(pmd_none, false), put_huge, goto("vma_end_write")]),
        folio_set_locked(old.lock),
      ],
      copy_read: ["copy_mc_user_highpage(): read", set(me.buffer, old.data)],
      copy_write: ["copy_mc_user_highpage(): write", set(folios.at(me.huge).data, me.buffer)],
      copied: [
        "__collapse_huge_page_copy_succeeded(): clear, unlock, put the old page",
        set_pte(pte, "present", me.huge),
        folio_unlock(old.lock),
        folio_put(old),
      ],
      install: ["map_anon_folio_pmd_nopf()", set(pmd_none, false)],
      vma_end_write: ["vma_end_write_all()", up_write(mm.vma_lock)],
      mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(mm.mmap_lock)],
    };
  });
}
