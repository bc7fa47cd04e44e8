/**
 * CPU faults on a device-private page: who may migrate it back, and who must wait how.
 *
 * Claim    With the trylock first, the reference after it, and sleep when the lock is taken, no
 *          fault uses a freed page and every fault ends, also one inside a kernel that nobody
 *          preempts.
 * Source   mm/memory.c: do_swap_page; mm/migrate_device.c. Its history: 16ce101db85d (6.1: use
 *          after free), 1afaeb8293c9 (6.15: livelock of references), b570f37a2ce4 (the trylock that
 *          starves the work that the lock holder waits for).
 * Omits    the per-VMA lock and mmap_lock; the page's way back to the device; the PMD path; the
 *          copy. Expected references are those of mapping, fault and isolation.
 */
import { all, any, claim, eventually, every, none, some, spec } from "mmrace";
import { fault, range_fault } from "./fault.ts";
import { kworker, migrate } from "./migrate.ts";
import { k } from "./state.ts";
import { mutants, variants } from "./variants.ts";

export default spec({
  name: "do-swap-page",
  doc: "faults on a device-private page, from 6.0 to today",
  configs: {
    ci: { faults: 2, range_faults: 1, migrates: 0 },
    two_threads: { faults: 2, range_faults: 0, migrates: 0 },
    in_kernel: { faults: 0, range_faults: 1, migrates: 1 },
  },
  shared: k,
  actors: { fault, range_fault, migrate, kworker },
  always: {
    no_free_while_mapped: claim(
      "the device page is not free while the page table refers to it",
      any(k.pte.eq("present"), k.page.ref.count.gt(0)),
    ),
  },
  at_rest: {
    no_leaked_reference: claim("the device page is free again", k.page.ref.count.eq(0)),
  },
  reachable: {
    fault_meets_a_taken_lock: all(
      k.page.lock.owner.ne(none),
      any(
        some(fault, (t) => t.at("pte_lock")),
        some(range_fault, (t) => t.at("pte_lock")),
      ),
    ),
  },
  liveness: {
    every_fault_ends: eventually(
      all(
        every(fault, (t) => t.at("done")),
        every(range_fault, (t) => t.at("done")),
      ),
      "every fault on the page ends",
    ),
  },
  mutants,
  variants,
});
