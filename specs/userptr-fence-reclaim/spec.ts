/**
 * Theorem: waiting for fences in a notifier, and an allocation that reclaims on the way to a fence,
 * make a deadlock of one job, one page and one reclaim. None of its edges is a lock.
 *
 * Claim    With atomic allocations only, the way from the end of a job to its fence needs nobody,
 *          so every notifier that waits for the fence ends, and the page goes back to the system.
 * Source   drivers/dma-buf/dma-fence.c, "DMA fence cross-driver contract" and "fence signalling
 *          annotations"; drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.c; Documentation/mm/hmm.rst.
 * Omits    what the allocation is for; kswapd's other work; the notifier's locks (see
 *          notifier-waits); several jobs.
 */
import {
  actor,
  bool,
  claim,
  count_of,
  eventually,
  every,
  goto,
  idle,
  ret,
  routine,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  alloc_pages,
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv_add_fence,
  type Gfp,
} from "mmrace/kernel";

const k = shared({
  fence: dma_fence_slot(),
  mapped: bool.init(true),
  running: bool,
  /** mmu_interval_read_retry() of the pages that the job uses. */
  invalidated: bool,
});

/** try_to_unmap() of the page that the job uses: the driver's notifier waits for the job. */
const try_to_unmap = () =>
  routine("try_to_unmap", {}, () => ({
    still_mapped: ["is the page mapped?", when(k.mapped.not(), [ret()])],
    set_seq: ["invalidate(): mmu_interval_set_seq()", set(k.invalidated, true)],
    invalidate: ["  dma_resv_wait_timeout()", dma_fence_wait(k.fence)],
    unmap: ["ptep_clear_flush(); the page goes back to the system", set(k.mapped, false)],
  }));

const submit = actor("submit", {}, () => ({
  get_pages: ["amdgpu_ttm_tt_get_user_pages()", when(k.mapped.not(), [goto("done")])],
  add_fence: [
    "under the notifier lock: read_retry, dma_resv_add_fence(), push the job",
    when(k.invalidated, [goto("done")]),
    dma_resv_add_fence(k.fence),
    set(k.running, true),
  ],
})).as("CS ioctl");

const completion = (name: string, gfp: Gfp) =>
  actor(name, { failed: bool }, (me) => ({
    interrupt: ["the job is done", idle(), wait(k.running), set(k.running, false)],
    alloc: alloc_pages(gfp, me.failed, try_to_unmap()),
    signal: ["dma_fence_signal(), with or without memory", dma_fence_signal(k.fence)],
  })).as("from the end of a job to its fence");

const complete = completion("complete", "GFP_ATOMIC");
/** In a variant only. */
const complete_noio = completion("complete_noio", "GFP_NOIO").times(0);

const kswapd = actor("kswapd", {}, () => ({
  unmap: try_to_unmap(),
})).as("background reclaim");

export default spec({
  name: "userptr-fence-reclaim",
  doc: "a notifier that waits for a fence, and memory on the way to the fence",
  configs: { ci: {} },
  shared: k,
  actors: { submit, complete, complete_noio, kswapd },
  always: {
    no_job_on_a_freed_page: claim(
      "while a job runs, its page is mapped",
      k.running.implies(k.mapped),
    ),
  },
  reachable: {
    reclaim_waits_for_the_job: some(kswapd, (t) => t.at("unmap.invalidate")).and(k.fence.pending),
  },
  liveness: {
    reclaim_ends: eventually(
      every(kswapd, (t) => t.at("done")),
      "reclaim gets the page",
    ),
  },
  mutants: {
    allocates_with_reclaim: {
      doc: "GFP_NOIO on the way to the fence: NOFS and NOIO keep nobody out of the notifiers",
      from: "drivers.md 9.5, T5",
      breaks: "deadlock",
      change: [count_of(complete, 0), count_of(complete_noio, 1)],
    },
  },
});
