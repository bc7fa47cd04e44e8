/**
 * What the actors share: the address space, the GPU, and one dma_resv for all of the VM's pages.
 */
import { array, shared } from "mmrace";
import { device_mmu, dma_resv, Frame, folio, mm_struct, mutex } from "mmrace/kernel";

export const k = shared({
  mm: mm_struct(4),
  folio: array(Frame, folio(6)),
  gpu: device_mmu(),
  resv: dma_resv(), // of the VM; its buffer objects share it
  notifier_lock: mutex(), // sequence number, GPU entry and TLB flush; innermost
});
