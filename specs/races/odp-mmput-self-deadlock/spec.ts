/**
 * A page-fault worker drops its reference of the mm under umem_mutex; when it is the last one, the
 * teardown of the mm runs on the spot, and calls the notifier, which takes umem_mutex.
 *
 * Claim    The worker never tears an address space down under umem_mutex, because mmput_async()
 *          leaves that to another context. The documented self-deadlock shows as `recursive_lock`,
 *          at the request that would never be granted.
 * Source   "IB/core: Fix a nested dead lock as part of ODP flow" (Fixes 36f30e486dce, 2022);
 *          drivers/infiniband/core/umem_odp.c: ib_umem_odp_map_dma_and_lock; kernel/fork.c: mmput,
 *          mmput_async, __mmput; drivers/infiniband/hw/mlx5/odp.c: mlx5_ib_invalidate_range.
 * Omits    what is mapped; mmap_lock; that the interval notifier is still registered, which it is
 *          as long as the region exists.
 */
import {
  actor,
  claim,
  count_of,
  goto,
  remove,
  ret,
  routine,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  mutex,
  mutex_lock,
  mutex_unlock,
  queue_work,
  refcount,
  refcount_dec_and_test,
  refcount_inc_not_zero,
  work_struct,
  worker,
} from "mmrace/kernel";

const k = shared({
  umem_mutex: mutex(),
  mm_users: refcount(2, 1),
  async_put_work: work_struct(), // mm->async_put_work
});

/** The notifier is called for every page that is taken away. */
const __mmput = () =>
  routine("__mmput", {}, () => ({
    lock: [
      "exit_mmap(): mlx5_ib_invalidate_range(): mutex_lock(&umem_mutex)",
      mutex_lock(k.umem_mutex),
    ],
    unlock: ["  unmap; mutex_unlock(&umem_mutex)", mutex_unlock(k.umem_mutex)],
  }));

const mmput = () =>
  routine("mmput", {}, () => ({
    put: [
      "mmput(): atomic_dec_and_test(&mm->mm_users)",
      refcount_dec_and_test(k.mm_users, []),
      when(k.mm_users.count.gt(0), [ret()]),
    ],
    last: __mmput(),
  }));

const fault = actor("fault", {}, () => ({
  mmget: ["mmget_not_zero(mm)", refcount_inc_not_zero(k.mm_users, [], [goto("done")])],
  lock: ["ib_umem_odp_map_dma_and_lock(): mutex_lock(&umem_mutex)", mutex_lock(k.umem_mutex)],
  map: ["map the pages"],
  put: [
    "mmput_async(): if (atomic_dec_and_test(&mm->mm_users)) schedule_work()",
    refcount_dec_and_test(k.mm_users, [queue_work(k.async_put_work)]),
  ],
  unlock: ["pagefault_real_mr(): mutex_unlock(&umem_mutex)", mutex_unlock(k.umem_mutex)],
})).as("page-fault worker");

/** With mmput(). */
const fault_5_18 = actor("fault_5_18", {}, () => ({
  mmget: ["mmget_not_zero(mm)", refcount_inc_not_zero(k.mm_users, [], [goto("done")])],
  lock: ["ib_umem_odp_map_dma_and_lock(): mutex_lock(&umem_mutex)", mutex_lock(k.umem_mutex)],
  map: ["map the pages"],
  mmput: mmput(),
  unlock: ["pagefault_real_mr(): mutex_unlock(&umem_mutex)", mutex_unlock(k.umem_mutex)],
}))
  .times(0)
  .as("page-fault worker");

const exit = actor("exit", {}, () => ({ mmput: mmput() })).as("the process exits");

const kworker = worker("kworker", {
  put: [
    k.async_put_work,
    routine("mmput_async_fn", {}, () => ({
      last: __mmput(),
    })),
  ],
});

export default spec({
  name: "odp-mmput-self-deadlock",
  doc: "the last reference of the mm is put under a lock that its teardown needs",
  race: { year: 2022, subsystem: "RDMA core ODP", class: "deadlock" },
  configs: { ci: {} },
  shared: k,
  actors: { fault, fault_5_18, exit, kworker },
  at_rest: {
    mm_is_gone: claim("nobody uses the mm", k.mm_users.count.eq(0)),
  },
  reachable: {
    worker_had_the_last_reference: k.async_put_work.pending,
    teardown_waits_for_the_worker: some(exit, (e) => e.at("mmput.last.lock")),
  },
  bugs: {
    mmput_under_umem_mutex: {
      doc: "mmput() with umem_mutex held, instead of mmput_async()",
      from: "IB/core: Fix a nested dead lock as part of ODP flow (Fixes 36f30e486dce)",
      breaks: "recursive_lock",
      order: [
        ...["fault_5_18.mmget", "fault_5_18.lock", "exit.mmput.put"],
        ...["fault_5_18.mmput.put", "fault_5_18.mmput.last.lock"],
      ],
      change: [count_of(fault, 0), count_of(fault_5_18, 1)],
    },
  },
  mutants: {
    reference_is_kept: {
      doc: "mmget_not_zero() without a put",
      from: "ib_umem_odp_map_dma_and_lock()",
      breaks: "mm_is_gone",
      change: [remove(fault, "put")],
    },
  },
});
