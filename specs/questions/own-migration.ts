/**
 * A driver moves a system page of an address space to its own memory (lib/test_hmm.c:
 * dmirror_migrate_to_device), and takes part in the notifier as that driver does: h2 and h3 ask
 * different questions about it.
 */
import { array, type Expr, none, routine, shared } from "mmrace";
import {
  device_mmu,
  Frame,
  type FrameOf,
  folio,
  mm_struct,
  mmu_interval_set_seq,
  mutex,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  zap_device_pte,
} from "mmrace/kernel";

export const k = shared({
  mm: mm_struct(2),
  folio: array(Frame, folio()),
  gpu: device_mmu(), // dmirror->pt; nobody fills the TLB here
  mutex: mutex(), // dmirror->mutex
});

/** dmirror_interval_invalidate(), without its first test. */
export const invalidate = (page: Expr<PageOf>) =>
  routine("dmirror_interval_invalidate", {}, () => ({
    lock: ["mutex_lock(&dmirror->mutex)", mutex_lock(k.mutex)],
    set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.mm.sub, k.mutex)],
    update: ["dmirror_do_update(): xa_erase()", zap_device_pte(k.gpu, page)],
    unlock: ["mutex_unlock(&dmirror->mutex)", mutex_unlock(k.mutex)],
  }));

/** Each entry of dmirror->pt leads to a folio that is in use. */
export const leads_to_a_folio_in_use = (frame: Expr<FrameOf>): Expr<boolean> =>
  frame.eq(none).or(k.folio.at(frame).ref.count.gt(0));
