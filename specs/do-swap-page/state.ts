/** One page on the device, and what faults on it work on. */
import { assert, type Effect, none, oneOf, proc, shared, struct } from "mmrace";
import { folio_lock_bit, refcount, refcount_dec_and_test, refcount_inc } from "mmrace/kernel";

export const k = shared({
  pte: oneOf("device_private", "present"),
  /** The device page; its mapping holds one reference. */
  page: struct("folio", { lock: folio_lock_bit(), ref: refcount(7, 1) }),
  /** Who runs on the CPU of the fault inside the kernel, as far as nobody can preempt it. */
  cpu: proc,
  /** lru_add_drain_all() has queued work on that CPU. */
  drain: oneOf("idle", "queued"),
});

export const get_page: Effect = refcount_inc(k.page.ref);

/** The last reference frees the device page. */
export const put_page: Effect = refcount_dec_and_test(k.page.ref, [
  assert("freed_while_locked", k.page.lock.owner.eq(none), "the last reference of a locked page"),
]);
