/**
 * A submission checks that its user pages are still current, while their notifier waits for the
 * fences that it finds.
 *
 * Claim    The device never reads pages that were taken away: a submission checks the sequence
 *          number and adds its fence in one section under userptr_notifier_lock, so the notifier
 *          either makes the check fail or finds the fence.
 * Source   Documentation/gpu/drm-vm-bind-locking.rst ("Final userptr sequence validation may not
 *          happen before the submission dma_fence is added to the gpu_vm's resv"), and the exec
 *          and invalidation functions there; the bug is what that sentence forbids.
 * Omits    gpu_vm->lock (there is one submitter); dma_resv locks, which the notifier can't take;
 *          dependencies; other bindings. Pages have no reference of the driver (hmm_range_fault()).
 */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  insert_before,
  move_after,
  move_before,
  oneOf,
  remove,
  retry,
  routine,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv_add_fence,
  down_read,
  down_write,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const Page = oneOf("old_page", "new_page");

const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(), // gpu_vma->userptr_interval
  notifier_lock: rw_semaphore(), // gpu_vm->userptr_notifier_lock
  cpu_pte: Page,
  old_page_freed: bool,
  gpu_pte: Page,
  job: bool, // in the ring, or running
  fence: dma_fence_slot(), // in gpu_vm->resv
});

const exec = actor("exec", { page: Page }, (me) => ({
  again: mmu_interval_read_begin(k.sub),
  get_pages: ["obtain_new_page_pointers()", set(me.page, k.cpu_pte)],
  revalidate: ["rebind: write the device PTE", set(k.gpu_pte, me.page)],
  lock: ["down_read(&gpu_vm->userptr_notifier_lock)", down_read(k.notifier_lock)],
  read_retry: [
    "if (mmu_interval_read_retry()) goto retry",
    when(mmu_interval_read_retry(k.sub), [up_read(k.notifier_lock), retry(), goto("again")]),
  ],
  submit: ["job_dma_fence = gpu_submit(&gpu_job)", set(k.job, true)],
  add_fence: [
    "add_dma_fence(job_dma_fence, &gpu_vm->resv), unless it has signalled",
    when(k.job, [dma_resv_add_fence(k.fence)]),
  ],
  unlock: [
    "up_read(&gpu_vm->userptr_notifier_lock)",
    up_read(k.notifier_lock),
    mmu_interval_read_end(k.sub),
  ],
})).as("exec ioctl");

const invalidate = routine("gpu_vma_userptr_invalidate", {}, () => ({
  lock: down_write(k.notifier_lock),
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  unlock: ["up_write(&gpu_vm->userptr_notifier_lock)", up_write(k.notifier_lock)],
  wait: ["dma_resv_wait_timeout(&gpu_vm->resv)", dma_fence_wait(k.fence)],
}));

const reclaim = actor("reclaim", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  unmap: ["try_to_unmap_one(); the next fault finds another page", set(k.cpu_pte, "new_page")],
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
  free: ["folio_put(): the old page is free", set(k.old_page_freed, true)],
}));

const gpu = actor("gpu", {}, () => ({
  execute: [
    "the device reads through its page table",
    idle(),
    wait(k.job),
    assert("use_after_free", k.gpu_pte.eq("old_page").and(k.old_page_freed).not(), "a freed page"),
  ],
  signal: ["dma_fence_signal()", set(k.job, false), dma_fence_signal(k.fence), goto("execute")],
})).as("device");

export default spec({
  name: "userptr-seqcheck-before-fence",
  doc: "user pages are checked before the fence of the submission can be found",
  race: {
    year: 2023,
    subsystem: "DRM VM_BIND userptr",
    class: "use-after-free / lifetime",
  },
  configs: { ci: {} },
  shared: k,
  actors: { exec, reclaim, gpu },
  reachable: {
    notifier_waits_for_the_fence: k.fence.pending.and(some(reclaim, (r) => r.at("start.cb.wait"))),
    submission_tries_again: some(exec, (e) =>
      e.at("read_retry").and(k.sub.read.at(e.proc).eq("stale")),
    ),
    new_page_is_read: k.job.and(k.gpu_pte.eq("new_page")),
  },
  bugs: {
    checked_before_the_fence_is_added: {
      doc: "the notifier lock is dropped after the check, before the fence is added",
      from: "Documentation/gpu/drm-vm-bind-locking.rst",
      breaks: "use_after_free",
      order: [
        ...["exec.read_retry", "reclaim.start.cb.set_seq", "reclaim.start.cb.wait"],
        ...["reclaim.free", "gpu.execute"],
      ],
      change: [move_before(exec, "unlock", "submit")],
    },
  },
  mutants: {
    fence_added_after_the_unlock: {
      doc: "submitted under the lock, but the fence can't be found yet",
      from: "Documentation/gpu/drm-vm-bind-locking.rst",
      breaks: "use_after_free",
      change: [move_after(exec, "add_fence", "unlock")],
    },
    notifier_waits_first: {
      doc: "a fence that is added between the wait and the new number is missed",
      from: "Documentation/gpu/drm-vm-bind-locking.rst",
      breaks: "use_after_free",
      change: [
        remove(reclaim, "start.cb.wait"),
        insert_before(reclaim, "start.cb.lock.fast", {
          wait_first: ["dma_resv_wait_timeout(&gpu_vm->resv)", dma_fence_wait(k.fence)],
        }),
      ],
    },
    notifier_takes_no_lock: {
      doc: "the new number comes between the check and the fence",
      from: "Documentation/gpu/drm-vm-bind-locking.rst",
      breaks: "use_after_free",
      change: [
        remove(reclaim, "start.cb.lock.fast"),
        remove(reclaim, "start.cb.lock.slow"),
        remove(reclaim, "start.cb.unlock"),
      ],
    },
  },
});
