/**
 * A CPU faults on a device page, drops the page-table lock, and calls the driver with the page; in
 * between an eviction frees it.
 *
 * Claim    The driver's migrate_to_ram() is called with a page that is there: the fault takes a
 *          reference under the page-table lock, and an eviction that sees it gives up.
 * Source   commit 16ce101db85d "mm/memory.c: fix race when faulting a device private page", nouveau
 *          <d3e813178a59e565e8d78d9b9a4e2562f6494f90.1664366292.git-series.apopple@nvidia.com>;
 *          mm/memory.c: do_swap_page; mm/migrate_device.c: migrate_vma_setup (fault_page),
 *          migrate_device_range.
 * Omits    that the pagemap may go with its last page; the copy; what happened to this scheme later
 *          (see devpage-fault-ref-storm). A page-table-lock section is one step.
 */
import {
  actor,
  assert,
  eventually,
  every,
  goto,
  oneOf,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_trylock,
  folio_unlock,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
} from "mmrace/kernel";

const k = shared({
  pte: oneOf("device_private", "migration", "present"),
  lock: folio_lock_bit(), // of the device page
  ref: refcount(3, 1), // the mapping's
});

const get_page = refcount_inc(k.ref);
const put_page = refcount_dec_and_test(k.ref, []);

const fault = actor("fault", {}, () => ({
  access: [
    "the CPU loads from the page; a migration entry is waited for",
    wait(k.pte.ne("migration")),
    when(k.pte.eq("present"), [goto("done")]),
  ],
  pte_lock: [
    "do_swap_page(): if (pte_same()) get_page(vmf->page)",
    when(k.pte.ne("device_private"), [goto("access")]),
    get_page,
  ],
  call: [
    "page->pgmap->ops->migrate_to_ram(vmf)",
    assert("use_after_free", k.ref.count.gt(0), "the page has been freed"),
  ],
  collect: [
    "  migrate_vma_setup(fault_page): trylock, install migration entry",
    when(k.pte.ne("device_private"), [goto("put")]),
    folio_trylock(k.lock, [set(k.pte, "migration")], [goto("put")]),
  ],
  finalize: [
    "  migrate_vma_finalize(): map the copy, put the device page",
    set(k.pte, "present"),
    folio_unlock(k.lock),
    put_page,
  ],
  put: ["put_page(vmf->page): and fault again", put_page, retry(), goto("access")],
})).as("a thread");

const evict = actor("evict", {}, () => ({
  collect: [
    "migrate_device_range(): trylock_page(), install migration entry",
    when(k.pte.ne("device_private"), [goto("done")]),
    folio_trylock(k.lock, [set(k.pte, "migration")], [goto("done")]),
  ],
  check: [
    "migrate_vma_check_page(): unexpected references?",
    when(k.ref.count.gt(1), [goto("restore")]),
  ],
  finalize: [
    "migrate_device_finalize(): map the copy, put the device page",
    set(k.pte, "present"),
    folio_unlock(k.lock),
    put_page,
    goto("done"),
  ],
  restore: ["remove_migration_ptes(src, src)", set(k.pte, "device_private"), folio_unlock(k.lock)],
})).as("the driver evicts");

export default spec({
  name: "swapfault-devpage-no-ref",
  doc: "a device page is freed between the fault on it and the driver's callback",
  race: {
    year: 2022,
    subsystem: "mm/memory do_swap_page",
    class: "use-after-free / lifetime",
  },
  configs: { ci: {} },
  shared: k,
  actors: { fault, evict },
  at_rest: {
    device_page_is_free: k.ref.count.eq(0),
  },
  reachable: {
    eviction_gives_up: some(evict, (e) => e.at("restore")),
    eviction_comes_first: k.pte.eq("present").and(some(fault, (f) => f.at("pte_lock"))),
  },
  liveness: {
    fault_ends: eventually(
      every(fault, (f) => f.at("done")),
      "the fault ends",
    ),
  },
  bugs: {
    no_reference_over_the_callback: {
      doc: "the page is taken from the entry, and the page-table lock dropped, without a reference",
      from: "16ce101db85d",
      breaks: "use_after_free",
      order: ["fault.pte_lock", "evict.collect", "evict.finalize", "fault.call"],
      change: [
        replace(fault, "pte_lock", [
          "do_swap_page(): if (pte_same()) vmf->page = pfn_swap_entry_to_page()",
          when(k.pte.ne("device_private"), [goto("access")]),
        ]),
        replace(fault, "put", ["fault again", retry(), goto("access")]),
      ],
    },
  },
  mutants: {
    fault_keeps_its_reference: {
      doc: "the page is never freed",
      from: "do_swap_page()",
      breaks: "device_page_is_free",
      change: [replace(fault, "put", ["fault again", retry(), goto("access")])],
    },
  },
});
