/**
 * An invalidation inside an invalidation, a lock that is read from start to end of each, and a
 * writer that queues in between.
 *
 * Claim    An unmap that splits a huge page on its way calls the notifiers twice, nested, and gets
 *          to its end whoever registers a region meanwhile: nothing is locked from start to end,
 *          invalidations are counted, and the new region waits with its page faults only.
 * Source   commit f25a546e6529 "RDMA/odp: Use mmu_interval_notifier_insert()" (Fixes ca748c39ea3f),
 *          linux-rdma <20191112202231.3856-6-jgg@ziepe.ca> with the call tree; mm/memory.c:
 *          zap_page_range, unmap_page_range; mm/huge_memory.c: __split_huge_pmd;
 *          mm/mmu_notifier.c. KVM met the same with an rwsem (52ac8b358b0c).
 * Omits    umem_mutex (a section under it is one step); mmap_lock; page faults in the older form.
 */
import {
  choose,
  claim,
  count_of,
  eventually,
  every,
  move_before,
  replace,
  set,
  some,
  spec,
} from "mmrace";
import { k, reg, reg_5_3, unmap, unmap_5_3 } from "./scheme.ts";

export default spec({
  name: "odp-nested-start-rwsem",
  doc: "a nested invalidation asks again for a lock for which a writer waits",
  race: {
    year: 2019,
    subsystem: "RDMA ODP",
    class: "deadlock",
    bug_in_fix_of: "odp-deferred-add-purgatory",
  },
  configs: { ci: {} },
  shared: k,
  actors: { unmap, reg, unmap_5_3, reg_5_3 },
  always: {
    no_stale_device_pte: claim("the device maps what the CPU maps", k.mapped.implies(k.pte)),
  },
  reachable: {
    registered_between_two_starts: some(unmap, (u) => u.at("split_start")).and(
      some(reg, (r) => r.at("read_begin.wait_event")),
    ),
    region_maps_the_page: k.mapped,
  },
  liveness: {
    unmap_ends: eventually(
      every(unmap, (u) => u.at("done")),
      "the unmap gets to its end",
    ),
    registration_ends: eventually(
      every(reg, (r) => r.at("done")),
      "the region is registered, and its page fault ends",
    ),
  },
  bugs: {
    umem_rwsem_from_start_to_end: {
      doc: "umem_rwsem is read from start to end, and the nested start queues behind a writer",
      from: "f25a546e6529, Fixes ca748c39ea3f",
      breaks: "deadlock",
      order: ["unmap_5_3.start.down_read", "reg_5_3.add.down_write.fast"],
      change: [
        ...[count_of(unmap, 0), count_of(reg, 0)],
        ...[count_of(unmap_5_3, 1), count_of(reg_5_3, 1)],
      ],
    },
  },
  mutants: {
    inserted_into_a_frozen_tree: {
      doc: "a region that comes inside the window counts as not being invalidated",
      from: "mm/mmu_notifier.c: __mmu_interval_notifier_insert()",
      breaks: "no_stale_device_pte",
      change: [
        replace(reg, "insert", [
          "interval_tree_insert()",
          choose(reg.me.umem),
          set(k.umem.at(reg.me.umem).place, "in_tree"),
        ]),
      ],
    },
    window_closes_before_the_zap: {
      doc: "the region maps the page again before its entry is cleared",
      from: "Documentation/mm/mmu_notifier.rst",
      breaks: "no_stale_device_pte",
      change: [move_before(unmap, "end", "zap")],
    },
  },
});
