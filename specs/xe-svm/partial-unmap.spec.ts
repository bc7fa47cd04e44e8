/**
 * xe SVM, a range of two pages of which munmap() takes one: partial unmap as in 7.3.
 *
 * Claim    (S19') The garbage collector unbinds the range and forgets it, and evicts nothing. That
 *          is safe: no GPU entry outlives the CPU's, no unmapped range is bound again, no write is
 *          lost, nobody deadlocks. What is left of the range in VRAM keeps the whole block until
 *          somebody touches or evicts it.
 * Source   drivers/gpu/drm/xe/xe_svm.c, xe_pt.c; drivers/gpu/drm/drm_gpusvm.c, drm_pagemap.c;
 *          mm/hmm.c, mm/migrate_device.c.
 * Omits    what spec.ts omits but for the two pages; several ranges; several buffer objects (VRAM
 *          is one block); xe_vm_resv(vm), always taken under vm->lock here; the retries of an
 *          eviction; chunks up to 64K, made of present pages only.
 */
import { exists, some, spec } from "mmrace";
import { Page } from "mmrace/kernel";
import * as actors from "./partial-actors.ts";
import { always, at_rest, gpu_uses } from "./partial-claims.ts";
import { gc } from "./partial-gc.ts";
import { gpu_fault } from "./partial-gpu-fault.ts";
import { mutants } from "./partial-mutants.ts";
import { block_is_free, in_tree, is_leftover, k } from "./partial-state.ts";

const fault = gpu_fault("as_in_7_3");
const collector = gc("as_in_7_3");
const base = { pages: 2, vram_frames: 2, versions: 1, gpu_faults: 1, munmaps: 1 };

export default spec({
  name: "xe-svm-partial-unmap",
  doc: "xe SVM: half of a range is unmapped",
  configs: {
    ci: { ...base, sys_frames: 3, cpu_faults: 0, mmaps: 1, evictions: 0 },
    deep_evict: { ...base, sys_frames: 3, cpu_faults: 0, mmaps: 1, evictions: 1 },
    deep_cpu_fault: { ...base, sys_frames: 2, cpu_faults: 1, mmaps: 0, evictions: 0 },
  },
  shared: k,
  actors: { ...actors, gpu_fault: fault, gc: collector },
  always,
  at_rest,
  reachable: {
    gpu_uses_vram: gpu_uses("vram"),
    gpu_uses_system_memory: gpu_uses("sys"),
    half_of_a_range_is_unmapped: k.range.partial_unmap,
    leftover_keeps_the_block: exists(Page, is_leftover).and(in_tree().not(), block_is_free().not()),
    bind_loses_the_race: some(fault, (t) => t.at("bound").and(t.local.again)),
  },
  mutants: mutants(fault, collector),
});
