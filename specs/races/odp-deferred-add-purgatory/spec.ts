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
import { claim, count_of, eventually, move_before, remove, some, spec } from "mmrace";
import { invalidate, invalidate_4_19, k, reg, reg_4_19 } from "./scheme.ts";

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
