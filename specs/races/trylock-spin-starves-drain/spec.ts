/**
 * A fault inside the kernel spins on the lock of a device page, on the CPU that the holder of this
 * lock waits for.
 *
 * Claim    Every fault ends, also one of hmm_range_fault() in a kernel without preemption: when the
 *          page is locked it sleeps, and leaves its CPU to the work that the holder has queued.
 * Source   commits a69d1ab971a6, b570f37a2ce4 "mm: Fix a hmm_range_fault() livelock / starvation
 *          problem" (CVE-2026-43404); mm/memory.c: do_swap_page; mm/hmm.c: hmm_range_fault;
 *          mm/migrate_device.c: migrate_device_unmap; mm/folio.c: lru_add_drain_all.
 * Omits    kworkers: the work of a CPU is done when nobody occupies this CPU; the other pages of
 *          the batch, for which the holder drains; mmap_lock.
 */
import {
  actor,
  eventually,
  every,
  goto,
  none,
  oneOf,
  progress,
  remove,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  cpus,
  folio_lock_bit,
  folio_set_locked,
  folio_trylock,
  folio_unlock,
  folio_wait_locked,
  give_up_cpu,
  lru_add_drain_all,
  occupy_cpu,
} from "mmrace/kernel";

const k = shared({
  pte: oneOf("device_private", "present"),
  lock: folio_lock_bit(), // of the device page
  cpus: cpus(),
});

const holder = actor("holder", {}, () => ({
  collect: [
    "migrate_vma_collect_pmd(): folio_trylock()",
    when(k.pte.eq("present"), [goto("done")]),
    folio_trylock(k.lock, [], [goto("done")]),
  ],
  drain: lru_add_drain_all(k.cpus),
  unlock: ["migrate_vma_finalize(): the page stays; folio_unlock()", folio_unlock(k.lock)],
})).as("migrate_vma_setup() of a mixed batch");

const range_fault = actor("range_fault", {}, () => ({
  start: ["hmm_range_fault()", occupy_cpu(k.cpus)],
  walk: [
    "hmm_vma_walk_pmd(): is there a page?",
    when(k.pte.eq("present"), [progress(), goto("out")]),
  ],
  pte_lock: [
    "do_swap_page(): pte_same() && trylock_page(page)",
    when(k.lock.owner.ne(none), [goto("wait")]),
    folio_set_locked(k.lock),
  ],
  migrate: ["migrate_to_ram()", set(k.pte, "present")],
  unlock: ["unlock_page(page): walk again", folio_unlock(k.lock), goto("walk")],
  wait: ["softleaf_entry_wait_on_locked(): schedule()", give_up_cpu(k.cpus)],
  wait_on_locked: ["  the page is unlocked", folio_wait_locked(k.lock)],
  wake_up: ["  runs again: walk again", occupy_cpu(k.cpus), retry(), goto("walk")],
  out: ["return 0", give_up_cpu(k.cpus)],
})).as("GPU fault worker");

export default spec({
  name: "trylock-spin-starves-drain",
  doc: "a fault spins on a page lock, and keeps the CPU that the holder of the lock waits for",
  race: {
    year: 2026,
    subsystem: "mm/memory do_swap_page, hmm_range_fault",
    class: "livelock / starvation",
    bug_in_fix_of: "devpage-fault-ref-storm",
  },
  configs: { ci: {} },
  shared: k,
  actors: { holder, range_fault },
  reachable: {
    fault_waits_for_the_holder: some(range_fault, (f) => f.at("wait_on_locked")).and(
      some(holder, (h) => h.at("drain.flush")),
    ),
  },
  liveness: {
    every_fault_ends: eventually(
      every(range_fault, (f) => f.at("done")),
      "hmm_range_fault() ends",
    ),
    migration_ends: eventually(
      every(holder, (h) => h.at("done")),
      "the migration ends",
    ),
  },
  bugs: {
    spins_on_the_trylock: {
      doc: "a taken lock: return 0 at once, and walk again, without ever sleeping",
      from: "b570f37a2ce4, since 1afaeb8293c9",
      breaks: "every_fault_ends",
      order: ["holder.collect", "holder.drain.queue", "range_fault.pte_lock"],
      change: [
        replace(range_fault, "pte_lock", [
          "do_swap_page(): pte_same() && trylock_page(page), or return 0",
          when(k.lock.owner.ne(none), [retry(), goto("walk")]),
          folio_set_locked(k.lock),
        ]),
        remove(range_fault, "wait"),
        remove(range_fault, "wait_on_locked"),
        remove(range_fault, "wake_up"),
      ],
    },
  },
  mutants: {
    waits_without_leaving_the_cpu: {
      doc: "it busy-waits for the page to be unlocked",
      from: "softleaf_entry_wait_on_locked()",
      breaks: "deadlock",
      change: [
        replace(range_fault, "wait", ["while (folio_test_locked(folio)) cpu_relax()"]),
        replace(range_fault, "wake_up", ["walk again", retry(), goto("walk")]),
      ],
    },
  },
});
