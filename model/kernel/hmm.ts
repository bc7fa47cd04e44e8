/**
 * hmm_range_fault() (mm/hmm.c), for one page.
 *
 * The page-table entry is read once, without a lock and without taking a reference: what comes out
 * is valid only under the driver's lock, after mmu_interval_read_retry() said no.
 *
 * Omits    ranges of several pages (each is a fault of its own); permissions; -EPERM and hwpoison.
 */
import {
  type Expr,
  goto,
  oneOf,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";
import { do_anonymous_page, migration_entry_wait } from "./fault.ts";
import { type Folios, Frame, type FrameOf, type PageOf } from "./folio.ts";
import { type Mm, pte_kind } from "./mm.ts";
import { mmu_interval_read_retry } from "./mmu-interval-notifier.ts";

export const hmm_result = oneOf("ok", "ebusy", "efault");
export type HmmResult = "ok" | "ebusy" | "efault";

/**
 * Caller holds mmap_lock for read (any lock that keeps the VMA) and has called
 * mmu_interval_read_begin(). `pfn` receives the frame when the result is ok. Device-private entries
 * count as the caller's own (dev_private_owner) and are reported, not faulted.
 */
export function hmm_range_fault(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  pfn: Ref<FrameOf>,
  err: Ref<HmmResult>,
): Routine {
  const pte = mm.pte.at(page);
  return routine("hmm_range_fault", { seen: pte_kind, fresh_page: Frame }, (me) => ({
    check_retry: [
      "if (mmu_interval_check_retry(seq)) return -EBUSY",
      might_sleep("hmm_range_fault()"),
      when(mmu_interval_read_retry(mm.sub), [set(err, "ebusy"), ret()]),
    ],
    walk: [
      "pte = ptep_get_lockless(ptep)",
      when(mm.vma.at(page).not(), [set(err, "efault"), ret()]),
      set(me.seen, pte.kind),
      when(me.seen.in("present", "device_private"), [set(pfn, pte.frame), set(err, "ok"), ret()]),
      when(me.seen.eq("migration"), [goto("entry_wait")]),
    ],
    fault: [
      "handle_mm_fault()",
      do_anonymous_page(mm, folios, page, me.fresh_page),
      goto("check_retry"),
    ],
    entry_wait: migration_entry_wait(mm, folios, page),
    again: ["ret = -EBUSY: walk again", retry(), goto("check_retry")],
  }));
}
