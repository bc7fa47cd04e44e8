/**
 * What the device does by itself, whenever it can: it caches translations, stores through them, and
 * completes flushes. Each is an actor of one step.
 */
import { actor, choose, goto, idle, none, set, wait } from "../index.ts";
import { complete_tlb_flush, type DeviceMmu, fill_tlb } from "./device.ts";
import { type Folios, Page, versions } from "./folio.ts";
import { is_present, type Mm, store } from "./mm.ts";

/** The TLB caches an entry of the page table. */
export const gpu_tlb = (gpu: DeviceMmu) =>
  actor("gpu_tlb", { page: Page }, (me) => ({
    fill: [
      "the GPU caches a translation in its TLB",
      idle(),
      fill_tlb(gpu, me.page),
      set(gpu.tlb.at(me.page), gpu.pte.at(me.page)),
      goto("fill"),
    ],
  }));

/** A flush that was submitted completes. */
export const gpu_flush = (gpu: DeviceMmu) =>
  actor("gpu_flush", {}, () => ({
    flush: ["the GPU completes the TLB flush", idle(), complete_tlb_flush(gpu), goto("flush")],
  }));

/** A store through the TLB: it lands in the frame that the TLB leads to, stale or not. */
export const gpu_store = (gpu: DeviceMmu, mm: Mm, folios: Folios) =>
  actor("gpu_store", { page: Page }, (me) => ({
    store: [
      "the GPU stores through its TLB",
      idle(),
      choose(me.page, gpu.tlb.at(me.page).ne(none)),
      wait(mm.last_write.at(me.page).lt(versions)),
      store(mm, folios, me.page, gpu.tlb.at(me.page)),
      goto("store"),
    ],
  }));

/** A store of the CPU through its page table, where an entry is present. */
export const cpu_store = (mm: Mm, folios: Folios) =>
  actor("cpu_store", { page: Page }, (me) => ({
    store: [
      "the CPU stores through its page table",
      idle(),
      choose(me.page, is_present(mm, me.page)),
      wait(mm.last_write.at(me.page).lt(versions)),
      store(mm, folios, me.page, mm.pte.at(me.page).frame),
      goto("store"),
    ],
  }));
