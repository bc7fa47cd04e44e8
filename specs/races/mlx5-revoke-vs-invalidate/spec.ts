/**
 * A memory region is deregistered while an invalidation is on its way to the hardware with the key
 * of that region.
 *
 * Claim    No work request names a revoked key: the key is revoked, and the region made unreachable
 *          for later invalidations, in one section under umem_mutex.
 * Source   commit abb604a1a9c8 "RDMA/mlx5: Fix a race for an ODP MR which leads to CQE with error",
 *          linux-rdma <68a1e007c25b2b8fe5d625f238cc3b63e5341f77.1737290229.git.leon@kernel.org>;
 *          cc668a11e6ac is its twin for dma-buf, under the dma_resv;
 *          drivers/infiniband/hw/mlx5/mr.c: mlx5_revoke_mr; odp.c: mlx5_ib_invalidate_range.
 * Omits    the interval notifier, which is removed later (ib_umem_odp_release); the cache that the
 *          key may go back to instead; what the invalidation unmaps.
 */
import {
  actor,
  assert,
  bool,
  goto,
  move_after,
  remove,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";

const k = shared({
  umem_mutex: mutex(),
  private: bool.init(true), // umem_odp->private: the region
  mkey: bool.init(true), // valid in the hardware
});

const dereg = actor("dereg", {}, () => ({
  lock: ["mlx5_revoke_mr(): mutex_lock(&umem_odp->umem_mutex)", mutex_lock(k.umem_mutex)],
  revoke: ["mlx5r_umr_revoke_mr(mr)", set(k.mkey, false)],
  clear: ["umem_odp->private = NULL", set(k.private, false)],
  unlock: ["mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(k.umem_mutex)],
})).as("ib_dereg_mr()");

const invalidate = actor("invalidate", {}, () => ({
  lock: ["mlx5_ib_invalidate_range(): mutex_lock(&umem_odp->umem_mutex)", mutex_lock(k.umem_mutex)],
  private: ["if (!umem_odp->private) goto out", when(k.private.not(), [goto("out")])],
  update_xlt: [
    "mlx5r_umr_update_xlt(): post a work request with mr->mmkey",
    assert("work_request_with_a_revoked_key", k.mkey, "the queue goes to the error state"),
  ],
  out: ["mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(k.umem_mutex)],
})).as("mmu notifier");

export default spec({
  name: "mlx5-revoke-vs-invalidate",
  doc: "a memory region is invalidated after its key has been revoked",
  race: { year: 2025, subsystem: "RDMA mlx5 ODP", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { dereg, invalidate },
  reachable: {
    invalidation_is_skipped: k.private.not().and(some(invalidate, (i) => i.at("out"))),
    invalidation_comes_first: k.mkey.and(some(invalidate, (i) => i.at("done"))),
  },
  bugs: {
    revoked_without_the_mutex: {
      doc: "the key is revoked without umem_mutex, and the region stays reachable",
      from: "abb604a1a9c8",
      breaks: "work_request_with_a_revoked_key",
      order: ["dereg.revoke", "invalidate.lock", "invalidate.update_xlt"],
      change: [remove(dereg, "lock"), remove(dereg, "clear"), remove(dereg, "unlock")],
    },
  },
  mutants: {
    region_stays_reachable: {
      doc: "under the mutex, but the next invalidation still finds the region",
      from: "mlx5_revoke_mr()",
      breaks: "work_request_with_a_revoked_key",
      change: [remove(dereg, "clear")],
    },
    made_unreachable_after_the_unlock: {
      doc: "an invalidation that waits for the mutex comes first",
      from: "mlx5_revoke_mr()",
      breaks: "work_request_with_a_revoked_key",
      change: [move_after(dereg, "clear", "unlock")],
    },
    mutex_is_not_taken: {
      doc: "an invalidation that has found the region already goes on",
      from: "mlx5_revoke_mr()",
      breaks: "work_request_with_a_revoked_key",
      change: [remove(dereg, "lock"), remove(dereg, "unlock")],
    },
  },
});
