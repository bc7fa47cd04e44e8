/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import { actor, bool, goto, range, routine, set, shared, when } from "mmrace";
import {
  add_umem_to_per_mm,
  down_read,
  down_write,
  ib_umem_notifier_invalidate_range_end,
  ib_umem_notifier_invalidate_range_start,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

export const k = shared({
  umem_rwsem: rw_semaphore(),
  usable: bool, // the region: mn_counters_active until 4.19
  told: bool, // the invalidation has called the region
  notifier_count: range(0, 1), // until 4.19
  no_private_counters: bool, // the region is on that list, until 4.19
});

export const invalidate = actor("invalidate", {}, () => ({
  start: ib_umem_notifier_invalidate_range_start(
    k.umem_rwsem,
    routine("invalidate_range_start_trampoline", {}, () => ({
      call: ["for each region in the range: unmap from the device", set(k.told, k.usable)],
    })),
  ),
  zap: ["core mm takes the pages away"],
  end: [
    "invalidate_range_end(): up_read(&per_mm->umem_rwsem)",
    ib_umem_notifier_invalidate_range_end(k.umem_rwsem),
    set(k.told, false),
  ],
}));

export const reg = actor("reg", {}, () => ({
  add: add_umem_to_per_mm(k.umem_rwsem, set(k.usable, true)),
})).as("registers a region");

export const invalidate_4_19 = actor("invalidate_4_19", { zero_notifiers: bool }, (me) => ({
  start: [
    "start_account(): atomic_inc(&context->notifier_count)",
    set(k.notifier_count, k.notifier_count.plus(1)),
  ],
  start_lock: ["down_read(&context->umem_rwsem)", down_read(k.umem_rwsem)],
  call: ["for each region in the range; up_read()", up_read(k.umem_rwsem)],
  zap: ["core mm takes the pages away"],
  end_account: [
    "end_account(): atomic_dec_and_test(&context->notifier_count)",
    set(k.notifier_count, k.notifier_count.minus(1)),
    set(me.zero_notifiers, k.notifier_count.eq(0)),
  ],
  list_empty: [
    "if (!zero_notifiers || list_empty(&context->no_private_counters)) return",
    when(me.zero_notifiers.and(k.no_private_counters).not(), [goto("done")]),
  ],
  end_lock: down_write(k.umem_rwsem),
  activate: [
    "if (!atomic_read(&context->notifier_count)) mn_counters_active = true",
    when(k.notifier_count.eq(0), [set(k.usable, true), set(k.no_private_counters, false)]),
  ],
  end_unlock: ["up_write(&context->umem_rwsem)", up_write(k.umem_rwsem)],
})).times(0);

export const reg_4_19 = actor("reg_4_19", {}, () => ({
  lock: down_write(k.umem_rwsem),
  notifier_count: [
    "if (!atomic_read(&context->notifier_count)) mn_counters_active = true",
    when(k.notifier_count.eq(0), [set(k.usable, true), goto("unlock")]),
  ],
  list_add: ["else list_add(&context->no_private_counters)", set(k.no_private_counters, true)],
  unlock: ["up_write(&context->umem_rwsem)", up_write(k.umem_rwsem)],
}))
  .times(0)
  .as("registers a region");
