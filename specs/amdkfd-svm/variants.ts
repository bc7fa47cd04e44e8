/** What the base leaves out, as the source has it. NOTES.md has the traces. */
import { count_of, type Variant } from "mmrace";
import { compaction, cpu_fault, dontneed, evict, gpu_fault, other_gpu_fault } from "./actors.ts";

/** Nobody but the faults. */
const alone = [count_of(evict, 0), count_of(compaction, 0)];

export const variants: Record<string, Variant> = {
  another_gpu_faults: {
    doc: "a GPU that can't map the first one's VRAM faults on the same page",
    from: "C3; core-mm.md 8.5",
    config: "eviction",
    breaks: "deadlock",
    change: [...alone, count_of(other_gpu_fault, 1)],
  },
  stale_retry_fault: {
    doc: "a retry fault is handled after another one has mapped the page",
    from: "svm_range_dma_map_dev(), drivers/gpu/drm/amd/amdkfd/kfd_svm.c",
    config: "eviction",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [...alone, count_of(gpu_fault, 2)],
  },
  vram_is_used_again: {
    doc: "MADV_DONTNEED takes a VRAM page that a CPU fault has locked; its VRAM is used again",
    from: "svm_range_validate_svm_bo(), zone_device_page_init()",
    config: "eviction",
    breaks: "page_init_while_referenced",
    change: [...alone, count_of(dontneed, 1), count_of(cpu_fault, 2)],
  },
};
