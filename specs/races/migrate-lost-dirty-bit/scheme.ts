/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import { actor, assert, bool, goto, idle, oneOf, set, shared, wait, when } from "mmrace";
import {
  folio_lock_bit,
  folio_trylock,
  folio_unlock,
  page_table_lock,
  spin_lock,
  spin_unlock,
} from "mmrace/kernel";

const Content = oneOf("old", "new");

export const k = shared({
  ptl: page_table_lock(),
  pte: oneOf("present", "none", "migration", "swap"),
  pte_dirty: bool,
  folio: folio_lock_bit(),
  folio_dirty: bool, // PG_dirty
  in_swapcache: bool.init(true),
  page: Content, // what was stored last
  slot: Content, // what the swap device has
});

export const absent = k.pte.ne("present");

export const user = actor("user", {}, () => ({
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

export const migrate = actor("migrate", { dirty: bool }, (me) => ({
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

export const reclaim = actor("reclaim", {}, () => ({
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
