/**
 * A lock-free reader looks at the exclusive fence, then at the shared ones, and finds the exclusive
 * fence unchanged: it is another one at the same address.
 *
 * Claim    Who finds no pending fence, and the sequence number unchanged, has seen an object that
 *          was idle at some time since. Comparing the pointer instead is not enough, because the
 *          memory of a fence may be used again even inside an RCU read section.
 * Source   "dma-buf: nuke reservation_object seq number" (5d344f58da76), taken back by "dma-buf:
 *          Restore seqlock around dma_resv updates" (b016cd6ed4b7); linaro-mm-sig
 *          <156502126144.28464.11399426968315988701@skylake-alporthouse-com> and the thread of
 *          <156580490488.2301.13016323606611473445@skylake-alporthouse-com>;
 *          drivers/dma-buf/dma-resv.c: dma_resv_add_excl_fence, dma_resv_wait_timeout_rcu,
 *          dma_resv_iter_first_unlocked (5.16: the scheme here; in 7.3 one list, and no seq).
 * Omits    waiting: who finds a pending fence says busy. Hence the references that a reader takes
 *          of pending fences; several shared fences; memory barriers, which are a point of the
 *          thread, too; that the list itself is replaced.
 */
import {
  actor,
  assert,
  bool,
  claim,
  goto,
  ite,
  move_before,
  oneOf,
  range,
  remove,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
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

const k = shared({
  seq: seqcount(), // obj->seq
  fence_excl: Memory,
  shared_count: range(0, 1, 1), // obj->fence->shared_count
  shared_pending: bool.init(true), // the one shared fence
  a_pending: bool, // first of E, which has signalled
  b_pending: bool,
  was_idle: bool, // since the reader began
});

const excl_pending = ite(k.fence_excl.eq("a"), k.a_pending, k.b_pending);
const idle_now = excl_pending.or(k.shared_count.gt(0).and(k.shared_pending)).not();
const note = when(idle_now, [set(k.was_idle, true)]);

const writer = actor("writer", {}, () => ({
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

const device = actor("device", {}, () => ({
  shared: ["dma_fence_signal(): the shared fence", set(k.shared_pending, false), note],
  f: ["dma_fence_signal(F)", wait(k.b_pending), set(k.b_pending, false), note],
  g: ["dma_fence_signal(G)", wait(k.a_pending), set(k.a_pending, false), note],
})).as("one job after the other");

const reader = actor("reader", { excl: Memory }, (me) => ({
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
const compare_pointers = replace(reader, "retry", [
  "if (rcu_dereference(obj->fence_excl) != fence_excl) goto retry",
  when(k.fence_excl.ne(reader.me.excl), [retry(), goto("begin")]),
]);

export default spec({
  name: "dma-resv-seq-nuke-aba",
  doc: "an exclusive fence is replaced twice, and the second new one has the address of the first",
  race: {
    year: 2019,
    subsystem: "dma-buf dma_resv",
    class: "isolation, ordering, wrong decision, spurious failure",
  },
  configs: { ci: {} },
  shared: k,
  actors: { writer, device, reader },
  at_rest: {
    both_fences_signalled: claim("the object is idle", idle_now),
  },
  reachable: {
    same_address_another_number: some(reader, (r) =>
      r
        .at("retry")
        .and(k.seq.read.at(r.proc).eq("stale"), k.fence_excl.eq("a"), r.local.excl.eq("a")),
    ).and(k.a_pending),
    idle_object_is_found_idle: some(reader, (r) => r.at("idle")),
  },
  bugs: {
    pointer_compared_instead_of_the_number: {
      doc: "the reader tries again only if the exclusive fence is at another address",
      from: "5d344f58da76",
      breaks: "idle_while_busy",
      order: [
        ...["reader.excl", "reader.test_excl", "writer.store_f", "writer.init_g"],
        ...["writer.store_g", "reader.shared", "reader.retry", "reader.idle"],
      ],
      change: [compare_pointers],
    },
  },
  mutants: {
    number_not_compared_when_nothing_is_found: {
      doc: "dma_resv_wait_timeout_rcu(), which compares only if it has a fence to wait for",
      from: "drivers/dma-buf/dma-resv.c: dma_resv_wait_timeout_rcu()",
      breaks: "idle_while_busy",
      change: [remove(reader, "retry")],
    },
    stored_after_the_number: {
      doc: "the write section ends before the two stores",
      from: "dma_resv_add_excl_fence()",
      breaks: "idle_while_busy",
      change: [move_before(writer, "end_f", "store_f")],
    },
  },
});
