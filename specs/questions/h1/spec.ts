/**
 * A fault on a huge device-private entry, inside hmm_range_fault(): do_huge_pmd_device_private()
 * finds the folio locked and returns at once.
 *
 * Claim    Every fault ends, if the huge fault sleeps until the folio is unlocked, as
 *          do_swap_page() does since b570f37a2ce4.
 * Source   mm/huge_memory.c: do_huge_pmd_device_private; mm/hmm.c: hmm_range_fault_locked,
 *          hmm_do_fault; mm/migrate_device.c: migrate_vma_collect_huge_pmd, migrate_device_unmap;
 *          mm/folio.c: lru_add_drain_all.
 * Omits    mmap_lock; the second mapping of the folio, through which the fault still sees it as
 *          device-private; what the migration does after the drain; the copy.
 */
import {
  actor,
  eventually,
  every,
  goto,
  idle,
  lockEvent,
  none,
  oneOf,
  proc,
  progress,
  remove,
  replace,
  retry,
  self,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_set_locked,
  folio_trylock,
  folio_unlock,
  folio_wait_locked,
} from "mmrace/kernel";

const k = shared({
  pmd: oneOf("device_private", "present"),
  lock: folio_lock_bit(),
  /** Who runs on the CPU of the fault, as far as nobody can preempt it. */
  cpu: proc,
  /** lru_add_drain_all() has queued work on that CPU. */
  drain: oneOf("idle", "queued"),
});

const range_fault = actor("range_fault", {}, () => ({
  start: ["hmm_range_fault()", wait(k.cpu.eq(none)), set(k.cpu, self)],
  walk: [
    "hmm_vma_walk_pmd(): hmm_vma_handle_absent_pmd(): whose is it?",
    when(k.pmd.eq("present"), [progress(), goto("out")]),
  ],
  pmd_lock: [
    "do_huge_pmd_device_private(): pmd_same() && folio_trylock() && folio_get()",
    when(k.pmd.eq("present"), [goto("walk")]),
    when(k.lock.owner.ne(none), [goto("sleep")]),
    folio_set_locked(k.lock),
  ],
  migrate_to_ram: ["pgmap->ops->migrate_to_ram()", set(k.pmd, "present")],
  unlock: ["folio_unlock(); folio_put(): walk again", folio_unlock(k.lock), goto("walk")],
  sleep: ["softleaf_entry_wait_on_locked(): schedule() /* not in 7.3 */", set(k.cpu, none)],
  wait_on_locked: ["  the folio is unlocked", folio_wait_locked(k.lock)],
  wake_up: [
    "  runs again: walk again",
    wait(k.cpu.eq(none)),
    set(k.cpu, self),
    retry(),
    goto("walk"),
  ],
  out: ["return 0", set(k.cpu, none)],
})).as("hmm_range_fault() of another device");

const migrate = actor("migrate", {}, () => ({
  collect: [
    "migrate_vma_collect_huge_pmd(): folio_trylock()",
    when(k.pmd.eq("present"), [goto("done")]),
    folio_trylock(k.lock, [], [goto("done")]),
  ],
  drain: [
    "migrate_device_unmap(): a system folio of the batch: lru_add_drain_all()",
    set(k.drain, "queued"),
  ],
  flush_work: [
    "  flush_work() of every CPU",
    lockEvent({ op: "wait", mode: "exclusive", lock: "wait", class: "lru_add_drain", index: [] }),
    wait(k.drain.eq("idle")),
  ],
  unlock: ["restore: the page stays; folio_unlock()", folio_unlock(k.lock)],
})).as("migrate_vma_setup() of a mixed batch");

const kworker = actor("kworker", {}, () => ({
  run: [
    "lru_add_drain_per_cpu(), when the CPU is free",
    idle(),
    wait(k.drain.eq("queued")),
    wait(k.cpu.eq(none)),
    set(k.drain, "idle"),
    goto("run"),
  ],
})).as("mm_percpu_wq");

const as_in_7_3 = [
  replace(range_fault, "pmd_lock", [
    "do_huge_pmd_device_private(): !folio_trylock(): return 0: walk again",
    when(k.pmd.eq("present"), [goto("walk")]),
    when(k.lock.owner.ne(none), [retry(), goto("walk")]),
    folio_set_locked(k.lock),
  ]),
  remove(range_fault, "sleep"),
  remove(range_fault, "wait_on_locked"),
  remove(range_fault, "wake_up"),
];

export default spec({
  name: "h1-huge-device-private-spin",
  doc: "H1: a fault on a huge device-private entry does not sleep for the folio lock",
  configs: { ci: {} },
  shared: k,
  actors: { range_fault, migrate, kworker },
  at_rest: { folio_is_unlocked: k.lock.owner.eq(none) },
  reachable: {
    fault_meets_a_locked_folio: k.lock.owner
      .ne(none)
      .and(some(range_fault, (f) => f.at("pmd_lock"))),
  },
  liveness: {
    fault_ends: eventually(
      every(range_fault, (f) => f.at("done")),
      "the fault ends",
    ),
  },
  variants: {
    as_in_7_3: {
      doc: "a locked folio is not waited for, and nobody preempts the one who spins",
      from: "H1",
      breaks: "fault_ends",
      change: as_in_7_3,
    },
    as_in_7_3_preempted: {
      doc: "the same where the walk is preempted: the work gets its turn",
      from: "H1",
      change: [
        ...as_in_7_3,
        replace(kworker, "run", [
          "lru_add_drain_per_cpu(), preempting whoever runs",
          idle(),
          wait(k.drain.eq("queued")),
          set(k.drain, "idle"),
          goto("run"),
        ]),
      ],
    },
  },
});
