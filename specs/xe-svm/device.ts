/**
 * The GPU by itself: its TLB, its stores, its bind queue. Each of these happens whenever it can.
 */

import { actor, goto, idle, wait } from "mmrace";
import * as hardware from "mmrace/kernel";
import { k } from "./state.ts";

export const gpu_tlb = hardware.gpu_tlb(k.gpu);
export const gpu_flush = hardware.gpu_flush(k.gpu);
export const gpu_store = hardware.gpu_store(k.gpu, k.mm, k.folio);

/** Jobs run in the order in which they were pushed: unbind, then bind. */
export const bind_queue = actor("bind_queue", {}, () => ({
  run: [
    "the GPU writes the PTEs of the bind job, signals its fence",
    idle(),
    wait(k.bind.queued.and(k.unbind.queued.not())),
    ...hardware.run_bind(k.gpu, k.bind),
    goto("run"),
  ],
}));

export const unbind_queue = actor("unbind_queue", {}, () => ({
  run: [
    "the GPU clears the PTEs of the unbind job, signals its fence",
    idle(),
    wait(k.unbind.queued),
    ...hardware.run_unbind(k.gpu, k.unbind),
    goto("run"),
  ],
}));
