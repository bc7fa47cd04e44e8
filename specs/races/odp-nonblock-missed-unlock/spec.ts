/**
 * The OOM reaper starts an invalidation that may not block, a region refuses it, and the lock that
 * is kept until the end of an invalidation is kept for ever.
 *
 * Claim    A registration gets umem_rwsem sooner or later, because a start that fails leaves no
 *          lock behind: the core calls no end for it.
 * Source   "RDMA/odp: Fix missed unlock in non-blocking invalidate_start" (Fixes ca748c39ea3f,
 *          2019); drivers/infiniband/core/umem_odp.c: ib_umem_notifier_invalidate_range_start,
 *          rbt_ib_umem_for_each_in_range (4.20 to 5.4); mm/oom_kill.c: __oom_reap_task_mm. Any
 *          region in the range refuses, not only one whose umem_mutex is contended, as the
 *          documentation of the bug has it: no page fault is needed.
 * Omits    mmap_lock; that the reaper tries again; invalidations that may block.
 */
import {
  actor,
  bool,
  choose,
  eventually,
  every,
  goto,
  idle,
  remove,
  replace,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  add_umem_to_per_mm,
  down_read_trylock,
  ib_umem_notifier_invalidate_range_end,
  rw_semaphore,
  up_read,
} from "mmrace/kernel";

const k = shared({
  umem_rwsem: rw_semaphore(),
  victim: bool.init(true), // the reaper has something to do
  regions: bool, // registered
});

const reaper = actor("reaper", { in_range: bool }, (me) => ({
  next: [
    "oom_reap_task_mm(): the next VMA",
    idle(),
    choose(me.in_range),
    wait(k.victim),
    set(k.victim, false),
  ],
  trylock: [
    "invalidate_range_start_nonblock(): down_read_trylock(&per_mm->umem_rwsem)",
    down_read_trylock(k.umem_rwsem, [], [goto("next")]),
  ],
  for_each: [
    "rbt_ib_umem_for_each_in_range(): if (!blockable) return -EAGAIN",
    when(me.in_range, [goto("refused")]),
  ],
  zap: ["unmap_page_range()"],
  end: [
    "invalidate_range_end(): up_read(&per_mm->umem_rwsem)",
    ib_umem_notifier_invalidate_range_end(k.umem_rwsem),
    goto("next"),
  ],
  refused: ["if (rc) up_read(&per_mm->umem_rwsem)", up_read(k.umem_rwsem)],
  eagain: ["return -EAGAIN: there will be no end", goto("next")],
})).as("oom_reaper");

const reg = actor("reg", {}, () => ({
  add: add_umem_to_per_mm(k.umem_rwsem, set(k.regions, true)),
})).as("registers a region");

export default spec({
  name: "odp-nonblock-missed-unlock",
  doc: "an invalidation that is refused keeps the lock that its end would drop",
  race: {
    year: 2019,
    subsystem: "RDMA ODP",
    class: "leaked count or reference (hang)",
    bug_in_fix_of: "odp-deferred-add-purgatory",
  },
  configs: { ci: {} },
  shared: k,
  actors: { reaper, reg },
  reachable: {
    range_is_refused: some(reaper, (r) => r.at("eagain")),
    registration_waits: some(reg, (r) => r.at("add.down_write.slow")),
  },
  liveness: {
    region_is_registered: eventually(
      every(reg, (r) => r.at("done")),
      "the region is registered",
    ),
  },
  bugs: {
    refused_start_keeps_the_lock: {
      doc: "-EAGAIN is returned with umem_rwsem held for read",
      from: "RDMA/odp: Fix missed unlock in non-blocking invalidate_start (Fixes ca748c39ea3f)",
      breaks: "deadlock",
      order: ["reaper.trylock", "reaper.for_each", "reaper.eagain", "reg.add.down_write"],
      change: [remove(reaper, "refused")],
    },
  },
  mutants: {
    end_is_missing: {
      doc: "the same for a start that did not fail",
      from: "ib_umem_notifier_invalidate_range_end()",
      breaks: "deadlock",
      change: [replace(reaper, "end", ["no invalidate_range_end()", goto("next")])],
    },
  },
});
