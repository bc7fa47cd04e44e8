/**
 * A memory region is registered while an invalidation ends: it defers itself to the end of an
 * invalidation that has looked for deferred regions already.
 *
 * Claim    A registered region becomes usable: registration waits for the invalidations that are
 *          under way, and nothing has to be remembered for later.
 * Source   commit ca748c39ea3f "RDMA/umem: Get rid of per_mm->notifier_count", with the diagram
 *          that `order` repeats; drivers/infiniband/core/umem_odp.c: ib_umem_odp_get,
 *          ib_ucontext_notifier_start_account, ib_ucontext_notifier_end_account (until 4.19);
 *          add_umem_to_per_mm, ib_umem_notifier_invalidate_range_start (4.20 to 5.4).
 * Omits    the counters of each region; later invalidations, which would find the region on the
 *          list; the page faults that meanwhile time out and are tried again.
 */
import {
  actor,
  bool,
  claim,
  count_of,
  eventually,
  goto,
  move_before,
  range,
  remove,
  routine,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  add_umem_to_per_mm,
  down_read,
  down_write,
  ib_umem_notifier_invalidate_range_end,
  ib_umem_notifier_invalidate_range_start,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const k = shared({
  umem_rwsem: rw_semaphore(),
  usable: bool, // the region: mn_counters_active until 4.19
  told: bool, // the invalidation has called the region
  notifier_count: range(0, 1), // until 4.19
  no_private_counters: bool, // the region is on that list, until 4.19
});

const invalidate = actor("invalidate", {}, () => ({
  start: ib_umem_notifier_invalidate_range_start(
    k.umem_rwsem,
    routine("invalidate_range_start_trampoline", {}, () => ({
      call: ["for each region in the range: unmap from the device", set(k.told, k.usable)],
    })),
  ),
  zap: ["core mm takes the pages away"],
  end: [
    "invalidate_range_end(): up_read(&per_mm->umem_rwsem)",
    ib_umem_notifier_invalidate_range_end(k.umem_rwsem),
    set(k.told, false),
  ],
}));

const reg = actor("reg", {}, () => ({
  add: add_umem_to_per_mm(k.umem_rwsem, set(k.usable, true)),
})).as("registers a region");

const invalidate_4_19 = actor("invalidate_4_19", { zero_notifiers: bool }, (me) => ({
  start: [
    "start_account(): atomic_inc(&context->notifier_count)",
    set(k.notifier_count, k.notifier_count.plus(1)),
  ],
  start_lock: ["down_read(&context->umem_rwsem)", down_read(k.umem_rwsem)],
  call: ["for each region in the range; up_read()", up_read(k.umem_rwsem)],
  zap: ["core mm takes the pages away"],
  end_account: [
    "end_account(): atomic_dec_and_test(&context->notifier_count)",
    set(k.notifier_count, k.notifier_count.minus(1)),
    set(me.zero_notifiers, k.notifier_count.eq(0)),
  ],
  list_empty: [
    "if (!zero_notifiers || list_empty(&context->no_private_counters)) return",
    when(me.zero_notifiers.and(k.no_private_counters).not(), [goto("done")]),
  ],
  end_lock: down_write(k.umem_rwsem),
  activate: [
    "if (!atomic_read(&context->notifier_count)) mn_counters_active = true",
    when(k.notifier_count.eq(0), [set(k.usable, true), set(k.no_private_counters, false)]),
  ],
  end_unlock: ["up_write(&context->umem_rwsem)", up_write(k.umem_rwsem)],
})).times(0);

const reg_4_19 = actor("reg_4_19", {}, () => ({
  lock: down_write(k.umem_rwsem),
  notifier_count: [
    "if (!atomic_read(&context->notifier_count)) mn_counters_active = true",
    when(k.notifier_count.eq(0), [set(k.usable, true), goto("unlock")]),
  ],
  list_add: ["else list_add(&context->no_private_counters)", set(k.no_private_counters, true)],
  unlock: ["up_write(&context->umem_rwsem)", up_write(k.umem_rwsem)],
}))
  .times(0)
  .as("registers a region");

export default spec({
  name: "odp-deferred-add-purgatory",
  doc: "a region that is registered during an invalidation waits for an end that has passed",
  race: {
    year: 2018,
    subsystem: "RDMA ODP",
    class: "lost wake-up / wait for ever",
  },
  configs: { ci: {} },
  shared: k,
  actors: { invalidate, reg, invalidate_4_19, reg_4_19 },
  always: {
    no_region_misses_an_invalidation: claim(
      "an invalidation that takes pages away has called every usable region",
      some(invalidate, (i) => i.at("zap")).implies(k.usable.implies(k.told)),
    ),
  },
  reachable: {
    registration_waits: some(reg, (r) => r.at("add.down_write.slow")),
    region_hears_of_the_invalidation: k.told,
  },
  liveness: {
    region_becomes_usable: eventually(k.usable, "a registered region becomes usable"),
  },
  bugs: {
    deferred_to_an_end_that_has_passed: {
      doc: "notifier_count is read, then the region added to the list, while the last one leaves",
      from: "ca748c39ea3f",
      breaks: "region_becomes_usable",
      order: [
        ...["invalidate_4_19.start", "reg_4_19.notifier_count"],
        ...["invalidate_4_19.end_account", "invalidate_4_19.list_empty", "reg_4_19.list_add"],
      ],
      change: [
        ...[count_of(invalidate, 0), count_of(reg, 0)],
        ...[count_of(invalidate_4_19, 1), count_of(reg_4_19, 1)],
      ],
    },
  },
  mutants: {
    registers_without_the_lock: {
      doc: "a region is added inside a window of which it has not heard the start",
      from: "add_umem_to_per_mm()",
      breaks: "no_region_misses_an_invalidation",
      change: [
        remove(reg, "add.down_write.fast"),
        remove(reg, "add.down_write.slow"),
        remove(reg, "add.up_write"),
      ],
    },
    unlocks_at_the_end_of_start: {
      doc: "umem_rwsem is read for the callbacks only, not until range_end",
      from: "ib_umem_notifier_invalidate_range_start()",
      breaks: "no_region_misses_an_invalidation",
      change: [move_before(invalidate, "end", "zap")],
    },
  },
});
