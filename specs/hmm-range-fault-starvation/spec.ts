/**
 * The retry loop of every driver that mirrors: read_begin, hmm_range_fault, lock, read_retry.
 *
 * Claim    The loop ends because it has a deadline: HMM_RANGE_DEFAULT_TIMEOUT. Without one, a
 *          thread that invalidates again and again starves it (mutant `no_deadline`), although
 *          every step of both is fair; finitely many invalidations do no harm (variant
 *          `finitely_many`).
 * Source   Documentation/mm/hmm.rst; lib/test_hmm.c: dmirror_range_fault;
 *          drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_get_pages.
 * Omits    the pages, mmap_lock, what the driver does with the result.
 */
import {
  actor,
  any,
  bool,
  eventually,
  every,
  goto,
  idle,
  progress,
  replace,
  retry,
  routine,
  schedule_of,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(),
  update: mutex(), // driver->update
  mapped: bool,
});

const invalidate = routine("invalidate", {}, () => ({
  lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  zap: ["zap the device PTEs", set(k.mapped, false)],
  unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
}));

const give_up = [mutex_unlock(k.update), mmu_interval_read_end(k.sub)];

const gpu_fault = actor("gpu_fault", {}, () => ({
  again: mmu_interval_read_begin(k.sub),
  range_fault: ["hmm_range_fault(&range)"],
  lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
  read_retry: [
    "if (mmu_interval_read_retry()) { unlock; if (time_after(jiffies, timeout)) return -EBUSY; }",
    when(mmu_interval_read_retry(k.sub), [...give_up, retry(), goto("timeout")]),
  ],
  map: ["write the device PTEs", set(k.mapped, true)],
  unlock: [
    "mutex_unlock(&driver->update); return 0",
    mutex_unlock(k.update),
    mmu_interval_read_end(k.sub),
    progress(),
    goto("done"),
  ],
  timeout: ["is the deadline over? (it is, at some time)", goto("done")],
}))
  .fair("strong") // a mutex is handed to who waits for it long enough
  .as("GPU fault worker");

const dontneed = actor("dontneed", {}, () => ({
  call: ["madvise(MADV_DONTNEED)", idle()],
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  end: [
    "mmu_notifier_invalidate_range_end()",
    mmu_notifier_invalidate_range_end(k.subs, [k.sub]),
    goto("call"),
  ],
})).as("a thread that frees and frees");

export default spec({
  name: "hmm-range-fault-starvation",
  doc: "a driver's retry loop against invalidations that do not stop",
  configs: { ci: {} },
  shared: k,
  actors: { gpu_fault, dontneed },
  always: {
    mapped_under_the_lock: any(
      every(gpu_fault, (f) => f.at("map").not()),
      every(dontneed, (d) => d.at("start.cb.set_seq", "start.cb.zap").not()),
    ),
  },
  reachable: {
    fault_loses_the_race: some(gpu_fault, (f) => f.at("timeout")),
    fault_wins_the_race: some(gpu_fault, (f) => f.at("map")),
  },
  liveness: {
    every_fault_ends: eventually(
      every(gpu_fault, (f) => f.at("done")),
      "every GPU fault ends",
    ),
  },
  mutants: {
    no_deadline: {
      doc: "goto again, for ever",
      from: "core-mm.md 1.9",
      breaks: "every_fault_ends",
      change: [replace(gpu_fault, "timeout", ["goto again", goto("again")])],
    },
  },
  variants: {
    finitely_many: {
      doc: "no deadline, but invalidations come to an end",
      from: "core-mm.md 10.7",
      change: [
        replace(gpu_fault, "timeout", ["goto again", goto("again")]),
        schedule_of(dontneed, { finite: true }),
      ],
    },
  },
});
