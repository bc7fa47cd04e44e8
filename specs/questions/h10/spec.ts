/**
 * migrate_vma_collect_pmd() meets a large folio, drops the page-table lock, and splits the folio.
 * MADV_DONTNEED, which needs no mmap_lock, may unmap the folio meanwhile.
 *
 * Claim    The folio is not freed under the split: since the reference is taken before the
 *          page-table lock is dropped, as 7.3 does. Without that (`reference_after_unlock`) it is.
 * Source   mm/migrate_device.c: migrate_vma_collect_pmd, migrate_vma_split_folio; mm/memory.c:
 *          zap_nonpresent_ptes; mm/madvise.c: get_lock_mode.
 * Omits    mmap_lock, held for read by collect; the notifier of MADV_DONTNEED; other mappings of
 *          the folio; who gets the folio next (a free one must not be touched at all).
 */
import {
  actor,
  assert,
  bool,
  claim,
  goto,
  insert_after,
  remove,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  folio_lock,
  folio_lock_bit,
  folio_unlock,
  page_table_lock,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  refcount_read,
  spin_lock,
  spin_unlock,
} from "mmrace/kernel";

const k = shared({
  ptl: page_table_lock(),
  mapped: bool.init(true), // the entry that leads to the folio
  ref: refcount(3, 1), // of the mapping
  lock: folio_lock_bit(),
});

const in_use = assert("use_of_a_free_folio", refcount_read(k.ref).gt(0), "the folio is free");

const collect = actor("collect", {}, () => ({
  pte_lock: ["migrate_vma_collect_pmd(): pte_offset_map_lock()", spin_lock(k.ptl)],
  pte: ["device-private? folio_test_large()", when(k.mapped.not(), [goto("next")])],
  get: ["folio_get(folio)", refcount_inc(k.ref)],
  pte_unlock: ["pte_unmap_unlock()", spin_unlock(k.ptl)],
  lock: ["migrate_vma_split_folio(): folio_lock(folio)", in_use, folio_lock(k.lock)],
  split: ["split_folio(folio)", in_use],
  unlock: [
    "folio_unlock(folio); folio_put(folio)",
    folio_unlock(k.lock),
    refcount_dec_and_test(k.ref, []),
    goto("done"),
  ],
  next: ["no page: pte_unmap_unlock()", spin_unlock(k.ptl)],
})).as("migrate_vma_setup()");

const dontneed = actor("dontneed", {}, () => ({
  pte_lock: ["zap_pte_range(): pte_offset_map_lock()", spin_lock(k.ptl)],
  zap: [
    "zap_nonpresent_ptes(): pte_clear(); folio_put()",
    set(k.mapped, false),
    refcount_dec_and_test(k.ref, []),
  ],
  pte_unlock: ["pte_unmap_unlock()", spin_unlock(k.ptl)],
})).as("madvise(MADV_DONTNEED)");

export default spec({
  name: "h10-split-reference",
  doc: "H10: the reference to a folio that collect splits",
  configs: { ci: {} },
  shared: k,
  actors: { collect, dontneed },
  always: {
    mapped_folio_is_in_use: claim(
      "an entry leads to a folio that is in use",
      k.mapped.implies(refcount_read(k.ref).gt(0)),
    ),
  },
  at_rest: { folio_is_freed: refcount_read(k.ref).eq(0) },
  reachable: {
    unmapped_under_the_split: some(collect, (c) => c.at("split")).and(k.mapped.not()),
    collect_comes_too_late: some(collect, (c) => c.at("next")),
  },
  mutants: {
    reference_after_unlock: {
      doc: "the page-table lock is dropped before the reference is taken, as before",
      from: "H10; M24",
      breaks: "use_after_free",
      change: [
        remove(collect, "get"),
        insert_after(collect, "pte_unlock", {
          late_get: ["migrate_vma_split_folio(): folio_get(folio)", refcount_inc(k.ref)],
        }),
      ],
    },
  },
});
