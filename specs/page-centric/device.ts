/** The GPU by itself: its TLB and its stores, in each of its address spaces. */
import { actor, choose, goto, idle, none, rare, set, size, wait } from "mmrace";
import { complete_tlb_flush, fill_tlb, MmId, Page, store, versions } from "mmrace/kernel";
import { k } from "./state.ts";

export const gpu_tlb = actor("gpu_tlb", { mm: MmId, page: Page }, (me) => ({
  fill: [
    "the GPU caches a translation in its TLB",
    idle(),
    choose(me.mm),
    fill_tlb(k.gpu.at(me.mm), me.page),
    set(k.gpu.at(me.mm).tlb.at(me.page), k.gpu.at(me.mm).pte.at(me.page)),
    goto("fill"),
  ],
})).times(size("gpu_tlbs"));

export const gpu_flush = actor("gpu_flush", { mm: MmId }, (me) => ({
  flush: [
    "the GPU completes the TLB flush",
    idle(),
    choose(me.mm),
    complete_tlb_flush(k.gpu.at(me.mm)),
    goto("flush"),
  ],
}));

export const gpu_store = actor("gpu_store", { mm: MmId, page: Page }, (me) => {
  const tlb = k.gpu.at(me.mm).tlb.at(me.page);
  return {
    store: [
      "the GPU stores through its TLB",
      idle(),
      rare(),
      choose(me.mm),
      choose(me.page, tlb.ne(none).and(k.gpu_read_only.at(me.mm).at(me.page).not())),
      wait(k.mm.at(me.mm).last_write.at(me.page).lt(versions)),
      store(k.mm.at(me.mm), k.folio, me.page, tlb),
      goto("store"),
    ],
  };
});
