/**
 * xe SVM, partial unmap, with a garbage collector that evicts what is left before it unbinds.
 *
 * Claim    (S19) As in the RFC, page by page of each VMA that the range still has: when all is
 *          quiet no page is left in VRAM without a range, so that munmap() of half a range frees
 *          the block. 7.3 does not evict; drm_gpusvm.c documents drm_gpusvm_range_evict() for it.
 * Source   the RFC "drm/xe: Add SVM VRAM migration", M. Brost, 2024: xe_svm.c:
 *          __xe_svm_garbage_collector(), drm_gpusvm.c: drm_gpusvm_migrate_to_sram();
 *          Linux 7.3: drivers/gpu/drm/drm_gpusvm.c; mm/hmm.c: hmm_vma_walk_hole().
 * Omits    what partial-unmap.spec.ts omits; TTM's eviction, which can have a page locked just when
 *          the garbage collector wants it.
 */
import { claim, forall, goto, replace, spec, when } from "mmrace";
import { Page } from "mmrace/kernel";
import * as all_actors from "./partial-actors.ts";
import { always, at_rest, gpu_uses } from "./partial-claims.ts";
import { gc } from "./partial-gc.ts";
import { gpu_fault } from "./partial-gpu-fault.ts";
import { is_leftover, k } from "./partial-state.ts";

const fault = gpu_fault("as_in_the_rfc");
const collector = gc("as_in_the_rfc");
const { evict: _, ...actors } = all_actors;
const base = { pages: 2, vram_frames: 2, versions: 1, gpu_faults: 1, munmaps: 1 };

const not_evicted = ["/* what is left stays where it is */", goto("unbind")] as const;
const range_evict = [
  "if (range->flags.partial_unmap) drm_gpusvm_range_evict()",
  when(k.range.partial_unmap.not(), [goto("unbind")]),
  goto("documented"),
] as const;

export default spec({
  name: "xe-svm-partial-evict",
  doc: "xe SVM: the garbage collector evicts before it unbinds",
  configs: {
    ci: { ...base, sys_frames: 3, cpu_faults: 0, mmaps: 1 },
    deep_cpu_fault: { ...base, sys_frames: 2, cpu_faults: 1, mmaps: 0 },
  },
  shared: k,
  actors: { ...actors, gpu_fault: fault, gc: collector },
  always,
  at_rest: {
    ...at_rest,
    nothing_is_left_in_vram: claim(
      "every page in VRAM is covered by a range",
      forall(Page, (p) => is_leftover(p).not()),
    ),
  },
  reachable: {
    gpu_uses_vram: gpu_uses("vram"),
    half_of_a_range_is_unmapped: k.range.partial_unmap,
  },
  variants: {
    as_in_7_3: {
      doc: "__xe_svm_garbage_collector() evicts nothing: the leftover keeps the block",
      from: "S19; P11",
      breaks: "nothing_is_left_in_vram",
      change: [
        replace(collector, "collect.is_partial", not_evicted),
        replace(fault, "gc.is_partial", not_evicted),
      ],
    },
    as_documented: {
      doc: "drm_gpusvm_range_evict() ends with -EFAULT at the hole that munmap() has made",
      from: "S19; P11",
      breaks: "nothing_is_left_in_vram",
      change: [
        replace(collector, "collect.is_partial", range_evict),
        replace(fault, "gc.is_partial", range_evict),
      ],
    },
  },
});
