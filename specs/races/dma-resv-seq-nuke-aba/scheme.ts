/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  assert,
  bool,
  goto,
  ite,
  oneOf,
  range,
  replace,
  retry,
  set,
  shared,
  wait,
  when,
} from "mmrace";
import {
  read_seqcount_begin,
  read_seqcount_end,
  read_seqcount_retry,
  seqcount,
  write_seqcount_begin,
  write_seqcount_end,
} from "mmrace/kernel";

/** Where fences are: a slab with SLAB_TYPESAFE_BY_RCU gives the memory out again at once. */
const Memory = oneOf("a", "b");

export const k = shared({
  seq: seqcount(), // obj->seq
  fence_excl: Memory,
  shared_count: range(0, 1, 1), // obj->fence->shared_count
  shared_pending: bool.init(true), // the one shared fence
  a_pending: bool, // first of E, which has signalled
  b_pending: bool,
  was_idle: bool, // since the reader began
});

const excl_pending = ite(k.fence_excl.eq("a"), k.a_pending, k.b_pending);
export const idle_now = excl_pending.or(k.shared_count.gt(0).and(k.shared_pending)).not();
const note = when(idle_now, [set(k.was_idle, true)]);

export const writer = actor("writer", {}, () => ({
  init_f: ["dma_fence_init(F)", set(k.b_pending, true)],
  begin_f: ["dma_resv_add_excl_fence(F): write_seqcount_begin()", write_seqcount_begin(k.seq)],
  store_f: ["  RCU_INIT_POINTER(obj->fence_excl, F)", set(k.fence_excl, "b"), note],
  clear: ["  old->shared_count = 0", set(k.shared_count, 0), note],
  end_f: ["  write_seqcount_end()", write_seqcount_end(k.seq)],
  put_e: ["  dma_fence_put(E): the last, its memory is free"],
  init_g: ["dma_fence_init(G), in the memory of E", set(k.a_pending, true)],
  begin_g: ["dma_resv_add_excl_fence(G): write_seqcount_begin()", write_seqcount_begin(k.seq)],
  store_g: ["  RCU_INIT_POINTER(obj->fence_excl, G)", set(k.fence_excl, "a"), note],
  end_g: ["  write_seqcount_end()", write_seqcount_end(k.seq)],
})).as("submits twice, dma_resv held");

export const device = actor("device", {}, () => ({
  shared: ["dma_fence_signal(): the shared fence", set(k.shared_pending, false), note],
  f: ["dma_fence_signal(F)", wait(k.b_pending), set(k.b_pending, false), note],
  g: ["dma_fence_signal(G)", wait(k.a_pending), set(k.a_pending, false), note],
})).as("one job after the other");

export const reader = actor("reader", { excl: Memory }, (me) => ({
  begin: [
    "seq = read_seqcount_begin(&obj->seq)",
    read_seqcount_begin(k.seq),
    set(k.was_idle, idle_now),
  ],
  excl: ["fence_excl = rcu_dereference(obj->fence_excl)", set(me.excl, k.fence_excl)],
  test_excl: [
    "if (!dma_fence_is_signaled(fence_excl)) busy",
    when(ite(me.excl.eq("a"), k.a_pending, k.b_pending), [goto("busy")]),
  ],
  shared: [
    "for (i = 0; i < fobj->shared_count; i++): signaled?",
    when(k.shared_count.gt(0).and(k.shared_pending), [goto("busy")]),
  ],
  retry: [
    "if (read_seqcount_retry(&obj->seq, seq)) goto retry",
    when(read_seqcount_retry(k.seq), [retry(), goto("begin")]),
  ],
  idle: [
    "the object is idle",
    read_seqcount_end(k.seq),
    assert("idle_while_busy", k.was_idle, "it was busy all the time"),
    goto("done"),
  ],
  busy: ["wait for that fence", read_seqcount_end(k.seq)],
})).as("without dma_resv");

/** What the number was replaced by. */
export const compare_pointers = replace(reader, "retry", [
  "if (rcu_dereference(obj->fence_excl) != fence_excl) goto retry",
  when(k.fence_excl.ne(reader.me.excl), [retry(), goto("begin")]),
]);
