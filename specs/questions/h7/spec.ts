/**
 * Eviction by physical address takes a reference before it tries the folio lock. A CPU fault that
 * holds the lock counts references.
 *
 * Claim    Every CPU fault ends, and every eviction too, as long as evictions come to an end: each
 *          reference is put again at once, and each migration is tried anew.
 * Source   mm/migrate_device.c: migrate_device_pfn_lock, migrate_device_pfns,
 *          migrate_device_unmap, __migrate_device_pages; mm/migrate.c: folio_migrate_mapping;
 *          mm/memory.c: do_swap_page; drivers/gpu/drm/drm_pagemap.c: drm_pagemap_evict_to_ram.
 * Omits    mmap_lock; notifiers; the copy. Expected references are those of the mapping (or of the
 *          migration entry's owner) and of the fault.
 */
import {
  actor,
  bool,
  claim,
  eventually,
  every,
  goto,
  idle,
  none,
  oneOf,
  progress,
  retry,
  schedule_of,
  set,
  shared,
  some,
  spec,
  struct,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_set_locked,
  folio_trylock,
  folio_unlock,
  folio_wait_locked,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  refcount_inc_not_zero,
} from "mmrace/kernel";

const k = shared({
  pte: oneOf("device_private", "migration", "present"),
  page: struct("folio", { lock: folio_lock_bit(), ref: refcount(4, 1) }),
});

const put = refcount_dec_and_test(k.page.ref, []);

const fault = actor("fault", { moves: bool }, (me) => ({
  access: ["the CPU loads from the page", when(k.pte.eq("present"), [progress(), goto("done")])],
  pte_lock: [
    "do_swap_page(): pte_same() && folio_trylock() && folio_get(); or an entry to wait for",
    when(k.pte.eq("present"), [goto("access")]),
    when(k.page.lock.owner.ne(none), [goto("wait")]),
    folio_set_locked(k.page.lock),
    refcount_inc(k.page.ref),
  ],
  collect: [
    "migrate_vma_collect_pmd(): the entry becomes a migration entry",
    set(k.pte, "migration"),
  ],
  pages: [
    "__migrate_device_pages(): folio_migrate_mapping(): refcount == expected?",
    set(me.moves, k.page.ref.count.eq(2)),
  ],
  finalize: [
    "migrate_vma_finalize(): remove_migration_ptes(src, MIGRATE ? dst : src)",
    when(me.moves, [set(k.pte, "present"), put]).otherwise([set(k.pte, "device_private")]),
    set(me.moves, false),
  ],
  put: ["do_swap_page(): folio_unlock(); folio_put(): fault again", folio_unlock(k.page.lock), put],
  again: ["fault again", retry(), goto("access")],
  wait: [
    "softleaf_entry_wait_on_locked(): sleep, and fault again",
    folio_wait_locked(k.page.lock),
    retry(),
    goto("access"),
  ],
})).as("a CPU fault");

const evict = actor("evict", { moves: bool }, (me) => ({
  call: ["drm_pagemap_evict_to_ram(): migrate_device_pfns()", idle()],
  get: [
    "migrate_device_pfn_lock(): folio_get_nontail_page()",
    refcount_inc_not_zero(k.page.ref, [], [goto("done")]),
  ],
  trylock: [
    "folio_trylock(), or folio_put(): not this time",
    folio_trylock(k.page.lock, [], [put, goto("call")]),
  ],
  unmap: [
    "migrate_device_unmap(): try_to_migrate()",
    when(k.pte.eq("device_private"), [set(k.pte, "migration"), put]),
  ],
  pages: [
    "__migrate_device_pages(): folio_migrate_mapping(): refcount == expected?",
    set(me.moves, k.page.ref.count.eq(1)),
  ],
  finalize: [
    "migrate_device_finalize(): remove_migration_ptes(src, MIGRATE ? dst : src)",
    when(me.moves, [set(k.pte, "present")]).otherwise([
      set(k.pte, "device_private"),
      refcount_inc(k.page.ref),
    ]),
    set(me.moves, false),
  ],
  unlock: ["folio_unlock(src)", folio_unlock(k.page.lock)],
  put: ["folio_put(src)", put, goto("call")],
}))
  .finite()
  .as("eviction");

export default spec({
  name: "h7-transient-reference",
  doc: "H7: references of eviction make the migration of a CPU fault fail",
  configs: { ci: {} },
  shared: k,
  actors: { fault, evict },
  always: {
    migration_entry_is_locked: claim(
      "a migration entry refers to a locked folio",
      k.pte.eq("migration").implies(k.page.lock.owner.ne(none)),
    ),
  },
  reachable: {
    fault_fails_for_a_transient_reference: some(fault, (f) => f.at("pages")).and(
      k.page.ref.count.gt(2),
    ),
    eviction_moves_the_page: some(evict, (e) => e.local.moves),
  },
  liveness: {
    fault_ends: eventually(
      every(fault, (f) => f.at("done")),
      "the CPU fault ends",
    ),
  },
  variants: {
    evictions_without_end: {
      doc: "eviction comes again and again, and hits the same window each time",
      from: "H7",
      breaks: "fault_ends",
      change: [schedule_of(evict, { finite: false })],
    },
  },
});
