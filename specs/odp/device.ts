/** The HCA: a DMA takes its translation from the KSM and the child's table, and uses it later. */
import { actor, all, choose, goto, idle, none, set, when } from "mmrace";
import { Page, store, versions } from "mmrace/kernel";
import { k } from "./state.ts";

export const hca = actor("hca", { page: Page }, (me) => {
  const frame = k.mr.at(k.dma.mr).map.iova.at(k.dma.page);
  return {
    translate: [
      "the HCA finds the address of a page: KSM, then MTT",
      idle(),
      choose(me.page, all(k.imr.ksm.ne(none), k.mr.at(k.imr.ksm).mtt.at(me.page))),
      set(k.dma.mr, k.imr.ksm),
      set(k.dma.page, me.page),
    ],
    access: [
      "the HCA writes through the IOMMU and completes the DMA",
      when(all(frame.ne(none), k.mm.last_write.at(k.dma.page).lt(versions)), [
        store(k.mm, k.folio, k.dma.page, frame),
      ]),
      set(k.dma.mr, none),
      set(k.dma.page, none),
      goto("translate"),
    ],
  };
}).as("the HCA");
