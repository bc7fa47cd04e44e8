/**
 * A child of an implicit memory region is destroyed while a page fault adds another one in its
 * place: both update the same entry of the device.
 *
 * Claim    The entry of the device (KLM) says what the list of children says: looking the child up
 *          and posting the entry is one section under umem_mutex, after every change of the list.
 * Source   "RDMA/mlx5: Fix a race with mlx5_ib_update_xlt on an implicit MR" (2/6, 2019),
 *          linux-rdma <20191001153821.23621-3-jgg@ziepe.ca> with the diagram that `order` repeats;
 *          drivers/infiniband/hw/mlx5/odp.c: mlx5_odp_populate_klm (now populate_ksm),
 *          implicit_mr_get_data, mr_leaf_free_action.
 * Omits    SRCU, which keeps a child that a fault still uses (synchronize_srcu() in
 *          mr_leaf_free_action); imr->live; the pages of the children; errors of the post.
 */
import {
  actor,
  assert,
  claim,
  goto,
  move_after,
  move_before,
  oneOf,
  remove,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";

const Child = oneOf("null_mkey", "old_child", "new_child");

const k = shared({
  umem_mutex: mutex(), // of the implicit MR
  children: Child.init("old_child"), // what odp_lookup() finds at that place
  klm: Child.init("old_child"), // the entry of the device
});

const leaf_free = actor("leaf_free", { pklm: Child }, (me) => ({
  unlink: ["mr_leaf_free_action(): mr->parent = NULL", set(k.children, "null_mkey")],
  lock: ["mutex_lock(&odp_imr->umem_mutex)", mutex_lock(k.umem_mutex)],
  populate: ["mlx5_ib_update_xlt(): mlx5_odp_populate_klm()", set(me.pklm, k.children)],
  post: ["  mlx5_ib_post_send_wait()", set(k.klm, me.pklm)],
  unlock: ["mutex_unlock(&odp_imr->umem_mutex)", mutex_unlock(k.umem_mutex)],
  free: [
    "mlx5_mr_cache_free(): the key of the old child is gone",
    assert("device_uses_a_destroyed_key", k.klm.ne("old_child"), "the KLM still names it"),
  ],
})).as("work: frees a child");

const fault = actor("fault", { pklm: Child }, (me) => ({
  lock: ["implicit_mr_get_data(): mutex_lock(&odp_mr->umem_mutex)", mutex_lock(k.umem_mutex)],
  lookup: ["odp_lookup(): is there a child?", when(k.children.ne("null_mkey"), [goto("unlock")])],
  alloc: ["implicit_mr_alloc(): a child into the interval tree", set(k.children, "new_child")],
  populate: ["mlx5_ib_update_xlt(): mlx5_odp_populate_klm()", set(me.pklm, k.children)],
  post: ["  mlx5_ib_post_send_wait()", set(k.klm, me.pklm)],
  unlock: ["mutex_unlock(&odp_mr->umem_mutex)", mutex_unlock(k.umem_mutex)],
})).as("page fault of the device");

export default spec({
  name: "mlx5-xlt-zap-overwrite",
  doc: "a child is destroyed and another one added: the older update of the device comes last",
  race: { year: 2019, subsystem: "RDMA mlx5 ODP", class: "lost write / lost update" },
  configs: { ci: {} },
  shared: k,
  actors: { leaf_free, fault },
  at_rest: {
    klm_is_current: claim("the KLM names the child that is on the list", k.klm.eq(k.children)),
  },
  reachable: {
    zap_posts_the_new_child: some(leaf_free, (f) => f.at("post").and(f.local.pklm.eq("new_child"))),
    fault_comes_after_the_zap: k.klm.eq("null_mkey").and(some(fault, (f) => f.at("post"))),
  },
  bugs: {
    updated_without_the_mutex: {
      doc: "the work looks up and posts without umem_mutex",
      from: "linux-rdma 20191001153821.23621-3-jgg@ziepe.ca",
      breaks: "klm_is_current",
      order: [
        ...["leaf_free.populate", "fault.alloc", "fault.populate", "fault.post"],
        ...["leaf_free.post"],
      ],
      change: [remove(leaf_free, "lock"), remove(leaf_free, "unlock")],
    },
  },
  mutants: {
    looks_up_before_the_lock: {
      doc: "only the post is under umem_mutex",
      from: "mlx5_odp_populate_klm()",
      breaks: "klm_is_current",
      change: [move_before(leaf_free, "populate", "lock")],
    },
    posts_after_the_unlock: {
      doc: "only the lookup is under umem_mutex",
      from: "mlx5_odp_populate_klm()",
      breaks: "klm_is_current",
      change: [move_after(leaf_free, "post", "unlock")],
    },
    key_destroyed_before_the_update: {
      doc: "the device is told when the key is gone already",
      from: "mr_leaf_free_action()",
      breaks: "device_uses_a_destroyed_key",
      change: [move_before(leaf_free, "free", "lock")],
    },
  },
});
