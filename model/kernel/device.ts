/**
 * The device side: a page table, a TLB in front of it, and the flush that empties the TLB some time
 * after it was asked for.
 *
 * Omits    permissions, page sizes, several devices; the TLB caches translations only (a miss
 *          raises a fault when there is no entry either).
 */
import {
  all,
  array,
  block,
  bool,
  type Claim,
  choose,
  claim,
  type Effect,
  type Expr,
  each,
  forall,
  lockEvent,
  none,
  type Ref,
  type Struct,
  set,
  struct,
  wait,
} from "../index.ts";
import { Frame, type FrameOf, Page, type PageOf } from "./folio.ts";
import type { Mm } from "./mm.ts";

export const device_mmu = () =>
  struct("device_mmu", {
    /** Device page table: the frame an entry points at, or none. */
    pte: array(Page, Frame),
    tlb: array(Page, Frame),
    /** A flush was submitted and has not completed. */
    flush_pending: bool,
  });
export type DeviceMmu = Struct<ReturnType<typeof device_mmu>>;

/** Clears the entry; the TLB may still hold it. */
export function zap_device_pte(gpu: DeviceMmu, page: Expr<PageOf>): Effect {
  return set(gpu.pte.at(page), none);
}

/** Sends the flush to the device. */
export function submit_tlb_flush(gpu: DeviceMmu): Effect {
  return set(gpu.flush_pending, true);
}

/** Waits until the device has reported the flush as done; may poll, so atomic context is fine. */
export function wait_tlb_flush(gpu: DeviceMmu): Effect {
  return block(
    lockEvent({
      op: "wait",
      mode: "exclusive",
      lock: "wait",
      class: `${gpu.path}.flush`,
      index: [],
    }),
    wait(gpu.flush_pending.not()),
  );
}

/** Device step: the flush empties the TLB and reports back. */
export function complete_tlb_flush(gpu: DeviceMmu): Effect {
  return block(
    wait(gpu.flush_pending),
    each(Page, (p) => [set(gpu.tlb.at(p), none)]),
    set(gpu.flush_pending, false),
  );
}

/** Device step: a translation is cached. */
export function fill_tlb(gpu: DeviceMmu, page: Ref<PageOf>): Effect {
  return choose(page, gpu.pte.at(page).ne(none).and(gpu.tlb.at(page).eq(none)));
}

/**
 * Both the page table and the TLB lead only to frames that the CPU page table maps there as well.
 */
export function no_stale_gpu_pte(gpu: DeviceMmu, mm: Mm): Claim {
  const expr = forall(Page, (p) => {
    const pte = mm.pte.at(p);
    const current = (f: Expr<FrameOf>) =>
      f.eq(none).or(all(f.eq(pte.frame), pte.kind.in("present", "device_private")));
    return all(current(gpu.pte.at(p)), current(gpu.tlb.at(p)));
  });
  return claim("the GPU reaches a page only through the frame that the CPU maps", expr);
}
