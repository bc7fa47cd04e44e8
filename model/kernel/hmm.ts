/**
 * hmm_range_fault() (mm/hmm.c), for one page.
 *
 * The page-table entry is read once, without a lock and without taking a reference: what comes out
 * is valid only under the driver's lock, after mmu_interval_read_retry() said no.
 *
 * Omits    ranges of several pages (each is a fault of its own); hwpoison. -EPERM is -EFAULT here.
 */
import {
  all,
  type Effects,
  type Expr,
  either,
  goto,
  oneOf,
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
import { might_sleep } from "./context.ts";
import { do_anonymous_page, migration_entry_wait } from "./fault.ts";
import { type Folios, Frame, type FrameOf, type PageOf } from "./folio.ts";
import { type FaultHandlers, handle_mm_fault } from "./handle-fault.ts";
import { type Mm, pte_can_be } from "./mm.ts";
import { type IntervalNotifier, mmu_interval_read_retry } from "./mmu-interval-notifier.ts";

export const hmm_result = oneOf("ok", "ebusy", "efault");
export type HmmResult = "ok" | "ebusy" | "efault";

/** What a range may ask for beyond HMM_PFN_REQ_FAULT. */
export interface HmmOptions {
  /** HMM_PFN_REQ_WRITE. It does not hold for the caller's own device-private entries. */
  write?: boolean;
  /** Receives HMM_PFN_WRITE, when the result is ok. */
  writable?: Ref<boolean>;
  /** hmm_range_fault_unlocked_timeout(): -EBUSY when the limit is over, at any time. */
  timeout?: boolean;
  /** range->notifier, where it is not the one of the mm. */
  notifier?: IntervalNotifier;
  /** For the kinds of entries that the mm was asked to have; `fresh` is for a new page. */
  handlers?: (fresh: Ref<FrameOf>) => FaultHandlers;
}

/** handle_mm_fault() for mms with nothing but the usual: one step. */
function is_plain(mm: Mm, page: Expr<PageOf>, { handlers }: HmmOptions): boolean {
  const kinds = ["protnone", "swap", "device_exclusive"] as const;
  return !(handlers || mm.vm_write || kinds.some((kind) => pte_can_be(mm.pte.at(page), kind)));
}

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
  options: HmmOptions = {},
): Routine {
  const pte = mm.pte.at(page);
  const { write, writable, handlers, notifier = mm.sub } = options;
  const locals = { seen: type_of(pte.kind), fresh_page: Frame };
  const ok: Effects = [set(pfn, pte.frame), set(err, "ok"), ret()];
  const may_write = writable && pte.write ? [set(writable, pte.write)] : [];
  const read_only = write && pte.write ? [pte.write.not()] : [];
  const eperm = write && mm.vm_write ? [mm.vm_write.at(page).not()] : [];
  const deadline = options.timeout
    ? [either({ in_time: [], timeout: [set(err, "ebusy"), ret()] })]
    : [];
  const sigbus = mm.unstable ? [all(mm.unstable, pte.kind.eq("none"))] : [];
  return routine("hmm_range_fault", locals, (me): Steps => {
    const fault: Steps = is_plain(mm, page, options)
      ? {
          fault: [
            "handle_mm_fault()",
            do_anonymous_page(mm, folios, page, me.fresh_page),
            goto<string>("check_retry"),
          ],
        }
      : {
          fault: handle_mm_fault(mm, folios, page, me.fresh_page, handlers?.(me.fresh_page) ?? {}),
          faulted: ["ret = -EBUSY: walk again", retry(), goto<string>("check_retry")],
        };
    return {
      check_retry: [
        "if (mmu_interval_check_retry(seq)) return -EBUSY",
        might_sleep("hmm_range_fault()"),
        ...deadline,
        when(mmu_interval_read_retry(notifier), [set(err, "ebusy"), ret()]),
      ],
      walk: [
        "pte = ptep_get_lockless(ptep)",
        when(mm.vma.at(page).not(), [set(err, "efault"), ret()]),
        set(me.seen, pte.kind),
        ...[...eperm, ...sigbus].map((refused) => when(refused, [set(err, "efault"), ret()])),
        ...may_write,
        ...read_only.map((missing) =>
          when<string>(all(me.seen.eq("present"), missing), [goto("fault")]),
        ),
        when(me.seen.in("present", "device_private"), ok),
        when<string>(me.seen.eq("migration"), [goto("entry_wait")]),
      ],
      ...fault,
      entry_wait: migration_entry_wait(mm, folios, page),
      again: ["ret = -EBUSY: walk again", retry(), goto<string>("check_retry")],
    };
  });
}
