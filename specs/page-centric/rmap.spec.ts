/**
 * The reverse map of page-centric SVM by itself: page->zone_device_data = (address space, address).
 *
 * Claim    While a process neither forks nor moves its mappings, the one slot in the page is enough
 *          and is fresh: it names the place where the CPU maps the page, and no GPU maps the page
 *          anywhere else.
 * Source   Documentation/gpu/rfc/gpusvm.rst, "Physical memory to virtual backpointer"; mm/mremap.c:
 *          move_page_tables(); mm/memory.c: copy_nonpresent_pte().
 * Omits    what follows from a wrong reverse map (see spec.ts); the GPU's TLB and stores.
 */
import { any, claim, count_of, exists, forall, none, size, some, spec } from "mmrace";
import { Frame, some_mapping } from "mmrace/kernel";
import { cpu_fault_v2 } from "./cpu.ts";
import { gpu_flush } from "./device.ts";
import { evict_v1 } from "./evict.ts";
import { gpu_fault_v1 } from "./gpu-fault.ts";
import { gpu_mapped, k } from "./state.ts";
import { dontneed, fork as every_fork, mremap as every_mremap, munmap } from "./syscalls.ts";

const ci = {
  pages: 2,
  sys_frames: 2,
  vram_frames: 1,
  versions: 0,
  children: 1,
  cpu_faults: 1,
  more_cpu_faults: 0,
  gpu_faults: 1,
  more_gpu_faults: 0,
  munmaps: 1,
  dontneeds: 0,
  evictions: 1,
};

const fork = every_fork.times(0);
const mremap = every_mremap.times(0);

export default spec({
  name: "page-centric-rmap",
  doc: "the GPU's reverse map in the page: one slot, written by the GPU fault",
  configs: {
    ci,
    shared_vram: { ...ci, pages: 1, sys_frames: 3, more_gpu_faults: 1 },
    deep: { ...ci, sys_frames: 3, munmaps: 0, dontneeds: 1 },
  },
  shared: k,
  actors: {
    // Who wins when both retry is asked in spec.ts; here the CPU gives up at some time.
    cpu_fault: cpu_fault_v2.times(size("cpu_faults")).finite(),
    gpu_fault: gpu_fault_v1.times(size("gpu_faults")),
    evict: evict_v1.times(size("evictions")),
    munmap,
    dontneed,
    mremap,
    fork,
    gpu_flush,
  },
  always: {
    rmap_finds_every_gpu_mapping: claim(
      "the reverse map of a device page names the only place where a GPU maps it",
      forall(Frame, (f) => {
        const rmap = k.rmap.at(f);
        const elsewhere = some_mapping((m, p) =>
          k.gpu
            .at(m)
            .pte.at(p)
            .eq(f)
            .and(any(rmap.mm.ne(m), rmap.page.ne(p))),
        );
        return rmap.page.eq(none).or(elsewhere.not());
      }),
    ),
    rmap_is_fresh: claim(
      "the reverse map of a device page names a place where the CPU maps it",
      forall(Frame, (f) => {
        const { mm, page } = k.rmap.at(f);
        const mapped = some_mapping((m, p) => k.mm.at(m).pte.at(p).frame.eq(f));
        return any(page.eq(none), mapped.not(), k.mm.at(mm).pte.at(page).frame.eq(f));
      }),
    ),
  },
  reachable: {
    the_page_is_gpu_mapped: exists(Frame, (f) => gpu_mapped(f)),
    the_rmap_is_used: some(evict_v1, (t) => t.at("gpu_unmap.pt_lock")),
  },
  variants: {
    mremap_moves_the_page: {
      doc: "the driver hears that the old address is given up, and never of the new one",
      from: "S27 (b)",
      breaks: "rmap_is_fresh",
      change: [count_of(mremap, 1)],
    },
    fork_shares_the_page: {
      doc: "two processes map the page, each with its GPU address space; there is one slot",
      from: "S27 (a)",
      config: "shared_vram",
      breaks: "rmap_finds_every_gpu_mapping",
      change: [count_of(fork, 1), count_of(evict_v1, 0), count_of(munmap, 0)],
    },
  },
});
