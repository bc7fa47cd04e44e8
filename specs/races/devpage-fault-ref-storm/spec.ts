/**
 * Two threads fault on one device page: each takes a reference, and each finds that the page has
 * one too many to be migrated.
 *
 * Claim    Every fault ends: the page is locked before it is referenced, so whoever does not get
 *          the lock leaves no reference in the way of the one who has it.
 * Source   commit 1afaeb8293c9 "mm/migrate: Trylock device page in do_swap_page"; mm/memory.c:
 *          do_swap_page; mm/migrate_device.c: migrate_vma_collect_pmd, migrate_vma_pages. The fix
 *          brought the bug of trylock-spin-starves-drain.
 * Omits    the per-VMA lock and mmap_lock; the copy; other users of the page. Expected references
 *          are those of mapping, fault and isolation.
 */
import {
  actor,
  count_of,
  eventually,
  every,
  goto,
  none,
  oneOf,
  progress,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_set_locked,
  folio_trylock,
  folio_unlock,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
} from "mmrace/kernel";

const k = shared({
  pte: oneOf("device_private", "present"),
  lock: folio_lock_bit(), // of the device page
  ref: refcount(5, 1), // its mapping holds one
});

const get_page = refcount_inc(k.ref);
const put_page = refcount_dec_and_test(k.ref, []);

const migrate_vma_pages = [
  "  migrate_vma_pages(): if (folio_ref_count(src) == expected) map the copy",
  when(k.ref.count.eq(3), [set(k.pte, "present"), put_page]),
] as const;

const fault = actor("fault", {}, () => ({
  access: ["the CPU loads from the page", when(k.pte.eq("present"), [progress(), goto("done")])],
  pte_lock: [
    "do_swap_page(): pte_same() && trylock_page(page) && get_page(page)",
    when(k.pte.eq("present"), [goto("access")]),
    when(k.lock.owner.ne(none), [retry(), goto("access")]),
    folio_set_locked(k.lock),
    get_page,
  ],
  collect: ["migrate_to_ram(): migrate_vma_setup(fault_page): isolate it", get_page],
  pages: migrate_vma_pages,
  finalize: ["  migrate_vma_finalize()", put_page],
  unlock_page: ["unlock_page(page)", folio_unlock(k.lock)],
  put_page: ["put_page(page): and fault again", put_page, retry(), goto("access")],
}))
  .times(2)
  .as("a thread");

const fault_6_14 = actor("fault_6_14", {}, () => ({
  access: ["the CPU loads from the page", when(k.pte.eq("present"), [progress(), goto("done")])],
  pte_lock: [
    "do_swap_page(): pte_same() && get_page(page)",
    when(k.pte.eq("present"), [goto("access")]),
    get_page,
  ],
  collect: [
    "migrate_to_ram(): migrate_vma_collect_pmd(): trylock_page(), isolate it",
    folio_trylock(k.lock, [get_page], [goto("put_page")]),
  ],
  pages: migrate_vma_pages,
  finalize: ["  migrate_vma_finalize(): unlock_page(page)", folio_unlock(k.lock), put_page],
  put_page: ["put_page(page): and fault again", put_page, retry(), goto("access")],
}))
  .times(0)
  .as("a thread");

export default spec({
  name: "devpage-fault-ref-storm",
  doc: "threads that fault on one device page keep one another from migrating it",
  race: {
    year: 2025,
    subsystem: "mm/memory do_swap_page, xe SVM",
    class: "livelock / starvation",
  },
  configs: { ci: {} },
  shared: k,
  actors: { fault, fault_6_14 },
  always: {
    no_free_while_mapped: k.pte.eq("present").or(k.ref.count.gt(0)),
  },
  at_rest: {
    device_page_is_free: k.ref.count.eq(0),
  },
  reachable: {
    fault_meets_a_taken_lock: some(fault, (t) => t.at("pte_lock")).and(k.lock.owner.ne(none)),
  },
  liveness: {
    every_fault_ends: eventually(
      every(fault, (t) => t.at("done")).and(every(fault_6_14, (t) => t.at("done"))),
      "every fault on the page ends",
    ),
  },
  bugs: {
    reference_before_the_lock: {
      doc: "every faulting thread takes a reference, and all migrations fail for it",
      from: "1afaeb8293c9",
      breaks: "every_fault_ends",
      order: [
        ...["fault_6_14.pte_lock", "fault_6_14.pte_lock"],
        ...["fault_6_14.pages", "fault_6_14.put_page", "fault_6_14.put_page"],
      ],
      change: [count_of(fault, 0), count_of(fault_6_14, 2)],
    },
  },
  mutants: {
    reference_is_not_put: {
      doc: "a failed migration leaves its reference behind",
      from: "do_swap_page()",
      breaks: "device_page_is_free",
      change: [replace(fault, "put_page", ["fault again", retry(), goto("access")])],
    },
  },
});
