/** The actors with XNACK off. */
import * as cpu from "./cpu.ts";
import { xnack_off } from "./invalidate.ts";

export { deferred_worker } from "./deferred.ts";
export { gpu_flush, gpu_store, gpu_tlb, preempt } from "./device.ts";
export { restore_worker, set_attr } from "./restore.ts";

export const munmap = cpu.munmap(xnack_off);
export const dontneed = cpu.dontneed(xnack_off);
export const compaction = cpu.compaction(xnack_off);
