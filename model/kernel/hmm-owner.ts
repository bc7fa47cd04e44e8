/**
 * hmm_range_fault() (mm/hmm.c) for one page, when device-private entries belong to somebody else:
 * dev_private_owner is another device's, or none. Such an entry is not reported but faulted, so the
 * caller may end up in a dev_pagemap callback, even in its own driver's, with all its locks held.
 *
 * It was also proposed to ask the page's pagemap for a page that the caller's device can map
 * (get_dma_pfn_for_device, RFC of 2024 and 2025, not merged): in the walk, without a lock and
 * without a reference to the page.
 *
 * Omits    what hmm.ts omits.
 */
import {
  type Effect,
  type Effects,
  type Expr,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  type Steps,
  set,
  type_of,
  when,
} from "../index.ts";
import { do_anonymous_page, migration_entry_wait } from "./fault.ts";
import { type Folios, Frame, type FrameOf, type PageOf } from "./folio.ts";
import type { HmmResult } from "./hmm.ts";
import type { Mm } from "./mm.ts";
import { type IntervalNotifier, mmu_interval_read_retry } from "./mmu-interval-notifier.ts";

/** How a walk may treat a device-private entry other than to fault it. */
interface OtherOwners {
  /**
   * The proposed callback: it finds the page that the walk has seen in `pfn`, and leaves it there,
   * or refuses and sets none: then it is faulted.
   */
  get_dma_pfn?: Routine;
  /** Which device pages are the caller's own all the same: they are reported. */
  own?: (frame: Expr<FrameOf>) => Expr<boolean>;
}

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
  { get_dma_pfn, own }: OtherOwners = {},
): Routine {
  const pte = mm.pte.at(page);
  const ok: Effects = [set(err, "ok"), ret()];
  const device_private: Effect<string>[] = [
    ...(own ? [when(own(pte.frame), [set(pfn, pte.frame), ...ok])] : []),
    ...(get_dma_pfn ? [set(pfn, pte.frame), goto("get_dma_pfn")] : [goto("swap")]),
  ];
  const ask: Steps = get_dma_pfn
    ? {
        get_dma_pfn,
        dma_pfn: ["if (!ret) *hmm_pfn = dma_pfn | HMM_PFN_VALID", when(pfn.ne(none), ok)],
      }
    : {};
  const locals = { seen: type_of(pte.kind), fresh_page: Frame };
  return routine(
    "hmm_range_fault",
    locals,
    (me): Steps => ({
      check_retry: [
        "if (mmu_interval_check_retry(seq)) return -EBUSY",
        when(mmu_interval_read_retry(sub), [set(err, "ebusy"), ret()]),
      ],
      walk: [
        "pte = ptep_get_lockless(ptep)",
        when(mm.vma.at(page).not(), [set(err, "efault"), ret()]),
        set(me.seen, pte.kind),
        when(me.seen.eq("present"), [set(pfn, pte.frame), ...ok]),
        when<string>(me.seen.eq("migration"), [goto("entry_wait")]),
        when<string>(me.seen.eq("device_private"), device_private),
      ],
      fault: [
        "handle_mm_fault()",
        do_anonymous_page(mm, folios, page, me.fresh_page),
        goto<string>("check_retry"),
      ],
      ...ask,
      swap: do_swap_page,
      swapped: ["ret = -EBUSY: walk again", retry(), goto<string>("check_retry")],
      entry_wait: migration_entry_wait(mm, folios, page),
      again: ["ret = -EBUSY: walk again", retry(), goto<string>("check_retry")],
    }),
  );
}
