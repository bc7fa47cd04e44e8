/**
 * A buffer object is shared with other drivers as a dma-buf, and its exporter moves it.
 *
 * Claim    Dynamic importers are told in the move, with the reservation held, and arrange that new
 *          accesses map again; what they cannot stop is behind a fence of the reservation, which
 *          the copy waits for. Who maps waits for the copy. So no importer reaches a block that
 *          was given back, no write is lost, a move never waits for user space, and nobody
 *          deadlocks.
 * Source   drivers/dma-buf/dma-buf.c: dma_buf_invalidate_mappings(), dma_buf_pin();
 *          drivers/infiniband/core/umem_dmabuf.c: ib_umem_dmabuf_map_pages();
 *          drivers/infiniband/hw/mlx5/mr.c: mlx5_ib_dmabuf_invalidate_cb();
 *          drivers/infiniband/hw/mlx5/odp.c: pagefault_dmabuf_mr();
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_dma_buf.c: amdgpu_dma_buf_move_notify().
 * Omits    the reservation of the importer's address space, which the callback may only try or
 *          take with the exporter's ticket (see dma-resv-as-page-lock and exhaustive-eviction);
 *          static importers, speculative reads between invalidation and unmap;
 *          several buffer objects; revocation.
 */
import { all, any, claim, eventually, every, some, spec } from "mmrace";
import { copy_engine } from "./actors.ts";
import { mutants, variants } from "./dma-buf-variants.ts";
import { command, mover, mr_fault, mr_write, pinned_command } from "./importers.ts";
import {
  gpu_pte_is_current,
  has,
  is_mapped,
  k,
  mr_pte_is_current,
  no_lost_store,
} from "./state.ts";

const ci = { stores: 2, moves: 1, mr_faults: 1, commands: 1 };

export default spec({
  name: "dma-buf-dynamic",
  doc: "a dma-buf with dynamic importers moves",
  configs: { ci, deep: { stores: 3, moves: 2, mr_faults: 2, commands: 1 } },
  shared: k,
  actors: { mover, copy_engine, mr_fault, mr_write, command, pinned_command },
  always: {
    mr_pte_is_current: claim(
      "the entry of the memory region leads to where the buffer object is",
      mr_pte_is_current,
    ),
    gpu_pte_is_current: claim(
      "the entry that the next command uses leads to where the buffer object is",
      gpu_pte_is_current,
    ),
    no_lost_store: claim(
      "the last write is where the buffer object is, or where it is copied from",
      no_lost_store,
    ),
    no_use_of_a_freed_block: claim(
      "no entry and no command leads to a block that was given back",
      all(
        has(k.mr_pte),
        has(k.gpu_pte),
        some(command, (t) => t.at("store").and(has(t.local.entry).not())).not(),
      ),
    ),
    mapped_for_dma: claim(
      "what an entry or a command leads to is mapped for DMA by its importer",
      all(
        any(k.mr_pte.eq("none"), k.mr_dma.eq(k.mr_pte)),
        is_mapped(k.gpu_pte),
        some(command, (t) => t.at("store").and(is_mapped(t.local.entry).not())).not(),
      ),
    ),
  },
  liveness: {
    every_move_ends: eventually(
      every(mover, (t) => any(t.at("start"), t.at("done"))),
      "every move that was begun comes to its end",
    ),
  },
  reachable: {
    mr_maps_system_memory: k.mr_pte.eq("system"),
    mr_waits_for_the_copy: any(
      some(mr_fault, (t) => t.at("wait_fence").and(k.kernel.pending)),
      some(pinned_command, (t) => t.at("wait_fence").and(k.kernel.pending)),
    ),
    command_outlives_the_place: some(command, (t) =>
      t.at("store").and(t.local.entry.eq("vram"), k.in_vram.not()),
    ),
  },
  mutants,
  variants,
});
