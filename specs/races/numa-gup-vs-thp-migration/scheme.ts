/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import { actor, any, bool, goto, none, oneOf, replace, set, shared, wait, when } from "mmrace";
import {
  folio_lock_bit,
  folio_set_locked,
  folio_unlock,
  page_table_lock,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  spin_lock,
  spin_unlock,
} from "mmrace/kernel";

const Page = oneOf("old_page", "new_page");

export const k = shared({
  ptl: page_table_lock(), // pmd_lockptr()
  pmd: Page, // always present: there are no migration entries for it
  pmd_numa: bool, // the NUMA hint
  lock: folio_lock_bit(), // of the old page
  count: refcount(3, 1), // of the old page; the mapping has one
  irqs_off: bool, // on the CPU that pins: no IPI gets through, no flush ends
  old_data: bool, // is the store there?
  new_data: bool,
  stored: bool,
});

const flush_tlb_range = wait(k.irqs_off.not());
const mknonnuma = set(k.pmd_numa, false);

export const migrate = actor("migrate", {}, () => ({
  mknuma: ["change_huge_pmd(): pmd_mknuma()", set(k.pmd_numa, true)],
  mknuma_flush: ["  flush_tlb_range()", flush_tlb_range],
  fault: [
    "do_huge_pmd_numa_page(): trylock_page(); get_page()",
    when(any(k.pmd_numa.not(), k.lock.owner.ne(none)), [goto("done")]),
    folio_set_locked(k.lock),
    refcount_inc(k.count),
  ],
  isolate: [
    "numamigrate_isolate_page(): page_count(page) as expected?",
    when(k.count.count.ne(2), [goto("out_fail")]),
  ],
  copy: ["migrate_page_copy()", set(k.new_data, k.old_data)],
  pmd_lock: ["ptl = pmd_lock(mm, pmd)", spin_lock(k.ptl)],
  set_pmd: ["set_pmd_at(mm, haddr, pmd, entry)", set(k.pmd, "new_page"), mknonnuma],
  flush: ["flush_tlb_range()", flush_tlb_range],
  pmd_unlock: [
    "page_remove_rmap(page); spin_unlock(ptl)",
    refcount_dec_and_test(k.count, []),
    spin_unlock(k.ptl),
    goto("unlock"),
  ],
  out_fail: ["out_fail: pmd_mknonnuma(), under ptl", mknonnuma],
  unlock: [
    "unlock_page(page); put_page(page)",
    folio_unlock(k.lock),
    refcount_dec_and_test(k.count, []),
  ],
})).as("NUMA balancing");

export const gup = actor("gup", { page: Page, fast: bool }, (me) => ({
  irq_off: ["get_user_pages_fast(): local_irq_disable()", set(k.irqs_off, true)],
  read_pmd: [
    "gup_pmd_range(): if (pmd_numa(pmd)) return 0",
    set(me.page, k.pmd),
    when(k.pmd_numa, [set(k.irqs_off, false), goto("slow")]),
  ],
  get: ["gup_huge_pmd(): get_page()", when(me.page.eq("old_page"), [refcount_inc(k.count)])],
  irq_on: ["local_irq_enable()", set(k.irqs_off, false), goto("store")],
  slow: [
    "follow_page_mask(), under ptl: get_page(), if there is no NUMA hint",
    wait(k.ptl.owner.eq(none)),
    when(k.pmd_numa, [goto("fault")]),
    set(me.page, k.pmd),
    when(k.pmd.eq("old_page"), [refcount_inc(k.count)]),
    goto("store"),
  ],
  fault: [
    "do_huge_pmd_numa_page(): wait_on_page_locked(), or clear the hint",
    wait(k.lock.owner.eq(none)),
    mknonnuma,
    goto("slow"),
  ],
  store: [
    "a device stores to the pinned page",
    set(k.stored, true),
    when(me.page.eq("old_page"), [set(k.old_data, true)]).otherwise([set(k.new_data, true)]),
  ],
  put: ["put_page()", when(me.page.eq("old_page"), [refcount_dec_and_test(k.count, [])])],
})).as("pins the page for I/O");

/** gup_pmd_range() that looks at no hint. */
export const pins_in_spite_of_the_hint = replace(gup, "read_pmd", [
  "gup_pmd_range(): pmd_large(pmd)",
  set(gup.me.page, k.pmd),
]);
