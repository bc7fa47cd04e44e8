/**
 * A fence replaces an older one in the list of a reservation object, and lock-free readers meet the
 * older one with its last reference dropped.
 *
 * Claim    A fence that is in the list has a reference, so a reader that can't get one has a newer
 *          fence to look at and need not spin until the writer has stored it.
 * Source   "dma-buf: fix busy wait for new shared fences" (2019), linaro-mm-sig
 *          <156511785146.6198.12664699085110516720@skylake-alporthouse-com>;
 *          drivers/dma-buf/dma-resv.c: dma_resv_add_shared_fence, dma_resv_get_fences_rcu (5.4;
 *          today dma_resv_add_fence and dma_resv_iter_first_unlocked, with dma_fence_get_rcu).
 * Omits    RCU, which keeps the memory of the old fence; seq, on which a reader waits when it
 *          begins inside the writer; other slots; that the older fence may have signalled.
 */
import {
  actor,
  assert,
  goto,
  move_before,
  oneOf,
  remove,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  refcount_inc_not_zero,
} from "mmrace/kernel";

const Slot = oneOf("old", "new");

const k = shared({
  shared_0: Slot, // fobj->shared[0]
  old: refcount(2, 1), // the list's
  fence: refcount(3, 1), // the caller's
});

const add = actor("add", {}, () => ({
  get: ["dma_fence_get(fence)", refcount_inc(k.fence)],
  store: ["RCU_INIT_POINTER(fobj->shared[i], fence)", set(k.shared_0, "new")],
  put: ["dma_fence_put(old)", refcount_dec_and_test(k.old, [])],
})).as("dma_resv_add_shared_fence()");

const reader = actor("reader", { seen: Slot }, (me) => ({
  load: ["fence = rcu_dereference(fobj->shared[i])", set(me.seen, k.shared_0)],
  get: [
    "if (!dma_fence_get_rcu(fence)) goto retry",
    when(me.seen.eq("new"), [refcount_inc_not_zero(k.fence, [], [goto("restart")])]).otherwise([
      refcount_inc_not_zero(k.old, [], [goto("restart")]),
    ]),
  ],
  put: [
    "use it; dma_fence_put(fence)",
    when(me.seen.eq("new"), [refcount_dec_and_test(k.fence, [])]).otherwise([
      refcount_dec_and_test(k.old, []),
    ]),
    goto("done"),
  ],
  restart: [
    "retry: is there another fence by now?",
    assert("spins_on_a_published_fence", k.shared_0.ne(me.seen), "a dead fence is in the list"),
    retry(),
    goto("load"),
  ],
})).as("dma_resv_get_fences_rcu()");

export default spec({
  name: "dma-resv-drop-old-fence-first",
  doc: "the fence that is replaced is dropped before the new one is there",
  race: { year: 2019, subsystem: "dma-buf dma_resv", class: "livelock / starvation" },
  configs: { ci: {} },
  shared: k,
  actors: { add, reader },
  at_rest: {
    old_fence_is_freed: k.old.count.eq(0),
    new_fence_is_in_the_list: k.fence.count.eq(2),
  },
  reachable: {
    reader_keeps_the_old_fence: k.shared_0.eq("new").and(k.old.count.eq(1)),
    reader_starts_again: some(reader, (r) => r.at("restart")),
  },
  bugs: {
    old_fence_dropped_first: {
      doc: "dma_fence_put(old), then the pointer to the new fence",
      from: "dma-buf: fix busy wait for new shared fences",
      breaks: "spins_on_a_published_fence",
      order: ["add.put", "reader.get", "reader.restart"],
      change: [move_before(add, "put", "store")],
    },
  },
  mutants: {
    reader_gets_blindly: {
      doc: "dma_fence_get() of a fence that may have none",
      from: "include/linux/dma-fence.h: dma_fence_get_rcu()",
      breaks: "use_after_free",
      change: [
        replace(reader, "get", [
          "dma_fence_get(fence)",
          when(reader.me.seen.eq("new"), [refcount_inc(k.fence)]).otherwise([refcount_inc(k.old)]),
        ]),
      ],
    },
    old_fence_is_kept: {
      doc: "the reference of the slot is never dropped",
      from: "dma_resv_add_shared_fence()",
      breaks: "old_fence_is_freed",
      change: [remove(add, "put")],
    },
  },
});
