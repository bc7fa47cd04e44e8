/**
 * xe userptr with a notifier of two passes, on a VM in fault mode: the first pass sends the TLB
 * flush, the second one waits for it.
 *
 * Claim    Two passes are safe, with any number of notifiers at a time, if a second notifier for
 *          the same userptr waits for the flush that the first one has sent: the GPU reaches no
 *          page that the kernel takes back, what its TLB leads to is mapped for DMA, no write is
 *          lost, nobody deadlocks. In 7.3 it does not wait (`as_in_7_3`), which is safe only as
 *          long as one notifier comes at a time.
 * Source   drivers/gpu/drm/xe/xe_userptr.c, xe_pagefault.c, xe_pt.c, xe_vm.c;
 *          drivers/gpu/drm/drm_gpusvm.c; mm/mmu_notifier.c.
 * Omits    VMs that are not in fault mode (preempt fences, the rebind worker); unbind and destroy
 *          of the VMA; userptrs of several pages; several tiles; eviction; forced invalidation.
 */
import { claim, exists, forall, some, spec } from "mmrace";
import {
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
} from "mmrace/kernel";
import * as actors from "./userptr-actors.ts";
import { k } from "./userptr-state.ts";
import { mutants, variants } from "./userptr-variants.ts";

const { compaction, dontneed } = actors;
const base = { pages: 1, sys_frames: 3, vram_frames: 0, versions: 1, gpu_faults: 1 };

export default spec({
  name: "xe-svm-userptr",
  doc: "xe userptr: a notifier of two passes",
  configs: {
    ci: { ...base, cpu_faults: 0, munmaps: 0, dontneeds: 1, compactions: 1 },
    deep: { ...base, cpu_faults: 1, munmaps: 0, dontneeds: 1, compactions: 1 },
    deep_munmap: { ...base, cpu_faults: 0, munmaps: 1, dontneeds: 1, compactions: 1 },
  },
  shared: k,
  actors: { ...actors },
  always: {
    no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
    dma_mapped_while_the_gpu_uses_it: claim(
      "what the TLB leads to is mapped for DMA",
      forall(Page, (p) => k.gpu.tlb.at(p).is("sys").implies(k.uvma.at(p).has_dma_mapping)),
    ),
  },
  at_rest: {
    no_leaked_reference: no_leaked_reference(k.mm, k.folio),
    multi_pass_state_is_free: claim(
      "nobody has left the multi-pass state in use",
      forall(Page, (p) => k.uvma.at(p).finish_inuse.or(k.uvma.at(p).tlb_inval_submitted).not()),
    ),
  },
  reachable: {
    gpu_uses_the_page: exists(Page, (p) => k.gpu.tlb.at(p).is("sys")),
    flush_waited_for_in_the_second_pass: some(dontneed, (t) =>
      t.at("zap.zap.start.itree.finish.batch_wait"),
    ),
    zapped_in_the_second_pass: some(dontneed, (t) => t.at("zap.zap.start.itree.finish.tlb_submit")),
    second_notifier_in_the_first_pass: some(compaction, (t) =>
      t.at("migrate.unmap.start.itree.cb.join"),
    ),
    bind_loses_the_race: some(actors.gpu_fault, (t) => t.at("resv_unlock").and(t.local.again)),
  },
  variants,
  mutants,
});
