/**
 * hmm_range_fault() (mm/hmm.c) for one page, when device-private entries belong to somebody else:
 * dev_private_owner is another device's, or none. Such an entry is not reported but faulted, so the
 * caller may end up in a dev_pagemap callback, even in its own driver's, with all its locks held.
 *
 * Omits    what hmm.ts omits.
 */
import {
  type Expr,
  goto,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  type_of,
  when,
} from "../index.ts";
import { do_anonymous_page, migration_entry_wait } from "./fault.ts";
import { type Folios, Frame, type FrameOf, type PageOf } from "./folio.ts";
import type { HmmResult } from "./hmm.ts";
import type { Mm } from "./mm.ts";
import { type IntervalNotifier, mmu_interval_read_retry } from "./mmu-interval-notifier.ts";

/**
 * Caller holds mmap_lock and has called mmu_interval_read_begin(sub). `do_swap_page` is what the
 * fault on a device-private entry does; its failure is not modelled. After a fault or a wait the
 * walk begins again (-EBUSY inside).
 */
export function hmm_range_fault_other_owner(
  mm: Mm,
  folios: Folios,
  sub: IntervalNotifier,
  page: Expr<PageOf>,
  pfn: Ref<FrameOf>,
  err: Ref<HmmResult>,
  do_swap_page: Routine,
): Routine {
  const pte = mm.pte.at(page);
  return routine("hmm_range_fault", { seen: type_of(pte.kind), fresh_page: Frame }, (me) => ({
    check_retry: [
      "if (mmu_interval_check_retry(seq)) return -EBUSY",
      when(mmu_interval_read_retry(sub), [set(err, "ebusy"), ret()]),
    ],
    walk: [
      "pte = ptep_get_lockless(ptep)",
      when(mm.vma.at(page).not(), [set(err, "efault"), ret()]),
      set(me.seen, pte.kind),
      when(me.seen.eq("present"), [set(pfn, pte.frame), set(err, "ok"), ret()]),
      when(me.seen.eq("migration"), [goto("entry_wait")]),
      when(me.seen.eq("device_private"), [goto("swap")]),
    ],
    fault: [
      "handle_mm_fault()",
      do_anonymous_page(mm, folios, page, me.fresh_page),
      goto("check_retry"),
    ],
    swap: do_swap_page,
    swapped: ["ret = -EBUSY: walk again", retry(), goto("check_retry")],
    entry_wait: migration_entry_wait(mm, folios, page),
    again: ["ret = -EBUSY: walk again", retry(), goto("check_retry")],
  }));
}
