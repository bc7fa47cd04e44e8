/** The CPU, TTM and the GPU by itself. */
import { actor, choose, each, exists, goto, idle, none, rarely, set, size, wait } from "mmrace";
import * as hardware from "mmrace/kernel";
import {
  cpu_fault_actor,
  dma_resv_lock,
  dma_resv_unlock,
  down_write,
  Frame,
  munmap_actor,
  Page,
  up_write,
} from "mmrace/kernel";
import { xe_svm_invalidate } from "./partial-invalidate.ts";
import { evict_to_ram, migrate_to_ram } from "./partial-migrate.ts";
import { k } from "./partial-state.ts";

export const gpu_tlb = hardware.gpu_tlb(k.gpu);
export const gpu_flush = hardware.gpu_flush(k.gpu);
export const gpu_store = hardware.gpu_store(k.gpu, k.mm, k.folio);

/** Jobs run in the order in which they were pushed: unbind, then bind. */
export const bind_queue = actor("bind_queue", {}, () => ({
  run: [
    "the GPU writes the PTEs of the bind job, signals its fence",
    idle(),
    wait(k.bind.queued.and(k.unbind.queued.not())),
    each(Page, (p) => [set(k.gpu.pte.at(p), k.bind.frame.at(p)), set(k.bind.frame.at(p), none)]),
    set(k.bind.queued, false),
    goto("run"),
  ],
}));

export const unbind_queue = actor("unbind_queue", {}, () => ({
  run: [
    "the GPU clears the PTEs of the unbind job, signals its fence",
    idle(),
    wait(k.unbind.queued),
    each(Page, (p) => [set(k.gpu.pte.at(p), none), set(k.unbind.pages.at(p), false)]),
    set(k.unbind.queued, false),
    goto("run"),
  ],
}));

/**
 * The lock of a device page whose entry still leads to it is somebody else's only while TTM evicts,
 * or another thread has the page brought home. One fault without evictions never waits for it.
 */
export const cpu_fault = cpu_fault_actor(k.mm, k.folio, migrate_to_ram, undefined, (call) =>
  rarely(call, "wait"),
)
  .times(size("cpu_faults"))
  .as("do_swap_page()");

export const munmap = munmap_actor(k.mm, k.folio, (page) =>
  xe_svm_invalidate((p) => p.eq(page), "unmap"),
).times(size("munmaps"));

/** The address is used again; the new VMA is merged with its neighbour. */
export const mmap = actor("mmap", { page: Page }, (me) => ({
  call: ["mmap(page, MAP_FIXED)", idle(), choose(me.page, k.mm.vma.at(me.page).not())],
  mmap_write_lock: down_write(k.mm.mmap_lock),
  mmap_region: ["mmap_region(): the VMA joins the tree", set(k.mm.vma.at(me.page), true)],
  mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(k.mm.mmap_lock)],
}))
  .times(size("mmaps"))
  .as("mmap(), mmap_lock");

export const evict = actor("evict", {}, () => ({
  pick: [
    "ttm_bo_evict_first(): dma_resv_trylock(bo->resv)",
    idle(),
    wait(exists(Frame, (f) => f.is("vram").and(k.folio.at(f).ref.count.gt(0)))),
    wait(k.bo.owner.eq(none)),
    dma_resv_lock(k.bo),
  ],
  evict: evict_to_ram(),
  bo_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.bo)],
}))
  .times(size("evictions"))
  .as("TTM eviction");
