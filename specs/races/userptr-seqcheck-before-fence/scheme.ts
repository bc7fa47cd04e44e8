/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  oneOf,
  retry,
  routine,
  set,
  shared,
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

export const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(), // gpu_vma->userptr_interval
  notifier_lock: rw_semaphore(), // gpu_vm->userptr_notifier_lock
  cpu_pte: Page,
  old_page_freed: bool,
  gpu_pte: Page,
  job: bool, // in the ring, or running
  fence: dma_fence_slot(), // in gpu_vm->resv
});

export const exec = actor("exec", { page: Page }, (me) => ({
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

export const reclaim = actor("reclaim", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  unmap: ["try_to_unmap_one(); the next fault finds another page", set(k.cpu_pte, "new_page")],
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
  free: ["folio_put(): the old page is free", set(k.old_page_freed, true)],
}));

export const gpu = actor("gpu", {}, () => ({
  execute: [
    "the device reads through its page table",
    idle(),
    wait(k.job),
    assert("use_after_free", k.gpu_pte.eq("old_page").and(k.old_page_freed).not(), "a freed page"),
  ],
  signal: ["dma_fence_signal()", set(k.job, false), dma_fence_signal(k.fence), goto("execute")],
})).as("device");
