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

const Pte = oneOf("none", "old_page", "new_page");
const Table = oneOf("old_pt", "new_pt");

export const k = shared({
  subs: mmu_notifier_subscriptions(1),
  notifier: mmu_interval_notifier(), // userptr->notifier
  notifier_lock: rw_semaphore(),
  cpu_pte: Pte.init("old_page"),
  old_page_freed: bool,
  old_pt: Pte.init("old_page"), // the entry in the page table that is replaced
  new_pt: Pte,
  hw: Table, // where the page directory in the memory of the device leads
  children: Table, // the same in the software's tree
  staging: Table,
  job: bool, // the update of the page directory has been submitted
  fence: dma_fence_slot(), // BOOKKEEP in the VM's dma_resv
});

export const bind = actor("bind", { page: Pte }, (me) => ({
  again: mmu_interval_read_begin(k.notifier),
  get_pages: ["xe_vma_userptr_pin_pages(): hmm_range_fault()", set(me.page, k.cpu_pte)],
  stage: ["xe_pt_stage_bind(): xe_pt_create(), fill it", set(k.new_pt, me.page)],
  prepare: ["xe_pt_commit_prepare_bind(): staging[] = new", set(k.staging, "new_pt")],
  lock: ["xe_pt_svm_userptr_pre_commit(): down_read()", down_read(k.notifier_lock)],
  read_retry: [
    "vma_check_userptr(): if (mmu_interval_read_retry()) return -EAGAIN",
    when(mmu_interval_read_retry(k.notifier), [up_read(k.notifier_lock), goto("abort")]),
  ],
  submit: ["xe_migrate_update_pgtables(): the job is pushed", set(k.job, true)],
  commit: ["xe_pt_commit(): children[] = staging[]", set(k.children, k.staging)],
  add_fence: [
    "dma_resv_add_fence(DMA_RESV_USAGE_BOOKKEEP), unless it has signalled",
    when(k.job, [dma_resv_add_fence(k.fence)]),
  ],
  unlock: [
    "xe_svm_notifier_unlock()",
    up_read(k.notifier_lock),
    mmu_interval_read_end(k.notifier),
    goto("done"),
  ],
  abort: ["xe_pt_abort_bind(): staging[] = old, destroy new", set(k.staging, "old_pt")],
  destroy: ["xe_pt_destroy(new); try again", set(k.new_pt, "none"), retry(), goto("again")],
})).as("VM bind: prefetch");

const invalidate = routine("vma_userptr_invalidate", {}, () => ({
  lock: down_write(k.notifier_lock),
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.notifier)],
  wait: ["dma_resv_wait_timeout(DMA_RESV_USAGE_BOOKKEEP)", dma_fence_wait(k.fence)],
  zap: [
    "xe_vm_invalidate_vma(): xe_pt_zap_ptes() walks children[]; TLB invalidation",
    when(k.children.eq("old_pt"), [set(k.old_pt, "none")]).otherwise([set(k.new_pt, "none")]),
  ],
  unlock: ["up_write()", up_write(k.notifier_lock)],
}));

export const reclaim = actor("reclaim", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  unmap: ["try_to_unmap_one(); the next fault finds another page", set(k.cpu_pte, "new_page")],
  end: [
    "mmu_notifier_invalidate_range_end()",
    mmu_notifier_invalidate_range_end(k.subs, [k.notifier]),
  ],
  free: ["folio_put(): the old page is free", set(k.old_page_freed, true)],
}));

export const engine = actor("engine", {}, () => ({
  update: ["the page directory leads to the new table", idle(), wait(k.job), set(k.hw, "new_pt")],
  signal: ["dma_fence_signal()", set(k.job, false), dma_fence_signal(k.fence)],
})).as("migrate engine");

/** What the device finds when it walks its page table. */
const finds = (pte: "none" | "old_page") =>
  k.hw
    .eq("old_pt")
    .and(k.old_pt.eq(pte))
    .or(k.hw.eq("new_pt").and(k.new_pt.eq(pte)));

export const gpu = actor("gpu", {}, () => ({
  access: [
    "a context accesses the userptr",
    idle(),
    wait(finds("none").not()),
    assert("use_after_free", finds("old_page").and(k.old_page_freed).not(), "a freed page"),
    goto("access"),
  ],
})).as("device");
