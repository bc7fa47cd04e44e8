/**
 * What the context of a call forbids: might_sleep() (include/linux/kernel.h, kernel/sched/core.c),
 * and the lock order of mm/rmap.c as far as lockdep does not see it.
 *
 * The kernel counts atomic sections in `preempt_count`. Here nothing is counted: the running
 * process is in atomic context when it holds a spinlock or is inside an RCU read section of the
 * spec.
 *
 * Omits    interrupt handlers and local_irq_disable(): write them as a spinlock that is taken at
 *          once.
 */
import { assert_holds_none, type Effect } from "../index.ts";

/** Kinds of locks under which nobody may sleep. */
const atomic = ["spinlock", "page_table_lock", "rcu", "preempt_count"];

/**
 * might_sleep(): finding `sleep_in_atomic` under a spinlock, in an RCU read section, without
 * preemption.
 */
export function might_sleep(what: string): Effect {
  return assert_holds_none("sleep_in_atomic", atomic, `${what} may sleep`);
}

/**
 * mmap_lock comes before every folio lock (mm/rmap.c, "Lock ordering in mm"); trylocks may differ.
 */
export function not_under_folio_lock(what: string): Effect {
  return assert_holds_none("mmap_lock_under_folio_lock", ["folio_lock"], `${what} is requested`);
}

/** Core mm calls notifiers without a page-table lock: they may sleep. */
export function not_under_page_table_lock(what: string): Effect {
  return assert_holds_none(
    "page_table_lock_across_notifier",
    ["page_table_lock"],
    `${what} is called`,
  );
}
