/** What must hold of ranges of two pages, whatever the garbage collector does. */
import { claim, exists, forall } from "mmrace";
import {
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
} from "mmrace/kernel";
import { in_tree, k } from "./partial-state.ts";

export const always = {
  no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm),
  migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
  no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  no_lost_page: no_lost_page(k.mm, k.folio),
  dma_mapped_while_the_gpu_uses_it: claim(
    "what the TLB leads to is mapped for DMA, by the range that covers it",
    forall(Page, (p) =>
      k.gpu.tlb
        .at(p)
        .is("sys")
        .implies(k.range.dma_addr.at(p).eq(k.gpu.tlb.at(p))),
    ),
  ),
  collected_range_is_in_the_tree: claim(
    "the garbage collector's list names ranges that are there",
    k.range.gc_link.ne("empty").implies(in_tree()),
  ),
};

export const at_rest = {
  no_leaked_reference: no_leaked_reference(k.mm, k.folio),
  unmapped_ranges_are_collected: claim("no unmapped range is left behind", k.range.unmapped.not()),
};

export const gpu_uses = (pool: "sys" | "vram") => exists(Page, (p) => k.gpu.tlb.at(p).is(pool));
