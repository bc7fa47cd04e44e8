/**
 * NUMA balancing moves a huge page without unmapping it first, and get_user_pages_fast() pins the
 * old page in the middle.
 *
 * Claim    What is stored through a pin is in the page that is mapped: pinning leaves an entry with
 *          the NUMA hint to the fault, which waits for the migration, and a pin that was taken
 *          before the hint was there and flushed is seen in the count of references.
 * Source   commit 2b4847e73004 "mm: numa: serialise parallel get_user_page against THP migration";
 *          mm/migrate.c: migrate_misplaced_transhuge_page, numamigrate_isolate_page;
 *          arch/x86/mm/gup.c: gup_pmd_range; mm/huge_memory.c: do_huge_pmd_numa_page,
 *          change_huge_pmd (3.13; since 5.14 such pages are moved with migration entries, gone by
 *          7.3). The prose names the race; the order of steps is a reading of the code.
 * Omits    the fault of the one who pins: it finds the page at home, and so does not migrate; the
 *          mmap_lock, anon_vma, splitting, zapping; stores through the entry; that the entry and
 *          the references are checked again under ptl, where this scheme leaves nothing to find.
 */
import {
  actor,
  any,
  bool,
  claim,
  goto,
  insert_after,
  insert_before,
  ite,
  none,
  oneOf,
  remove,
  replace,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
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

const k = shared({
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

const migrate = actor("migrate", {}, () => ({
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

const gup = actor("gup", { page: Page, fast: bool }, (me) => ({
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
const pins_in_spite_of_the_hint = replace(gup, "read_pmd", [
  "gup_pmd_range(): pmd_large(pmd)",
  set(gup.me.page, k.pmd),
]);

export default spec({
  name: "numa-gup-vs-thp-migration",
  doc: "a huge page is pinned after its references were counted and before its entry is changed",
  race: { year: 2013, subsystem: "mm THP, NUMA balancing", class: "lost write / lost update" },
  configs: { ci: {} },
  shared: k,
  actors: { migrate, gup },
  at_rest: {
    store_is_in_the_mapped_page: claim(
      "what was stored through a pin is where the process looks",
      k.stored.implies(ite(k.pmd.eq("new_page"), k.new_data, k.old_data)),
    ),
    old_page_is_freed_when_it_is_left: ite(
      k.pmd.eq("new_page"),
      k.count.count.eq(0),
      k.count.count.eq(1),
    ),
  },
  reachable: {
    page_is_migrated: k.pmd.eq("new_page").and(some(migrate, (m) => m.at("done"))),
    pin_is_seen: some(migrate, (m) => m.at("out_fail")).and(k.count.count.eq(3)),
    pin_waits_for_the_migration: some(gup, (g) => g.at("fault")).and(k.lock.owner.ne(none)),
  },
  bugs: {
    hint_does_not_stop_the_pin: {
      // Where the store comes is all one, once the page has been copied: the trace with the fewest
      // switches has it before set_pmd, the story told with the commit after it.
      doc: "get_user_pages_fast() takes the page in spite of the hint",
      from: "2b4847e73004",
      breaks: "store_is_in_the_mapped_page",
      order: ["migrate.isolate", "gup.read_pmd", "gup.get", "migrate.set_pmd"],
      change: [pins_in_spite_of_the_hint],
    },
  },
  mutants: {
    counts_again_instead: {
      doc: "under ptl, and after the flush: a pin may have come and gone since the page was copied",
      from: "migrate_misplaced_transhuge_page()",
      breaks: "store_is_in_the_mapped_page",
      change: [
        pins_in_spite_of_the_hint,
        insert_before(migrate, "set_pmd", {
          recheck: [
            "if (page_count(page) != 2) goto fail_putback",
            when(k.count.count.ne(2), [spin_unlock(k.ptl), goto("out_fail")]),
          ],
        }),
        insert_after(migrate, "flush", {
          recount: [
            "if (page_count(page) != 2) set_pmd_at(orig_entry), goto fail_putback",
            when(k.count.count.ne(2), [
              set(k.pmd, "old_page"),
              spin_unlock(k.ptl),
              goto("out_fail"),
            ]),
          ],
        }),
      ],
    },
    hint_is_not_flushed: {
      doc: "a pin under way has read the entry without the hint, and is counted too early",
      from: "change_huge_pmd()",
      breaks: "store_is_in_the_mapped_page",
      change: [remove(migrate, "mknuma_flush")],
    },
    references_are_not_counted: {
      doc: "the page was pinned before the hint came",
      from: "numamigrate_isolate_page()",
      breaks: "store_is_in_the_mapped_page",
      change: [replace(migrate, "isolate", ["numamigrate_isolate_page()"])],
    },
  },
});
