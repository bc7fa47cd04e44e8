/**
 * A page with an up-to-date copy in swap is stored to, and its entry loses the dirty bit in a
 * migration that fails: reclaim takes the page for clean.
 *
 * Claim    A page that comes back from swap has what was stored last: whoever clears an entry takes
 *          the dirty bit in the same instruction, and gives it to the folio before the unlock.
 * Source   commit fd35ca3d12cc "mm/migrate_device.c: copy pte dirty bit to page", stable
 *          <6e77914685ede036c419fa65b6adc27f25a6c3e9.1660635033.git-series.apopple@nvidia.com>;
 *          mm/migrate_device.c: migrate_vma_collect_pmd, migrate_device_unmap; mm/migrate.c:
 *          remove_migration_pte; mm/rmap.c: try_to_unmap_one; mm/vmscan.c: shrink_folio_list.
 * Omits    the dirty bit of migration entries (since 6.1); migrations that succeed; reference
 *          counts, but that an unexpected one lets the migration fail and is put before reclaim
 *          comes; faults that find the page in the swap cache; the TLB (a CPU that has a dirty
 *          entry there has set the bit in the page table).
 */
import {
  actor,
  assert,
  bool,
  claim,
  goto,
  idle,
  move_after,
  oneOf,
  remove,
  replace,
  set,
  shared,
  spec,
  wait,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_trylock,
  folio_unlock,
  page_table_lock,
  spin_lock,
  spin_unlock,
} from "mmrace/kernel";

const Content = oneOf("old", "new");

const k = shared({
  ptl: page_table_lock(),
  pte: oneOf("present", "none", "migration", "swap"),
  pte_dirty: bool,
  folio: folio_lock_bit(),
  folio_dirty: bool, // PG_dirty
  in_swapcache: bool.init(true),
  page: Content, // what was stored last
  slot: Content, // what the swap device has
});

const absent = k.pte.ne("present");

const user = actor("user", {}, () => ({
  store: [
    "the CPU stores through the entry, and sets its dirty bit",
    idle(),
    wait(k.pte.eq("present")),
    set(k.page, "new"),
    set(k.pte_dirty, true),
  ],
  fault: [
    "the next access: do_swap_page(): swap_read_folio()",
    idle(),
    wait(k.pte.eq("swap").and(k.in_swapcache.not())),
    assert("reads_old_content", k.slot.eq(k.page), "what was stored is lost"),
  ],
})).as("a thread of the process");

const migrate = actor("migrate", { dirty: bool }, (me) => ({
  lock: ["migrate_vma_collect_pmd(): pte_offset_map_lock()", spin_lock(k.ptl)],
  read: ["pte = ptep_get(); if (!pte_present(pte)) goto next", when(absent, [goto("next")])],
  trylock: ["if (!folio_trylock(folio)) goto next", folio_trylock(k.folio, [], [goto("next")])],
  clear: [
    "pte = ptep_get_and_clear()",
    set(me.dirty, k.pte_dirty),
    set(k.pte_dirty, false),
    set(k.pte, "none"),
  ],
  mark_dirty: [
    "if (pte_dirty(pte)) folio_mark_dirty(folio)",
    when(me.dirty, [set(k.folio_dirty, true)]),
  ],
  set_pte: ["set_pte_at(make_writable_migration_entry())", set(k.pte, "migration")],
  unlock: ["pte_unmap_unlock(); range_end()", spin_unlock(k.ptl)],
  check_page: ["migrate_device_unmap(): an unexpected reference: not migrated"],
  restore_lock: ["remove_migration_ptes(): page_vma_mapped_walk(): ptl", spin_lock(k.ptl)],
  restore: ["remove_migration_pte(): set_pte_at(), clean", set(k.pte, "present")],
  restore_unlock: ["page_vma_mapped_walk_done()", spin_unlock(k.ptl)],
  folio_unlock: ["folio_unlock(folio)", folio_unlock(k.folio)],
  put: ["folio_put(folio)", goto("done")],
  next: ["next: pte_unmap_unlock()", spin_unlock(k.ptl)],
})).as("migrate_vma_setup()");

const reclaim = actor("reclaim", {}, () => ({
  trylock: ["if (!folio_trylock(folio)) goto keep", folio_trylock(k.folio, [], [goto("done")])],
  lock: ["try_to_unmap(): page_vma_mapped_walk(): ptl", spin_lock(k.ptl)],
  unmap: [
    "try_to_unmap_one(): ptep_clear_flush(); folio_mark_dirty() if pte_dirty(); swap entry",
    when(k.pte_dirty, [set(k.folio_dirty, true)]),
    set(k.pte_dirty, false),
    set(k.pte, "swap"),
  ],
  unlock: ["page_vma_mapped_walk_done()", spin_unlock(k.ptl)],
  pageout: [
    "if (folio_test_dirty(folio)) pageout(): the swap device has the content",
    when(k.folio_dirty, [set(k.folio_dirty, false), set(k.slot, k.page)]),
  ],
  remove_mapping: ["__remove_mapping(): out of the swap cache", set(k.in_swapcache, false)],
  free: ["folio_unlock(folio); it is free", folio_unlock(k.folio)],
})).as("reclaim: shrink_folio_list()");

export default spec({
  name: "migrate-lost-dirty-bit",
  doc: "a migration that fails drops the dirty bit of an entry",
  race: { year: 2022, subsystem: "mm/migrate_device", class: "lost write / lost update" },
  configs: { ci: {} },
  shared: k,
  actors: { user, migrate, reclaim },
  always: {
    mapped_page_exists: claim(
      "what is mapped has not been dropped",
      k.pte.eq("present").implies(k.in_swapcache),
    ),
  },
  reachable: {
    clean_entry_of_a_dirty_folio: k.folio_dirty.and(k.pte.eq("present")).and(k.pte_dirty.not()),
    stored_content_is_in_swap: k.slot.eq("new").and(k.in_swapcache.not()),
    clean_page_is_dropped: k.page.eq("old").and(k.in_swapcache.not()),
  },
  bugs: {
    dirty_bit_is_not_copied: {
      doc: "what ptep_get_and_clear() returns is ignored",
      from: "fd35ca3d12cc",
      breaks: "reads_old_content",
      order: [
        ...["user.store", "migrate.clear", "migrate.restore", "migrate.folio_unlock"],
        ...["reclaim.trylock", "reclaim.pageout", "reclaim.remove_mapping", "user.fault"],
      ],
      change: [remove(migrate, "mark_dirty")],
    },
  },
  mutants: {
    dirty_bit_is_read_before: {
      doc: "the CPU sets the bit between the reading and the clearing of the entry",
      from: "migrate_vma_collect_pmd()",
      breaks: "reads_old_content",
      change: [
        replace(migrate, "read", [
          "pte = ptep_get(); if (!pte_present(pte)) goto next",
          when(absent, [goto("next")]),
          set(migrate.me.dirty, k.pte_dirty),
        ]),
        replace(migrate, "clear", [
          "ptep_get_and_clear()",
          set(k.pte_dirty, false),
          set(k.pte, "none"),
        ]),
      ],
    },
    folio_is_marked_after_its_unlock: {
      doc: "reclaim has taken the folio for clean meanwhile",
      from: "migrate_vma_collect_pmd()",
      breaks: "reads_old_content",
      change: [move_after(migrate, "mark_dirty", "folio_unlock")],
    },
    reclaim_ignores_the_dirty_bit: {
      doc: "the same mistake in the other path that clears the entry",
      from: "try_to_unmap_one()",
      breaks: "reads_old_content",
      change: [
        replace(reclaim, "unmap", [
          "try_to_unmap_one(): ptep_clear_flush(); swap entry",
          set(k.pte_dirty, false),
          set(k.pte, "swap"),
        ]),
      ],
    },
  },
});
