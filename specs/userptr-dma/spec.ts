/**
 * The pages of a process that a buffer object stands for are mapped for DMA; the process gets other
 * pages at that address, and the next submission maps those.
 *
 * Claim    No command uses an entry whose page is not mapped for DMA. amdgpu leaves the old pages
 *          mapped when they are invalidated; the next submission unmaps them with the reservation
 *          held, after it has waited for every command that uses the buffer object, and nobody can
 *          submit another one before the new pages are mapped and the entry is written. Unmapping
 *          in the callback, after its wait, is as good (`unmapped_in_the_callback`, S14).
 * Source   drivers/gpu/drm/amd/amdgpu/amdgpu_cs.c: amdgpu_cs_parser_bos, amdgpu_cs_submit;
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_ttm.c: amdgpu_bo_move, amdgpu_ttm_backend_unbind,
 *          amdgpu_ttm_backend_bind, amdgpu_ttm_tt_pin_userptr, amdgpu_ttm_tt_unpin_userptr;
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.c: amdgpu_hmm_invalidate_gfx.
 * Omits    what notifier-waits tells: mmap_lock, hmm_range_fault(), reclaim; several commands at a
 *          time, and their order; what the GPU reads ahead through an entry that no command uses,
 *          which is out of date from the unbinding to the next update of the page table.
 */
import {
  actor,
  claim,
  eventually,
  every,
  goto,
  idle,
  insert_before,
  ite,
  oneOf,
  range,
  remove,
  replace,
  retry,
  set,
  shared,
  size,
  some,
  spec,
  value,
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
  dma_resv_unlock,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

const Pages = oneOf("none", "old", "new");

const k = shared({
  resv: dma_resv(), // bo->tbo.base.resv
  notifier_lock: mutex(), // adev->notifier_lock
  seq: range(0, 2), // of the interval notifier
  active: range(0, 2), // invalidations between start and end
  pages: Pages.init("old"), // of the process
  dma: Pages, // what the buffer object has mapped for DMA
  gpu_pte: Pages,
  job: dma_fence_slot(),
});

const cs = actor("cs", { seq: range(0, 2), pages: Pages }, (me) => ({
  ioctl: ["ioctl(CS)", idle()],
  get_pages: [
    "amdgpu_ttm_tt_get_user_pages(): hmm_range_fault()",
    wait(k.active.eq(0)), // mmu_interval_read_begin()
    set(me.seq, k.seq),
    set(me.pages, k.pages),
  ],
  lock: ["drm_exec_prepare_obj(bo)", dma_resv_lock(k.resv)],
  user_invalidated: [
    "if (!e->user_invalidated) nothing moves",
    when(k.dma.eq(me.pages), [goto("update_pte")]),
  ],
  wait_idle: ["ttm_bo_validate(CPU): amdgpu_bo_move(): ttm_bo_wait_ctx()", dma_fence_wait(k.job)],
  unpin: ["  amdgpu_ttm_tt_unpin_userptr(): dma_unmap_sgtable()", set(k.dma, "none")],
  pin: ["ttm_bo_validate(GTT): amdgpu_ttm_tt_pin_userptr()", set(k.dma, me.pages)],
  update_pte: ["amdgpu_vm_bo_update()", set(k.gpu_pte, me.pages)],
  wait_ring: ["amdgpu_cs_submit(): one command at a time, here", dma_fence_wait(k.job)],
  notifier_lock: ["mutex_lock(&adev->notifier_lock)", mutex_lock(k.notifier_lock)],
  stale: [
    "mmu_interval_read_retry(): -EAGAIN, and user space calls again",
    when(me.seq.ne(k.seq), [
      mutex_unlock(k.notifier_lock),
      dma_resv_unlock(k.resv),
      retry(),
      goto("ioctl"),
    ]),
  ],
  add_fence: ["dma_resv_add_fence(); amdgpu_job_submit()", dma_resv_add_fence(k.job)],
  notifier_unlock: ["mutex_unlock(&adev->notifier_lock)", mutex_unlock(k.notifier_lock)],
  unlock: ["drm_exec_fini()", dma_resv_unlock(k.resv)],
}))
  .times(size("submits"))
  .as("ioctl(CS)");

const engine = actor("engine", { entry: Pages }, (me) => ({
  start: ["the GPU starts a command", idle(), wait(k.job.pending), set(me.entry, k.gpu_pte)],
  store: ["the command stores through its entry"],
  signal: ["dma_fence_signal(job)", dma_fence_signal(k.job), goto("start")],
})).as("the GPU");

const invalidate = actor("invalidate", {}, () => ({
  call: ["mmu_notifier_invalidate_range_start()", idle(), set(k.active, k.active.plus(1))],
  lock: ["amdgpu_hmm_invalidate_gfx(): mutex_lock(notifier_lock)", mutex_lock(k.notifier_lock)],
  set_seq: ["mmu_interval_set_seq()", set(k.seq, k.seq.plus(1))],
  fence_wait: ["dma_resv_wait_timeout(DMA_RESV_USAGE_BOOKKEEP)", dma_fence_wait(k.job)],
  unlock: ["mutex_unlock(&adev->notifier_lock)", mutex_unlock(k.notifier_lock)],
  replaced: [
    "the process has other pages there; mmu_notifier_invalidate_range_end()",
    set(k.active, k.active.minus(1)),
    set(k.pages, ite(k.pages.eq("old"), value(Pages, "new"), "old")),
  ],
}))
  .times(size("invalidations"))
  .as("invalidation");

export default spec({
  name: "userptr-dma",
  doc: "pages of a process that are mapped for DMA, and invalidated (amdgpu userptr)",
  configs: {
    ci: { submits: 2, invalidations: 1 },
    deep: { submits: 3, invalidations: 2 },
  },
  shared: k,
  actors: { cs, engine, invalidate },
  always: {
    mapped_for_dma: claim(
      "the page that a command uses is mapped for DMA",
      some(engine, (t) => t.at("store").and(t.local.entry.ne(k.dma))).not(),
    ),
    not_taken_back_while_in_use: claim(
      "a command uses the pages that the process has",
      some(engine, (t) => t.at("store").and(t.local.entry.ne(k.pages))).not(),
    ),
  },
  liveness: {
    every_submission_ends: eventually(
      every(cs, (t) => t.at("ioctl").or(t.at("done"))),
      "every ioctl that was begun comes to its end",
    ),
  },
  reachable: {
    new_pages_are_mapped: k.dma.eq("new"),
    submission_waits_for_a_command: some(cs, (t) => t.at("wait_idle")).and(k.job.pending),
    submission_loses_the_race: some(cs, (t) => t.at("stale").and(t.local.seq.ne(k.seq))),
  },
  mutants: {
    unmapped_without_a_wait: {
      doc: "the pages are unmapped while a command of before uses them",
      from: "9.2.3; 15 (P3)",
      breaks: "mapped_for_dma",
      change: [remove(cs, "wait_idle")],
    },
    callback_does_not_wait: {
      doc: "the number is set, and the pages go while a command uses them",
      from: "9.2.9",
      breaks: "not_taken_back_while_in_use",
      change: [remove(invalidate, "fence_wait")],
    },
  },
  variants: {
    unmapped_in_the_callback: {
      doc: "the callback unmaps after its wait, under the lock, and new commands map again",
      from: "S14; 15 (P3)",
      change: [
        insert_before(invalidate, "unlock", {
          unmap: ["zap the entry, unmap for DMA", set(k.gpu_pte, "none"), set(k.dma, "none")],
        }),
        replace(cs, "stale", [
          "stale, or not mapped any more: begin again",
          when(cs.me.seq.ne(k.seq).or(k.dma.ne(cs.me.pages)), [
            mutex_unlock(k.notifier_lock),
            dma_resv_unlock(k.resv),
            retry(),
            goto("ioctl"),
          ]),
        ]),
      ],
    },
  },
});
