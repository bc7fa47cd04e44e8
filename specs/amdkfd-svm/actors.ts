/** The actors with XNACK on. */
import * as cpu from "./cpu.ts";
import { xnack_on } from "./invalidate.ts";

export { deferred_worker } from "./deferred.ts";
export { gpu_flush, gpu_store, gpu_tlb } from "./device.ts";
export { evict } from "./evict.ts";
export { gpu_fault, other_gpu_fault } from "./gpu-fault.ts";

export const { cpu_fault } = cpu;
export const munmap = cpu.munmap(xnack_on);
export const dontneed = cpu.dontneed(xnack_on);
export const compaction = cpu.compaction(xnack_on);
