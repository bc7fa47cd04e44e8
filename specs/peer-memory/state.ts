/** Two GPUs that mirror one address space, each with a notifier of its own; one has VRAM. */
import { array, type Expr, forall, int, none, shared, size } from "mmrace";
import {
  device_mmu,
  Frame,
  type FrameOf,
  folio,
  mm_struct,
  mmu_interval_notifier,
  mutex,
  Page,
} from "mmrace/kernel";

export const k = shared({
  mm: mm_struct(4), // mm.sub is the exporter's interval notifier
  peer_sub: mmu_interval_notifier(), // the importer's
  folio: array(Frame, folio(5)),
  gpu: device_mmu(), // the exporter's page table; its TLB is flushed within the step
  gpu_lock: mutex(), // the exporter's notifier lock
  peer: device_mmu(), // the importer's page table
  peer_lock: mutex(), // the importer's notifier lock
  dma_addr: array(Page, Frame), // what the importer's DMA mapping of the page leads to
});

/** 1: the importer is another GPU; 0: another address space of the same GPU. */
const other_gpus = int(size("other_gpus"));

/** device_map(): VRAM of the same GPU needs no DMA mapping; everything else does. */
export function needs_dma(f: Expr<FrameOf>): Expr<boolean> {
  return f.is("sys").or(other_gpus.gt(0));
}

/** The importer reaches no frame, by entry or TLB, that is not mapped for its DMA. */
export const peer_dma_is_mapped: Expr<boolean> = forall(Page, (p) => {
  const mapped = (f: Expr<FrameOf>) => f.eq(none).or(needs_dma(f).not(), k.dma_addr.at(p).eq(f));
  return mapped(k.peer.pte.at(p)).and(mapped(k.peer.tlb.at(p)));
});
