/**
 * Pages are collected for migration, and madvise() discards one of them before the TLB has been
 * flushed.
 *
 * Claim    When madvise(MADV_DONTNEED) has returned, no thread accesses the page that it discarded:
 *          whoever collects a page flushes before it drops the page-table lock, so whoever finds
 *          the entry cleared has nothing to flush.
 * Source   commit 60bae7370896 "mm/migrate_device.c: flush TLB while holding PTL", with the diagram
 *          that `order` repeats; mm/migrate_device.c: migrate_vma_collect_pmd; mm/memory.c:
 *          zap_pte_range; mm/mmu_gather.c: tlb_finish_mmu.
 * Omits    the notifier windows of both, which do not exclude each other; the folio lock, and what
 *          becomes of the migration; zapping flushes after the page-table lock, before it returns.
 */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  insert_before,
  move_after,
  oneOf,
  remove,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import { page_table_lock, spin_lock, spin_unlock } from "mmrace/kernel";

const k = shared({
  ptl: page_table_lock(),
  pte: oneOf("present", "migration", "none"),
  returned: bool, // madvise() has
  tlb: bool, // of the CPU where the user thread runs: leads to the page
});

const migrate = actor("migrate", {}, () => ({
  lock: ["migrate_vma_collect_pmd(): pte_offset_map_lock()", spin_lock(k.ptl)],
  collect: [
    "ptep_get_and_clear(); set_pte_at(migration entry)",
    when(k.pte.ne("present"), [goto("unlock")]),
    set(k.pte, "migration"),
  ],
  flush: ["if (unmapped) flush_tlb_range()", set(k.tlb, false)],
  unlock: ["pte_unmap_unlock()", spin_unlock(k.ptl)],
}));

const madvise = actor("madvise", { flush: bool }, (me) => ({
  lock: ["zap_pte_range(): pte_offset_map_lock()", spin_lock(k.ptl)],
  zap: [
    "ptep_get_and_clear_full(); tlb_remove_tlb_entry() of a present entry",
    set(me.flush, k.pte.eq("present")),
    set(k.pte, "none"),
  ],
  unlock: ["pte_unmap_unlock()", spin_unlock(k.ptl)],
  finish: [
    "tlb_finish_mmu(): flush what was gathered",
    when(me.flush, [set(k.tlb, false)]),
    set(me.flush, false),
  ],
  ret: ["madvise() returns", set(k.returned, true)],
})).as("madvise(MADV_DONTNEED)");

const user = actor("user", {}, () => ({
  fill: [
    "the CPU caches the entry in its TLB",
    idle(),
    wait(k.pte.eq("present")),
    set(k.tlb, true),
  ],
  access: [
    "the thread accesses the page",
    idle(),
    wait(k.tlb),
    assert("access_through_a_stale_tlb", k.returned.not(), "the page was discarded"),
    goto("fill"),
  ],
})).as("a thread of the process");

export default spec({
  name: "migrate-collect-flush-after-ptl",
  doc: "madvise() discards a page that is being collected for migration",
  race: { year: 2022, subsystem: "mm/migrate_device", class: "stale device PTE / stale TLB" },
  configs: { ci: {} },
  shared: k,
  actors: { migrate, madvise, user },
  reachable: {
    madvise_finds_a_migration_entry: k.pte.eq("migration").and(some(madvise, (m) => m.at("zap"))),
    madvise_flushes: k.tlb.and(some(madvise, (m) => m.at("finish"))),
  },
  bugs: {
    flushes_after_the_unlock: {
      doc: "the TLB is flushed when the page-table lock has been dropped",
      from: "60bae7370896",
      breaks: "access_through_a_stale_tlb",
      order: [
        ...["user.fill", "migrate.collect", "migrate.unlock"],
        ...["madvise.zap", "madvise.finish", "user.access"],
      ],
      change: [move_after(migrate, "flush", "unlock")],
    },
  },
  mutants: {
    flushes_before_it_clears: {
      doc: "the entry is cached again between the flush and the clearing",
      from: "migrate_vma_collect_pmd()",
      breaks: "access_through_a_stale_tlb",
      change: [
        remove(migrate, "flush"),
        insert_before(migrate, "collect", {
          flush_first: ["flush_tlb_range()", set(k.tlb, false)],
        }),
      ],
    },
    zap_does_not_flush: {
      doc: "what was gathered is not flushed",
      from: "tlb_finish_mmu()",
      breaks: "access_through_a_stale_tlb",
      change: [remove(madvise, "finish")],
    },
  },
});
