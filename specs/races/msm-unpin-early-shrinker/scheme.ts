/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  insert_after,
  insert_before,
  range,
  set,
  shared,
  wait,
  when,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv,
  dma_resv_add_fence,
  dma_resv_lock,
  dma_resv_trylock,
  dma_resv_unlock,
} from "mmrace/kernel";

export const k = shared({
  resv: dma_resv(), // obj->resv, msm_gem_lock()
  pin_count: range(0, 1), // 0: in the list of the shrinker
  pages: bool.init(true),
  fence: dma_fence_slot(), // of the job
  queued: bool, // in the GPU scheduler
  running: bool, // in the ring buffer of the GPU
});

/** update_lru() comes with it. */
const pin = set(k.pin_count, 1);
export const unpin = set(k.pin_count, 0);

export const submit = actor("submit", {}, () => ({
  lock: ["submit_lock_objects(): dma_resv_lock()", dma_resv_lock(k.resv)],
  pin: ["submit_pin_objects(): get_pages(); pin_count++", pin, set(k.pages, true)],
  attach: ["submit_attach_object_fences()", dma_resv_add_fence(k.fence)],
  push: ["drm_sched_entity_push_job()", set(k.queued, true)],
  unlock: ["submit_cleanup(): dma_resv_unlock()", dma_resv_unlock(k.resv)],
})).as("msm_ioctl_gem_submit()");

export const sched = actor("sched", {}, () => ({
  pop: ["drm_sched_run_job_work()", idle(), wait(k.queued), set(k.queued, false)],
  unpin: ["msm_job_run(): msm_gem_unpin_active()", unpin],
  submit: ["msm_gpu_submit()", set(k.running, true), goto("pop")],
})).as("GPU scheduler");

export const gpu = actor("gpu", {}, () => ({
  execute: [
    "the GPU uses the pages",
    idle(),
    wait(k.running),
    assert("gpu_uses_evicted_pages", k.pages, "they belong to somebody else"),
  ],
  retire: [
    "retire_submits(): dma_fence_signal()",
    set(k.running, false),
    dma_fence_signal(k.fence),
    goto("execute"),
  ],
}));

export const shrinker = actor("shrinker", {}, () => ({
  scan: [
    "drm_gem_lru_scan(): the first of the list; mutex_unlock(lru->lock)",
    when(k.pin_count.gt(0), [goto("done")]),
  ],
  trylock: ["  dma_resv_trylock(obj->resv)", dma_resv_trylock(k.resv, [], [goto("done")])],
  wait: ["active_evict(): wait_for_idle()", dma_fence_wait(k.fence)],
  evict: [
    "evict(): if (!is_unevictable()) msm_gem_evict(): put_pages()",
    when(k.pin_count.eq(0), [set(k.pages, false)]),
  ],
  unlock: ["  dma_resv_unlock(obj->resv)", dma_resv_unlock(k.resv)],
})).as("msm_gem_shrinker_scan()");

/** Until the mutex of the lists was enough to unpin. */
export const locks_the_object = [
  insert_before(sched, "unpin", {
    lock: ["msm_job_run(): msm_gem_lock(obj)", dma_resv_lock(k.resv)],
  }),
  insert_after(sched, "unpin", { unlock: ["  msm_gem_unlock(obj)", dma_resv_unlock(k.resv)] }),
];
