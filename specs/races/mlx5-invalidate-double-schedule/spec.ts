/**
 * Two invalidations unmap the last pages of one region, and both believe to be the last.
 *
 * Claim    The destruction of a region is scheduled once: pages are unmapped, counted, and the
 *          region declared dying in one section under umem_mutex.
 * Source   "RDMA/odp: Lift umem_mutex out of ib_umem_odp_unmap_dma_pages()" (3/6, 2019);
 *          drivers/infiniband/hw/mlx5/odp.c: mlx5_ib_invalidate_range;
 *          drivers/infiniband/core/umem_odp.c: ib_umem_odp_unmap_dma_pages.
 * Omits    umem_rwsem, which both invalidations hold for read; the work, which destroys the child
 *          of an implicit region.
 */
import {
  actor,
  assert,
  bool,
  claim,
  goto,
  insert_after,
  range,
  replace,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";

const k = shared({
  umem_mutex: mutex(),
  npages: range(0, 2, 2), // umem_odp->npages
  dying: bool, // umem_odp->dying
  scheduled: bool, // the work has been scheduled
});

const invalidate = actor("invalidate", {}, () => ({
  lock: ["mutex_lock(&umem_odp->umem_mutex)", mutex_lock(k.umem_mutex)],
  unmap: ["ib_umem_odp_unmap_dma_pages(): one page", set(k.npages, k.npages.minus(1))],
  is_last: [
    "if (!umem_odp->npages && !umem_odp->dying)",
    when(k.npages.gt(0).or(k.dying), [goto("out")]),
  ],
  schedule: [
    "  umem_odp->dying = 1; schedule_work(&umem_odp->work)",
    assert("scheduled_twice", k.scheduled.not(), "the region is destroyed twice"),
    set(k.dying, true),
    set(k.scheduled, true),
  ],
  out: ["mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(k.umem_mutex)],
}))
  .times(2)
  .as("mmu notifier");

export default spec({
  name: "mlx5-invalidate-double-schedule",
  doc: "two invalidations of one region schedule its destruction twice",
  race: { year: 2019, subsystem: "RDMA mlx5 ODP", class: "double free / double action" },
  configs: { ci: {} },
  shared: k,
  actors: { invalidate },
  at_rest: {
    empty_region_is_destroyed: claim("the region is empty and destroyed", k.scheduled),
  },
  reachable: {
    region_is_not_empty_yet: some(invalidate, (i) => i.at("is_last")).and(k.npages.gt(0)),
  },
  bugs: {
    tested_outside_the_mutex: {
      doc: "umem_mutex is held inside ib_umem_odp_unmap_dma_pages() only",
      from: "RDMA/odp: Lift umem_mutex out of ib_umem_odp_unmap_dma_pages()",
      breaks: "scheduled_twice",
      order: [
        ...["invalidate.unmap", "invalidate.unmap", "invalidate.is_last", "invalidate.is_last"],
        ...["invalidate.schedule", "invalidate.schedule"],
      ],
      change: [
        insert_after(invalidate, "unmap", {
          unmapped: ["  mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(k.umem_mutex)],
        }),
        replace(invalidate, "out", ["return"]),
      ],
    },
  },
  mutants: {
    emptiness_is_not_tested: {
      doc: "the region is destroyed with a page left: the other invalidation destroys it again",
      from: "mlx5_ib_invalidate_range()",
      breaks: "scheduled_twice",
      change: [replace(invalidate, "is_last", ["(no test)"])],
    },
  },
});
