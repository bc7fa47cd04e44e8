/** Who validates, and who takes a dma_resv besides. */
import { actor, choose, size } from "mmrace";
import { dma_resv_lock, dma_resv_unlock, ttm_lru_trylock_in_system } from "mmrace/kernel";
import { Bo, dev, k } from "./state.ts";
import { validator } from "./validate.ts";

export const exec_a = validator("exec_a", "a").times(size("execs_a"));
export const exec_b = validator("exec_b", "b").times(size("execs_b"));
/** xe_svm_alloc_vram(): a buffer object of its own for each range. */
export const svm_fault = validator("svm_fault", "svm").times(size("svm_faults"));

/** ttm_bo_vm_reserve(): a CPU fault on a mapping of a buffer object; outside the domain. */
export const cpu_fault = actor("cpu_fault", { bo: Bo }, (me) => {
  const { resv } = k.bo.at(me.bo);
  return {
    touch: ["the CPU touches a mapping of a buffer object", choose(me.bo)],
    reserve: ["ttm_bo_vm_reserve(): dma_resv_lock(bo->resv, NULL)", dma_resv_lock(resv)],
    unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(resv)],
  };
})
  .times(size("cpu_faults"))
  .as("ttm_bo_vm_fault()")
  .fair("strong");

/** xe_shrinker_walk(): buffer objects in system memory, trylock only, never waits. */
export const shrinker = actor("shrinker", { bo: Bo }, (me) => {
  const { resv } = k.bo.at(me.bo);
  return {
    trylock: [
      "ttm_bo_shrink(): next one in system memory, dma_resv_trylock()",
      ttm_lru_trylock_in_system(dev, me.bo),
    ],
    unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(resv)],
  };
})
  .times(size("shrinkers"))
  .as("xe_shrinker_scan()");
