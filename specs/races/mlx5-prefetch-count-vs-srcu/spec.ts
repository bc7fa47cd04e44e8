/**
 * A memory region is deregistered while a prefetch for it is about to be queued.
 *
 * Claim    No prefetch works on a freed region: the counter of pending ones is read when nobody can
 *          increment it any more, after synchronize_srcu().
 * Source   commit aa116b810ac9 "RDMA/mlx5: Order num_pending_prefetch properly with
 *          synchronize_srcu", linux-rdma <20191018220324.8165-38-sashal@kernel.org> with the
 *          diagram that `order` repeats; drivers/infiniband/hw/mlx5/mr.c: dereg_mr; odp.c:
 *          num_pending_prefetch_inc, mlx5_ib_prefetch_mr_work (5.4).
 * Omits    several prefetches; page faults, which are readers of the same srcu_struct; the flush is
 *          of the whole workqueue.
 */
import {
  actor,
  assert,
  bool,
  goto,
  move_before,
  range,
  remove,
  routine,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  flush_work,
  queue_work,
  srcu_read_lock,
  srcu_read_unlock,
  srcu_struct,
  synchronize_srcu,
  work_struct,
  worker,
} from "mmrace/kernel";

const k = shared({
  mr_srcu: srcu_struct(),
  live: bool.init(true), // mr->live
  num_pending_prefetch: range(0, 1),
  work: work_struct(),
  allocated: bool.init(true),
});

const in_use = assert("use_after_free", k.allocated, "the region has been freed");

const dereg = actor("dereg", {}, () => ({
  live: ["mr->live = 0", set(k.live, false)],
  synchronize: synchronize_srcu(k.mr_srcu),
  pending: [
    "if (atomic_read(&mr->num_pending_prefetch))",
    when(k.num_pending_prefetch.eq(0), [goto("flushed")]),
  ],
  flush: flush_work(k.work),
  flushed: ["no prefetch is pending"],
  free: ["kfree(mr)", set(k.allocated, false)],
})).as("dereg_mr()");

const prefetch = actor("prefetch", {}, () => ({
  srcu_lock: ["srcu_read_lock(&dev->mr_srcu)", srcu_read_lock(k.mr_srcu)],
  is_live: ["if (!mr->live) goto out", when(k.live.not(), [goto("srcu_unlock")])],
  inc: [
    "num_pending_prefetch_inc(): atomic_inc(&mr->num_pending_prefetch)",
    in_use,
    set(k.num_pending_prefetch, 1),
  ],
  queue: ["queue_work(system_unbound_wq, &work->work)", queue_work(k.work)],
  srcu_unlock: ["srcu_read_unlock(&dev->mr_srcu)", srcu_read_unlock(k.mr_srcu)],
})).as("advise_mr ioctl");

const kworker = worker("kworker", {
  prefetch: [
    k.work,
    routine("mlx5_ib_prefetch_mr_work", {}, () => ({
      pagefault: ["pagefault_mr(mr)", in_use],
      dec: ["atomic_dec(&mr->num_pending_prefetch)", in_use, set(k.num_pending_prefetch, 0)],
    })),
  ],
});

export default spec({
  name: "mlx5-prefetch-count-vs-srcu",
  doc: "a prefetch is counted after deregistration has looked at the counter",
  race: { year: 2019, subsystem: "RDMA mlx5 ODP", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { dereg, prefetch, kworker },
  reachable: {
    dereg_waits_for_the_reader: some(dereg, (d) => d.at("synchronize.wait")),
    dereg_flushes_the_prefetch: some(dereg, (d) => d.at("flush.wait")),
  },
  bugs: {
    counter_read_before_synchronize_srcu: {
      doc: "the counter is read, and nothing flushed, while a reader has not incremented it yet",
      from: "aa116b810ac9",
      breaks: "use_after_free",
      order: [
        ...["prefetch.is_live", "dereg.live", "dereg.pending", "prefetch.inc", "prefetch.queue"],
        ...["prefetch.srcu_unlock", "dereg.free", "kworker.prefetch_func"],
      ],
      change: [
        move_before(dereg, "synchronize.start", "free"),
        move_before(dereg, "synchronize.wait", "free"),
      ],
    },
  },
  mutants: {
    counter_is_incremented_after_the_queueing: {
      doc: "outside the read section",
      from: "num_pending_prefetch_inc()",
      breaks: "use_after_free",
      change: [move_before(prefetch, "srcu_unlock", "inc")],
    },
    does_not_synchronize: {
      doc: "a reader that has found the region alive goes on",
      from: "dereg_mr()",
      breaks: "use_after_free",
      change: [remove(dereg, "synchronize.start"), remove(dereg, "synchronize.wait")],
    },
  },
});
