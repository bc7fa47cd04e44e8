/** Other drivers that have imported the buffer object, and the move that tells them. */
import {
  actor,
  goto,
  idle,
  progress,
  type Routine,
  retry,
  routine,
  set,
  size,
  wait,
  when,
} from "mmrace";
import { dma_fence_wait, dma_resv_lock, dma_resv_unlock } from "mmrace/kernel";
import { commands, move_mem } from "./actors.ts";
import { k, Place, place, store_at } from "./state.ts";

/** dma_buf_invalidate_mappings(): every dynamic importer, with the reservation held. */
const invalidate_mappings = (): Routine =>
  routine("dma_buf_invalidate_mappings", {}, () => ({
    gpu: ["amdgpu_dma_buf_move_notify(): validate again before use", set(k.gpu_pte, "none")],
    gpu_unmap: [
      "  ttm_bo_pipeline_gutting(): unmap at once, or when the command is done",
      when(k.job.pending.not(), [set(k.gpu_dma.vram, false), set(k.gpu_dma.system, false)]),
    ],
    mr: ["mlx5_ib_dmabuf_invalidate_cb(): zap the hardware", set(k.mr_pte, "none")],
    mr_unmap: ["  ib_umem_dmabuf_unmap_pages()", set(k.mr_dma, "none")],
  }));

/** The exporter moves the buffer object; a pinned one stays, and it comes again. */
export const mover = actor("mover", {}, () => ({
  start: ["the buffer object must move", idle()],
  lock: ["dma_resv_lock(bo->base.resv)", dma_resv_lock(k.resv)],
  pinned: [
    "if (bo->pin_count) skip it",
    when(k.pinned.eq(0), [goto("move")]),
    dma_resv_unlock(k.resv),
    retry(),
    goto("lock"),
  ],
  move: move_mem(invalidate_mappings()),
  moved: ["the block is free when the copy is done", progress()],
  unlock: ["dma_resv_unlock(bo->base.resv)", dma_resv_unlock(k.resv)],
}))
  .times(size("moves"))
  .as("eviction by the exporter");

/** An importer whose device faults: pagefault_dmabuf_mr(). */
export const mr_fault = actor("mr_fault", { entry: Place }, (me) => ({
  fault: ["the device faults on the memory region", idle(), wait(k.mr_pte.eq("none"))],
  lock: ["dma_resv_lock(dmabuf->resv)", dma_resv_lock(k.resv)],
  map: [
    "ib_umem_dmabuf_map_pages(): dma_buf_map_attachment()",
    set(me.entry, place),
    set(k.mr_dma, place),
  ],
  wait_fence: ["  dma_resv_wait_timeout(DMA_RESV_USAGE_KERNEL)", dma_fence_wait(k.kernel)],
  program: ["mlx5r_umr_update_mr_pas()", set(k.mr_pte, me.entry)],
  unlock: ["dma_resv_unlock(dmabuf->resv)", dma_resv_unlock(k.resv)],
}))
  .times(size("mr_faults"))
  .as("page fault of a memory region");

/** The device writes whenever it likes; no fence says when. */
export const mr_write = actor("mr_write", {}, () => ({
  write: [
    "the device writes through its entry",
    idle(),
    wait(k.mr_pte.ne("none")),
    store_at(k.mr_pte),
    goto("write"),
  ],
}));

/**
 * An importer whose device does not fault: each command maps the buffer object if it must, and
 * leaves a fence.
 */
export const command = commands(
  "command",
  {
    lock: "drm_exec: the reservations of the address space and of the dma-buf",
    bind: "if (bo_va->evicted) dma_buf_map_attachment(), write the entry",
    unlock: "dma_resv_unlock(dmabuf->resv)",
    store: "the GPU writes through its entry",
  },
  {
    bind: [when(k.in_vram, [set(k.gpu_dma.vram, true)]).otherwise([set(k.gpu_dma.system, true)])],
    // ttm_bo_release() of the ghost that had the old mapping.
    signal: [
      set(k.gpu_dma.vram, k.gpu_pte.eq("vram")),
      set(k.gpu_dma.system, k.gpu_pte.eq("system")),
    ],
  },
).as("command of an importer");

/**
 * Pins the buffer object, and lets go when the command is done. A mutex hands itself over to who
 * waits long enough, so an eviction that comes again and again does not keep it out.
 */
export const pinned_command = actor("pinned_command", {}, () => ({
  ioctl: ["user space submits a command", idle()],
  lock: ["dma_resv_lock(dmabuf->resv)", dma_resv_lock(k.resv)],
  pin: ["dma_buf_pin(attach)", set(k.pinned, k.pinned.plus(1))],
  wait_fence: ["dma_resv_wait_timeout(DMA_RESV_USAGE_KERNEL)", dma_fence_wait(k.kernel)],
  program: ["map, write the device's entry", set(k.mr_dma, place), set(k.mr_pte, place)],
  unlock: ["dma_resv_unlock(dmabuf->resv)", dma_resv_unlock(k.resv)],
  used: ["the command is done: zap the device's entry", set(k.mr_pte, "none")],
  lock_again: ["dma_resv_lock(dmabuf->resv)", dma_resv_lock(k.resv)],
  unpin: ["unmap; dma_buf_unpin(attach)", set(k.mr_dma, "none"), set(k.pinned, k.pinned.minus(1))],
  unlock_again: ["dma_resv_unlock(dmabuf->resv)", dma_resv_unlock(k.resv)],
}))
  .times(0)
  .as("command that pins")
  .fair("strong");
