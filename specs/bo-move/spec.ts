/**
 * A process has mapped a buffer object, and TTM moves it between VRAM and system memory under it:
 * write-combined here, cached there, and neither the process nor its commands notice.
 *
 * Claim    All entries, the CPU's and the GPU's, are taken away before the content is copied, and
 *          come back when it has been copied: no entry leads to where the buffer object is no more,
 *          no store is lost, no block is used after it was given back. mmap_lock comes before the
 *          reservation, which a fault only tries at first, and waits for without mmap_lock. A fault
 *          is served, unless moves do not stop.
 * Source   drivers/gpu/drm/ttm/ttm_bo_vm.c: ttm_bo_vm_reserve(), ttm_bo_vm_fault_idle(),
 *          ttm_bo_vm_fault_reserved(); drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_handle_move_mem();
 *          drivers/gpu/drm/ttm/ttm_bo_util.c: ttm_bo_move_accel_cleanup();
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_object.c: amdgpu_bo_fault_reserve_notify().
 * Omits    what write-combined mappings do to atomics and the memory model (the objection to all
 *          of this is about them); several buffer objects and VRAM that is full; the i_mmap lock
 *          (zapping all entries is one step); the GPU's page table as an object with a reservation
 *          of its own; signals; ghost objects (the buffer object has both blocks instead); pinned
 *          buffer objects.
 */
import { any, claim, eventually, every, some, spec } from "mmrace";
import { copy_engine, cpu_fault, cpu_fault_home, evict, exec, munmap } from "./actors.ts";
import { cpu_pte_is_current, gpu_pte_is_current, has, k, no_lost_store } from "./state.ts";
import { mutants, variants } from "./variants.ts";

const ci = { stores: 2, moves: 1, cpu_faults: 1, commands: 1, munmaps: 1 };

const waits_without_mmap_lock = (who: typeof cpu_fault) => some(who, (t) => t.at("retry_lock"));

export default spec({
  name: "ttm-mmap",
  doc: "a mapped buffer object moves between VRAM and system memory",
  configs: {
    ci,
    deep: { stores: 3, moves: 2, cpu_faults: 2, commands: 1, munmaps: 1 },
  },
  shared: k,
  actors: { evict, copy_engine, cpu_fault, cpu_fault_home, exec, munmap },
  always: {
    cpu_pte_is_current: claim(
      "the CPU's entry leads to where the buffer object is",
      cpu_pte_is_current,
    ),
    gpu_pte_is_current: claim(
      "the entry that the next command uses leads to where the buffer object is",
      gpu_pte_is_current,
    ),
    no_lost_store: claim(
      "the last store is where the buffer object is, or where it is copied from",
      no_lost_store,
    ),
    no_use_of_a_freed_block: claim(
      "no entry and no command leads to a block that was given back",
      has(k.cpu_pte).and(
        has(k.gpu_pte),
        some(exec, (t) => t.at("store").and(has(t.local.entry).not())).not(),
      ),
    ),
  },
  liveness: {
    every_fault_is_served: eventually(
      every(cpu_fault, (t) => t.at("done")).and(every(cpu_fault_home, (t) => t.at("done"))),
      "every CPU fault on the mapping ends",
    ),
  },
  reachable: {
    fault_waits_without_mmap_lock: any(
      waits_without_mmap_lock(cpu_fault),
      waits_without_mmap_lock(cpu_fault_home),
    ),
    cpu_maps_vram: any(
      k.cpu_pte.eq("vram"),
      some(cpu_fault_home, () => true),
    ),
    cpu_maps_system_memory: k.cpu_pte.eq("system"),
    command_outlives_the_place: some(exec, (t) =>
      t.at("store").and(t.local.entry.eq("vram"), k.in_vram.not()),
    ),
  },
  mutants,
  variants,
});
