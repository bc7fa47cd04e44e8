/**
 * A cached node is looked up under the lock and referenced after it, while eviction frees nodes
 * that nobody refers to.
 *
 * Claim    A node that was found is not freed before it is put, because its reference is taken
 *          under the lock under which eviction looks at it.
 * Source   commit 00cbce5cbf88 "IB/hfi1: Fix bugs with non-PAGE_SIZE-end multi-iovec user SDMA
 *          requests" (item 3), linux-rdma
 *          <168088636445.3027109.10054635277810177889.stgit@252.162.96.66.static.eigbox.net>;
 *          drivers/infiniband/hw/hfi1/mmu_rb.c: hfi1_mmu_rb_get_first, hfi1_mmu_rb_evict;
 *          pin_system.c (user_sdma.c then).
 * Omits    the MMU notifier, which removes nodes, too; that nodes are freed in a work item.
 */
import {
  actor,
  assert,
  bool,
  goto,
  move_after,
  move_before,
  range,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { spin_lock, spin_unlock, spinlock } from "mmrace/kernel";

const k = shared({
  lock: spinlock(), // handler->lock
  in_tree: bool.init(true),
  refcount: range(0, 1),
  allocated: bool.init(true),
});

const in_use = assert("use_after_free", k.allocated, "the node has been freed");

const lookup = actor("lookup", {}, () => ({
  lock: ["spin_lock(&handler->lock)", spin_lock(k.lock)],
  find: ["node = __mmu_rb_search()", when(k.in_tree.not(), [spin_unlock(k.lock), goto("done")])],
  get: ["kref_get(&node->refcount)", in_use, set(k.refcount, 1)],
  unlock: ["spin_unlock(&handler->lock)", spin_unlock(k.lock)],
  use: ["SDMA from the pinned pages", in_use],
  put: ["kref_put(&node->refcount)", in_use, set(k.refcount, 0)],
})).as("a user SDMA request");

const evict = actor("evict", { keep: bool }, (me) => ({
  lock: ["hfi1_mmu_rb_evict(): spin_lock(&handler->lock)", spin_lock(k.lock)],
  check: ["if (kref_read(&node->refcount)) keep it", set(me.keep, k.refcount.gt(0))],
  remove: [
    "else __mmu_int_rb_remove(node)",
    when(me.keep, [goto("unlock")]),
    set(k.in_tree, false),
  ],
  free: ["unpin the pages, kfree(node)", set(k.allocated, false)],
  unlock: ["spin_unlock(&handler->lock)", spin_unlock(k.lock)],
})).as("another request needs the memory");

export default spec({
  name: "hfi1-rb-get-outside-lock",
  doc: "a node of the pin cache is referenced after the lock under which it was found",
  race: { year: 2023, subsystem: "RDMA hfi1", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { lookup, evict },
  always: {
    node_in_the_tree_exists: k.in_tree.implies(k.allocated),
  },
  reachable: {
    node_is_kept: k.refcount.gt(0).and(some(evict, (e) => e.at("unlock"))),
    node_is_evicted: k.allocated.not(),
  },
  bugs: {
    referenced_after_the_unlock: {
      doc: "the node is found under the lock, and referenced when the lock has been dropped",
      from: "00cbce5cbf88",
      breaks: "use_after_free",
      order: ["lookup.find", "lookup.unlock", "evict.check", "evict.free", "lookup.get"],
      change: [move_after(lookup, "get", "unlock")],
    },
  },
  mutants: {
    count_read_before_the_lock: {
      doc: "eviction decides before it holds the lock",
      from: "hfi1_mmu_rb_evict()",
      breaks: "use_after_free",
      change: [move_before(evict, "check", "lock")],
    },
  },
});
