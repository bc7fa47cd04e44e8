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
  claim,
  goto,
  insert_after,
  insert_before,
  ite,
  none,
  remove,
  replace,
  set,
  some,
  spec,
  when,
} from "mmrace";
import { spin_unlock } from "mmrace/kernel";
import { gup, k, migrate, pins_in_spite_of_the_hint } from "./scheme.ts";

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
