/**
 * A driver moves a system page of an address space to its own memory (lib/test_hmm.c:
 * dmirror_migrate_to_device), and takes part in the notifier as that driver does: h2 and h3 ask
 * different questions about it.
 */
import { array, choose, type Expr, none, type Ref, routine, type StepOf, shared } from "mmrace";
import {
  alloc_page,
  device_mmu,
  Frame,
  type FrameOf,
  folio,
  folio_put,
  map_frame,
  mm_struct,
  mmu_interval_set_seq,
  mutex,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  prep_new_page,
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

/** There is a page before it is moved. `src` is only for the allocation. */
export const touch = (page: Ref<PageOf>, src: Ref<FrameOf>): StepOf<never> => [
  "the process has written to the page",
  choose(page),
  alloc_page(k.folio, src),
  prep_new_page(k.folio.at(src)),
  map_frame(k.mm, k.folio, page, src),
  folio_put(k.folio.at(src)),
];

/** Each entry of dmirror->pt leads to a folio that is in use. */
export const leads_to_a_folio_in_use = (frame: Expr<FrameOf>): Expr<boolean> =>
  frame.eq(none).or(k.folio.at(frame).ref.count.gt(0));
