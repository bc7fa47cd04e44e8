/**
 * Device-exclusive entries (mm/rmap.c: make_device_exclusive; mm/memory.c:
 * remove_device_exclusive_entry), for an mm with `pte: ["device_exclusive"]`: a device works with
 * atomics on a page of the system, and the CPU must fault to get it back.
 *
 * The entry keeps the folio mapped: the reference of the mapping stays. It comes with the folio
 * locked and referenced, and the driver programs the device before it unlocks the folio: the lock
 * is what guarantees progress, because the CPU's fault needs it too.
 *
 * Omits    killable waits, and that a fault of user space gives mmap_lock up while it waits for the
 *          folio lock (folio_lock_or_retry); fork, which restores the entry or fails; which device
 *          owns the entry (the owner of the event: `to` may ignore one, see mmu-notifier-range.ts).
 */
import {
  all,
  any,
  bool,
  type Effects,
  type Expr,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  value,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import { type Folios, type FrameOf, folio_get, folio_put, type PageOf } from "./folio.ts";
import { folio_lock, folio_unlock } from "./folio-lock.ts";
import { type Listeners, listeners } from "./listeners.ts";
import { type Mm, pte_prot_of_vma, set_pte } from "./mm.ts";
import { refcount_inc_not_zero } from "./refcount.ts";

/**
 * make_device_exclusive(): on success `folio` is locked and referenced, otherwise it is none: no
 * VMA, or none that is writable. `fault` is handle_mm_fault() for writing. `to` must ignore
 * MMU_NOTIFY_EXCLUSIVE of its own. Caller holds mmap_lock.
 */
export function make_device_exclusive(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  folio: Ref<FrameOf>,
  fault: Routine,
  to: Routine | Listeners,
): Routine {
  const pte = mm.pte.at(page);
  const { start, end } = listeners(mm, to);
  const yes = value(bool, true);
  const writable = all(pte.kind.eq("present"), pte.write ?? yes);
  const refused = any(mm.vma.at(page).not(), (mm.vm_write?.at(page) ?? yes).not());
  const drop: Effects = [folio_unlock(folios.at(folio).lock), folio_put(folios.at(folio))];
  return routine("make_device_exclusive", {}, () => ({
    get_user_page: [
      "get_user_page_vma_remote(FOLL_WRITE)",
      set(folio, none),
      when(refused, [ret()]),
      when(writable.not(), [goto("fault")]),
      set(folio, pte.frame),
      folio_get(folios.at(folio)),
    ],
    lock: ["folio_lock_killable(folio)", folio_lock(folios.at(folio).lock)],
    start: start("MMU_NOTIFY_EXCLUSIVE"),
    walk: [
      "folio_walk_start(): still the same page, writable?",
      when(all(writable, pte.frame.eq(folio)).not(), [goto("end_retry")]),
      set_pte(pte, "device_exclusive", folio),
      flush_tlb_page(mm, page),
    ],
    end: ["mmu_notifier_invalidate_range_end()", end, ret()],
    end_retry: ["mmu_notifier_invalidate_range_end()", end],
    unlock: ["folio_unlock(); folio_put(); goto retry", ...drop, retry(), goto("get_user_page")],
    fault,
    faulted: ["faultin_page(): walk again", goto("get_user_page")],
  }));
}

/**
 * remove_device_exclusive_entry(): the CPU has touched the page. The folio is unlocked before the
 * window ends. `frame` is a local of the caller.
 */
export function remove_device_exclusive_entry(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
  to: Routine | Listeners,
): Routine {
  const pte = mm.pte.at(page);
  const folio = folios.at(frame);
  const { start, end } = listeners(mm, to);
  return routine("remove_device_exclusive_entry", {}, () => ({
    orig_pte: [
      "vmf->page = softleaf_to_page(entry)",
      when(pte.kind.ne("device_exclusive"), [ret()]),
      set(frame, pte.frame),
    ],
    try_get: ["if (!folio_try_get(folio)) return 0", refcount_inc_not_zero(folio.ref, [], [ret()])],
    lock: ["folio_lock_or_retry(folio)", folio_lock(folio.lock)],
    start: start("MMU_NOTIFY_CLEAR"),
    restore: [
      "pte_same(): restore_exclusive_pte()",
      when(all(pte.kind.eq("device_exclusive"), pte.frame.eq(frame)), [
        set_pte(pte, "present", frame),
        pte_prot_of_vma(mm, page),
      ]),
    ],
    unlock: ["folio_unlock(folio); folio_put(folio)", folio_unlock(folio.lock), folio_put(folio)],
    end: ["mmu_notifier_invalidate_range_end()", end],
  }));
}
