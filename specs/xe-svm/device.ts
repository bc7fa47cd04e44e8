/** The GPU by itself: its TLB, its stores, its bind queue. Each of these happens whenever it can. */
import { actor, choose, goto, idle, none, set, wait } from "mmrace";
import { complete_tlb_flush, fill_tlb, Page, versions } from "mmrace/kernel";
import { k } from "./state.ts";

export const gpu_tlb = actor("gpu_tlb", { page: Page }, (me) => ({
  fill: [
    "the GPU caches a translation in its TLB",
    idle(),
    fill_tlb(k.gpu, me.page),
    set(k.gpu.tlb.at(me.page), k.gpu.pte.at(me.page)),
    goto("fill"),
  ],
}));

export const gpu_flush = actor("gpu_flush", {}, () => ({
  flush: ["the GPU completes the TLB flush", idle(), complete_tlb_flush(k.gpu), goto("flush")],
}));

export const gpu_store = actor("gpu_store", { page: Page }, (me) => ({
  store: [
    "the GPU stores through its TLB",
    idle(),
    choose(me.page, k.gpu.tlb.at(me.page).ne(none)),
    wait(k.mm.last_write.at(me.page).lt(versions)),
    set(k.mm.last_write.at(me.page), k.mm.last_write.at(me.page).plus(1)),
    set(k.folio.at(k.gpu.tlb.at(me.page)).data, k.mm.last_write.at(me.page)),
    goto("store"),
  ],
}));

/** Jobs run in the order in which they were pushed: unbind, then bind. */
export const bind_queue = actor("bind_queue", {}, () => ({
  run: [
    "the GPU writes the PTEs of the bind job, signals its fence",
    idle(),
    wait(k.bind.queued.and(k.unbind.queued.not())),
    set(k.gpu.pte.at(k.bind.page), k.bind.frame),
    set(k.bind.queued, false),
    set(k.bind.in_resv, false),
    set(k.bind.page, none),
    set(k.bind.frame, none),
    goto("run"),
  ],
}));

export const unbind_queue = actor("unbind_queue", {}, () => ({
  run: [
    "the GPU clears the PTEs of the unbind job, signals its fence",
    idle(),
    wait(k.unbind.queued),
    set(k.gpu.pte.at(k.unbind.page), none),
    set(k.unbind.queued, false),
    set(k.unbind.in_resv, false),
    set(k.unbind.page, none),
    goto("run"),
  ],
}));
