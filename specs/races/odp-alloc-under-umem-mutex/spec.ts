/**
 * Deregistration takes a lock under umem_mutex under which others allocate memory, and reclaim
 * comes back to umem_mutex through the notifier.
 *
 * Claim    The lock of the key cache is never requested under umem_mutex: the key is revoked in a
 *          section of its own, and goes to the cache afterwards.
 * Source   "IB/mlx5: Fix potential deadlock in MR deregistration", linux-rdma
 *          <3c8f225a8a9fade647d19b014df1172544643e4a.1750061612.git.leon@kernel.org>, with the
 *          annotation for lockdep and its diagram in
 *          <9d31b9d8fe1db648a9f47cec3df6b8463319dee5.1750061698.git.leon@kernel.org>;
 *          drivers/infiniband/hw/mlx5/mr.c: mlx5_umr_revoke_mr_with_lock, cache_ent_find_and_store,
 *          mlx5_mkey_cache_init; odp.c: mlx5_ib_invalidate_range.
 * Omits    the twin for dma-buf; the interval notifier of the region; kswapd, which holds no lock
 *          of the driver when it calls the notifier.
 */
import {
  actor,
  assert,
  bool,
  goto,
  move_after,
  remove,
  routine,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { may_reclaim, mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";

const k = shared({
  umem_mutex: mutex(),
  rb_lock: mutex(), // dev->cache.rb_lock
  private: bool.init(true), // umem_odp->private: the region
  mkey: bool.init(true), // valid in the hardware
});

const dereg = actor("dereg", {}, () => ({
  lock: ["mlx5_umr_revoke_mr_with_lock(): mutex_lock(&umem_mutex)", mutex_lock(k.umem_mutex)],
  revoke: ["mlx5r_umr_revoke_mr(mr)", set(k.mkey, false)],
  clear: ["umem_odp->private = NULL", set(k.private, false)],
  unlock: ["mutex_unlock(&umem_mutex)", mutex_unlock(k.umem_mutex)],
  rb_lock: ["cache_ent_find_and_store(): mutex_lock(&cache->rb_lock)", mutex_lock(k.rb_lock)],
  rb_unlock: ["store the key; mutex_unlock(&cache->rb_lock)", mutex_unlock(k.rb_lock)],
})).as("ib_dereg_mr()");

const mlx5_ib_invalidate_range = routine("mlx5_ib_invalidate_range", {}, () => ({
  lock: ["mutex_lock(&umem_odp->umem_mutex)", mutex_lock(k.umem_mutex)],
  private: ["if (!umem_odp->private) goto out", when(k.private.not(), [goto("out")])],
  update_xlt: [
    "mlx5r_umr_update_xlt()",
    assert("work_request_with_a_revoked_key", k.mkey, "the queue goes to the error state"),
  ],
  out: ["mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(k.umem_mutex)],
}));

const cache_init = actor("cache_init", {}, () => ({
  rb_lock: ["mlx5_mkey_cache_init(): mutex_lock(&cache->rb_lock)", mutex_lock(k.rb_lock)],
  create_ent: may_reclaim(
    "mlx5r_cache_create_ent_locked(): kzalloc(GFP_KERNEL)",
    mlx5_ib_invalidate_range,
  ),
  rb_unlock: ["mutex_unlock(&cache->rb_lock)", mutex_unlock(k.rb_lock)],
})).as("another device is added");

export default spec({
  name: "odp-alloc-under-umem-mutex",
  doc: "a lock under which memory is allocated is taken under the lock of the notifier",
  race: {
    year: 2025,
    subsystem: "RDMA mlx5",
    class: "deadlock",
    bug_in_fix_of: "mlx5-revoke-vs-invalidate",
  },
  configs: { ci: {} },
  shared: k,
  actors: { dereg, cache_init },
  reachable: {
    reclaim_skips_the_region: k.private
      .not()
      .and(some(cache_init, (c) => c.at("create_ent.reclaim.out"))),
    reclaim_comes_under_rb_lock: some(cache_init, (c) => c.at("create_ent.reclaim.update_xlt")),
  },
  bugs: {
    stored_under_umem_mutex: {
      doc: "umem_mutex is held until the key is in the cache",
      from: "IB/mlx5: Fix potential deadlock in MR deregistration",
      breaks: "deadlock",
      order: ["dereg.lock", "cache_init.rb_lock", "cache_init.create_ent.alloc"],
      change: [move_after(dereg, "unlock", "rb_unlock")],
    },
  },
  mutants: {
    revoked_without_umem_mutex: {
      doc: "no order of locks, and the race again that umem_mutex was taken for",
      from: "abb604a1a9c8",
      breaks: "work_request_with_a_revoked_key",
      change: [remove(dereg, "lock"), remove(dereg, "clear"), remove(dereg, "unlock")],
    },
    unlocked_after_the_cache_lock_is_taken: {
      doc: "umem_mutex is dropped early, and still too late",
      from: "cache_ent_find_and_store()",
      breaks: "deadlock",
      change: [move_after(dereg, "unlock", "rb_lock")],
    },
  },
});
