/**
 * XNACK off: the pages are mapped up front, by svm_range_set_attr(), and again by
 * svm_range_restore_work(), which then lets the queues run.
 */
import {
  actor,
  array,
  bool,
  choose,
  type Expr,
  each,
  exists,
  goto,
  range as integers,
  type Routine,
  ret,
  retry,
  routine,
  set,
  when,
} from "mmrace";
import {
  down_write,
  downgrade_write,
  flush_work,
  kgd2kfd_resume_mm,
  mmu_interval_notifier_insert,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  queue_work,
  up_read,
  up_write,
  worker,
} from "mmrace/kernel";
import { deferred_list_is_empty, k } from "./state.ts";
import { result, validate_and_map } from "./validate.ts";

/** svm_range_list_lock_and_flush_work(): mmap_lock for write, and nothing deferred. */
function list_lock_and_flush_work(): Routine {
  return routine("svm_range_list_lock_and_flush_work", {}, () => ({
    flush_work: flush_work(k.deferred_list_work),
    mmap_write_lock: down_write(k.mm.mmap_lock),
    is_empty: [
      "if (list_empty(&svms->deferred_range_list)) return",
      when(deferred_list_is_empty(), [ret()]),
    ],
    mmap_write_unlock: [
      "mmap_write_unlock(mm); goto retry_flush_work",
      up_write(k.mm.mmap_lock),
      retry(),
      goto("flush_work"),
    ],
  }));
}

const locals = { page: Page, mapped: array(Page, bool), err: result };

export const set_attr = actor("set_attr", locals, (me) => {
  const range = k.range.at(me.page);
  const is_new = (p: Expr<PageOf>) => k.mm.vma.at(p).and(k.range.at(p).in_svms.not());
  const is_next = (p: Expr<PageOf>) => k.range.at(p).in_svms.and(me.mapped.at(p).not());
  const is_last = exists(Page, is_next).not();
  return {
    info_lock: ["mutex_lock(&process_info->lock)", mutex_lock(k.process_info_lock)],
    list_lock: list_lock_and_flush_work(),
    svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
    add: [
      "svm_range_add(); svm_range_add_to_svms(prange)",
      choose(me.page, is_new(me.page).or(exists(Page, is_new).not())),
      when(is_new(me.page).not(), [goto("downgrade")]),
      set(range.in_svms, true),
    ],
    add_notifier: [
      "svm_range_add_notifier_locked(mm, prange)",
      mmu_interval_notifier_insert(k.mm.subs, range.notifier),
      goto("add"),
    ],
    downgrade: ["mmap_write_downgrade(mm)", downgrade_write(k.mm.mmap_lock)],
    next: [
      "list_for_each_entry(prange, &update_list, update_list)",
      choose(me.page, is_next(me.page).or(is_last)),
      when(is_last, [goto("svms_unlock")]),
      set(me.mapped.at(me.page), true),
    ],
    migrate_lock: ["mutex_lock(&prange->migrate_mutex)", mutex_lock(range.migrate_mutex)],
    validate: validate_and_map(me.page, "owner", me.err),
    migrate_unlock: [
      "mutex_unlock(&prange->migrate_mutex)",
      mutex_unlock(range.migrate_mutex),
      goto("next"),
    ],
    svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    info_unlock: ["mutex_unlock(&process_info->lock)", mutex_unlock(k.process_info_lock)],
  };
}).as("svm_range_set_attr()");

function restore_work(): Routine {
  const invalid = integers(0, 3);
  const own = { page: Page, seen: array(Page, bool), evicted: invalid, invalid, err: result };
  return routine("svm_range_restore_work", own, (me) => {
    const range = k.range.at(me.page);
    const is_next = (p: Expr<PageOf>) => k.range.at(p).invalid.gt(0).and(me.seen.at(p).not());
    const is_last = exists(Page, is_next).not();
    return {
      is_evicted: [
        "if (!atomic_read(&svms->evicted_ranges)) return",
        when(k.evicted_ranges.eq(0), [ret()]),
      ],
      info_lock: ["mutex_lock(&process_info->lock)", mutex_lock(k.process_info_lock)],
      list_lock: list_lock_and_flush_work(),
      svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
      read_evicted: [
        "evicted_ranges = atomic_read(&svms->evicted_ranges)",
        set(me.evicted, k.evicted_ranges),
      ],
      next: [
        "list_for_each_entry(prange): invalid = atomic_read(&prange->invalid)",
        choose(me.page, is_next(me.page).or(is_last)),
        when(is_last, [goto("cmpxchg_evicted")]),
        set(me.seen.at(me.page), true),
        set(me.invalid, range.invalid),
      ],
      migrate_lock: ["mutex_lock(&prange->migrate_mutex)", mutex_lock(range.migrate_mutex)],
      validate: validate_and_map(me.page, "owner", me.err),
      migrate_unlock: [
        "mutex_unlock(&prange->migrate_mutex); if (r) goto out_reschedule",
        mutex_unlock(range.migrate_mutex),
        when(me.err.ne("ok"), [goto("svms_unlock")]),
      ],
      cmpxchg_invalid: [
        "if (atomic_cmpxchg(&prange->invalid, invalid, 0) != invalid) reschedule",
        when(range.invalid.ne(me.invalid), [goto("svms_unlock")]),
        set(range.invalid, 0),
        goto("next"),
      ],
      cmpxchg_evicted: [
        "if (atomic_cmpxchg(&svms->evicted_ranges, evicted, 0) != evicted) reschedule",
        when(k.evicted_ranges.ne(me.evicted), [goto("svms_unlock")]),
        set(k.evicted_ranges, 0),
        set(me.evicted, 0),
      ],
      resume: kgd2kfd_resume_mm(k.queues),
      svms_unlock: ["out_reschedule: mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
      mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(k.mm.mmap_lock)],
      info_unlock: ["mutex_unlock(&process_info->lock)", mutex_unlock(k.process_info_lock)],
      reschedule: [
        "if (evicted_ranges) queue_delayed_work(&svms->restore_work)",
        when(me.evicted.gt(0), [queue_work(k.restore_work)]),
        each(Page, (p) => [set(me.seen.at(p), false)]),
      ],
    };
  });
}

export const restore_worker = worker("restore_worker", {
  restore: [k.restore_work, restore_work()],
});
