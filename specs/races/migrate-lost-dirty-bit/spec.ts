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
import { claim, goto, move_after, remove, replace, set, spec, when } from "mmrace";
import { absent, k, migrate, reclaim, user } from "./scheme.ts";

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
