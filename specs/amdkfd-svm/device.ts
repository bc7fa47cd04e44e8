/** The GPU by itself, as long as its queues run: its TLB and its stores; and preemption. */
import { actor, choose, each, goto, idle, none, set, size, wait } from "mmrace";
import * as hardware from "mmrace/kernel";
import { fill_tlb, Page, store, versions } from "mmrace/kernel";
import { k } from "./state.ts";

const runs = k.queues.hw.ne("stopped");

export const gpu_tlb = actor("gpu_tlb", { page: Page }, (me) => ({
  fill: [
    "the GPU caches a translation in its TLB",
    idle(),
    wait(runs),
    fill_tlb(k.gpu, me.page),
    set(k.gpu.tlb.at(me.page), k.gpu.pte.at(me.page)),
    goto("fill"),
  ],
}));

export const gpu_flush = hardware.gpu_flush(k.gpu);

export const gpu_store = actor("gpu_store", { page: Page }, (me) => ({
  store: [
    "the GPU stores through its TLB",
    idle(),
    wait(runs),
    choose(me.page, k.gpu.tlb.at(me.page).ne(none)),
    wait(k.mm.last_write.at(me.page).lt(versions)),
    store(k.mm, k.folio, me.page, k.gpu.tlb.at(me.page)),
    goto("store"),
  ],
})).times(size("gpu_stores"));

/** The scheduler firmware takes the queues off the hardware, and their translations with them. */
export const preempt = actor("preempt", {}, () => ({
  preempt: [
    "the queues are preempted, the TLB is empty, the fence signals",
    idle(),
    wait(k.queues.hw.eq("preempting")),
    each(Page, (p) => [set(k.gpu.tlb.at(p), none)]),
    set(k.queues.hw, "stopped"),
    goto("preempt"),
  ],
}));
