/**
 * The TLB of the CPU (mm/mmu_gather.c, arch flush_tlb_*), of an mm that was declared with one. It
 * caches present entries by itself, and keeps them until it is flushed.
 *
 * Zapping and changes of protection flush after mmu_notifier_invalidate_range_end()
 * (tlb_finish_mmu), batched reclaim too (try_to_unmap_flush); everything else flushes under the
 * page-table lock (ptep_clear_flush), where it is part of the step that changes the entry.
 *
 * A store through a translation whose entry was zapped is a store to a page that is being given up:
 * it is not counted as one, but the frame must still be there.
 *
 * Omits    several CPUs (whichever has the entry); IPIs that take their time; the flush of the
 *          parent after fork(), which here is part of the copying step.
 */
import {
  actor,
  all,
  any,
  block,
  bool,
  type Claim,
  choose,
  claim,
  type Effect,
  type Expr,
  forall,
  goto,
  idle,
  none,
  set,
  value,
  wait,
  when,
} from "../index.ts";
import { type Folios, Page, type PageOf, versions } from "./folio.ts";
import { type CpuTlbEntry, is_present, type Mm, not_declared, pte_is, store } from "./mm.ts";

/** The entry of the TLB; the mm must have one. */
function tlb_entry(mm: Mm, page: Expr<PageOf>): CpuTlbEntry {
  return mm.tlb?.at(page) ?? not_declared("CPU TLB", "tlb: true");
}

/** flush_tlb_page(), and its part of ptep_clear_flush(). Nothing, where there is no TLB. */
export function flush_tlb_page(mm: Mm, page: Expr<PageOf>): Effect {
  if (!mm.tlb) return block();
  const { frame, write, given_up } = mm.tlb.at(page);
  const clear = [set(frame, none), set(given_up, false)];
  return block(...clear, ...(write ? [set(write, false)] : []));
}

/** tlb_remove_tlb_entry(): the entry was zapped, the flush comes later. */
export function tlb_remove_tlb_entry(mm: Mm, page: Expr<PageOf>): Effect {
  if (!mm.tlb) return block();
  const { frame, given_up } = mm.tlb.at(page);
  return when(frame.ne(none), [set(given_up, true)]);
}

/** The CPU walks its page table and caches a present entry. */
export const cpu_tlb_fill = (mm: Mm) =>
  actor("cpu_tlb", { page: Page }, (me) => {
    const { frame, write } = mm.pte.at(me.page);
    const tlb = tlb_entry(mm, me.page);
    return {
      fill: [
        "the CPU caches a translation in its TLB",
        idle(),
        choose(me.page, all(is_present(mm, me.page), tlb.frame.eq(none))),
        set(tlb.frame, frame),
        ...(tlb.write && write ? [set(tlb.write, write)] : []),
        goto("fill"),
      ],
    };
  });

/** A store of the CPU through its TLB, stale or not. */
export const cpu_tlb_store = (mm: Mm, folios: Folios) =>
  actor("cpu_tlb_store", { page: Page }, (me) => {
    const { frame, write, given_up } = tlb_entry(mm, me.page);
    return {
      store: [
        "the CPU stores through its TLB",
        idle(),
        choose(me.page, all(frame.ne(none), write ?? value(bool, true))),
        wait(any(given_up, mm.last_write.at(me.page).lt(versions))),
        when(given_up.not(), [store(mm, folios, me.page, frame)]),
        goto("store"),
      ],
    };
  });

/** No frame is free, and none has a new owner, while the CPU's TLB leads to it. */
export function no_free_while_in_cpu_tlb(mm: Mm, folios: Folios): Claim {
  const expr = forall(Page, (p) => {
    const { frame } = tlb_entry(mm, p);
    return frame.ne(none).implies(folios.at(frame).ref.count.gt(0));
  });
  return claim("no frame is free while the CPU's TLB leads to it", expr);
}

/** The TLB says what the page table says; at rest, when every flush has been done. */
export function cpu_tlb_is_coherent(mm: Mm): Claim {
  const expr = forall(Page, (p) => {
    const tlb = tlb_entry(mm, p);
    const pte = mm.pte.at(p);
    const same = all(pte_is(pte, "present"), pte.frame.eq(tlb.frame));
    const allowed = tlb.write && pte.write ? tlb.write.implies(pte.write) : value(bool, true);
    return tlb.frame.ne(none).implies(all(same, allowed));
  });
  return claim("the CPU's TLB agrees with its page table", expr);
}
