/** What must hold with XNACK on and off. */
import { all, any, claim, type Expr, forall, none } from "mmrace";
import {
  type FrameOf,
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
} from "mmrace/kernel";
import { k } from "./state.ts";

/** While the queues can run, GPU page tables and TLB lead only to what the CPU maps there. */
const no_stale_access = forall(Page, (p) => {
  const pte = k.mm.pte.at(p);
  const current = (f: Expr<FrameOf>) =>
    any(f.eq(none), all(f.eq(pte.frame), pte.kind.in("present", "device_private")));
  const reached = all(current(k.gpu.pte.at(p)), current(k.gpu.tlb.at(p)));
  return any(k.queues.hw.eq("stopped"), reached).and(current(k.other_gpu_pte.at(p)));
});

export const properties = {
  no_stale_access: claim(
    "while its queues can run, the GPU reaches a page only through the frame that the CPU maps",
    no_stale_access,
  ),
  migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
  no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  no_lost_page: no_lost_page(k.mm, k.folio),
  dma_mapped_while_the_gpu_uses_it: claim(
    "what the TLB leads to is mapped for DMA",
    forall(Page, (p) => {
      const f = k.gpu.tlb.at(p);
      return f.is("sys").implies(k.range.at(p).dma_addr.eq(f));
    }),
  ),
  no_gpu_mapping_outside_a_range: claim(
    "a range that was removed is mapped by no GPU",
    forall(Page, (p) => any(k.range.at(p).in_svms, k.gpu.pte.at(p).eq(none))),
  ),
};

export const at_rest = {
  no_leaked_reference: no_leaked_reference(k.mm, k.folio),
};
