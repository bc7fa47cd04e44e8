/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import { actor, goto, oneOf, retry, routine, set, shared, when } from "mmrace";
import {
  hmm_5_2,
  hmm_notifiers_decrement,
  hmm_notifiers_increment,
  hmm_range_register,
  hmm_range_valid,
  hmm_range_wait_until_valid,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

const Pte = oneOf("none", "old_page", "new_page");

export const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(),
  hmm: hmm_5_2(), // in the older form
  update: mutex(), // the driver's lock
  cpu_pte: Pte.init("old_page"),
  dev_pte: Pte,
});

export const fault = actor("fault", { page: Pte }, (me) => ({
  again: mmu_interval_read_begin(k.sub),
  range_fault: ["hmm_range_fault()", set(me.page, k.cpu_pte)],
  lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
  read_retry: [
    "if (mmu_interval_read_retry()) goto again",
    when(mmu_interval_read_retry(k.sub), [mutex_unlock(k.update), retry(), goto("again")]),
  ],
  map: ["write the device PTE", set(k.dev_pte, me.page)],
  unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update), mmu_interval_read_end(k.sub)],
})).as("device fault");

const zap = set(k.dev_pte, "none");

const invalidate = routine("driver_invalidate", {}, () => ({
  lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  zap: ["zap the device PTE", zap],
  unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
}));

export const change = actor("change", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  set_pte: ["the CPU's entry leads to another page", set(k.cpu_pte, "new_page")],
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
})).as("mm: migration");

export const fault_5_4 = actor("fault_5_4", { page: Pte }, (me) => ({
  register: ["hmm_range_register()", hmm_range_register(k.hmm)],
  again: hmm_range_wait_until_valid(k.hmm),
  range_fault: ["hmm_range_fault()", set(me.page, k.cpu_pte)],
  lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
  valid: [
    "if (!hmm_range_valid(range)) goto again",
    when(hmm_range_valid(k.hmm).not(), [mutex_unlock(k.update), retry(), goto("again")]),
  ],
  map: ["write the device PTE", set(k.dev_pte, me.page)],
  unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
}))
  .times(0)
  .as("device fault");

export const change_5_4 = actor("change_5_4", {}, () => ({
  start: ["hmm_invalidate_range_start(): range->valid = false", hmm_notifiers_increment(k.hmm)],
  lock: ["sync_cpu_device_pagetables(): mutex_lock(&driver->update)", mutex_lock(k.update)],
  zap: ["  zap the device PTE", zap],
  unlock: ["  mutex_unlock(&driver->update)", mutex_unlock(k.update)],
  set_pte: ["the CPU's entry leads to another page", set(k.cpu_pte, "new_page")],
  end: ["hmm_invalidate_range_end(): range->valid = true", hmm_notifiers_decrement(k.hmm)],
}))
  .times(0)
  .as("mm: migration");

export const nothing_runs = k.subs.active_invalidate_ranges.eq(0).and(k.hmm.notifiers.eq(0));
