/** What is left without the lock, or without what goes with it. Letters: docs/sources.md. */
import { type Change, local_of, type Mutant, remove, replace, set, type Variant } from "mmrace";
import { Frame, mmu_interval_read_end } from "mmrace/kernel";
import { gpu_fault_a, gpu_fault_b } from "./gpu-fault.ts";
import { vm_a } from "./state.ts";

const faults = [gpu_fault_a, gpu_fault_b];

const without_the_lock: Change[] = faults.flatMap((fault) => [
  remove(fault, "alloc_vram.read_lock"),
  remove(fault, "alloc_vram.trade"),
  remove(fault, "alloc_vram.write_lock.fast"),
  remove(fault, "alloc_vram.write_lock.slow"),
  remove(fault, "alloc_vram.unlock"),
]);

export const mutants: Record<string, Mutant> = {
  d10_no_driver_migrate_lock: {
    doc: "no lock between the drivers: each finds the page in the hands of the other one",
    from: "D10",
    breaks: "gpu_fault_is_served",
    change: without_the_lock,
  },
  retry_not_checked: {
    doc: "the page may have gone to the other GPU while this one got its address",
    from: "M4",
    breaks: "no_stale_gpu_pte_a",
    change: [
      replace(gpu_fault_a, "get_pages.dma_map", [
        "down_read(notifier_lock); device_map(); up_read() /* no read_retry */",
        set(vm_a.dma_addr.at(gpu_fault_a.me.page), local_of("get_pages.pfn", Frame)),
        mmu_interval_read_end(vm_a.sub),
      ]),
    ],
  },
};

export const variants: Record<string, Variant> = {
  anywhere_without_the_lock: {
    doc: "the GPUs can do without VRAM: one migration for each fault, and an end of it",
    from: "D10, S20",
    config: "deep_anywhere",
    change: without_the_lock,
  },
  time_slice_without_the_lock: {
    doc: "what a GPU has migrated is not brought home before its fault has ended",
    from: "D10, D15",
    config: "sliced_apart",
    change: without_the_lock,
  },
};
