/**
 * A userptr is bound again, with a page table that replaces another one, while its notifier zaps
 * the entries that the device uses.
 *
 * Claim    The notifier zaps the page table that the device walks: a bind prepares the replacement
 *          in staging[], and makes it the children[] that the notifier walks under the notifier
 *          lock, in one section with the submission of the update.
 * Source   commit ae482ec8cd1a "drm/xe: Add staging tree for VM binds"; drivers/gpu/drm/xe/xe_pt.c:
 *          xe_pt_commit_prepare_bind, xe_pt_svm_userptr_pre_commit, xe_pt_update_ops_run,
 *          xe_pt_commit, xe_pt_abort_bind, xe_pt_zap_ptes; drivers/gpu/drm/xe/xe_userptr.c:
 *          xe_vma_userptr_invalidate_start, xe_vma_userptr_do_inval (vma_userptr_invalidate then).
 *          The commit names the unstable view; the order of steps is a reading of the code: what
 *          the notifier meets is a finished table that the device does not walk, no half of one.
 * Omits    modes without page faults, where the notifier does not zap; the TLB (invalidated with
 *          the zap); the two passes of today's notifier; unbinding, whose preparation had the same
 *          mistake; vm->lock and the dma_resv of the VM, which the notifier can't take.
 */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  move_after,
  oneOf,
  remove,
  replace,
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

const Pte = oneOf("none", "old_page", "new_page");
const Table = oneOf("old_pt", "new_pt");

const k = shared({
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

const bind = actor("bind", { page: Pte }, (me) => ({
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

const reclaim = actor("reclaim", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  unmap: ["try_to_unmap_one(); the next fault finds another page", set(k.cpu_pte, "new_page")],
  end: [
    "mmu_notifier_invalidate_range_end()",
    mmu_notifier_invalidate_range_end(k.subs, [k.notifier]),
  ],
  free: ["folio_put(): the old page is free", set(k.old_page_freed, true)],
}));

const engine = actor("engine", {}, () => ({
  update: ["the page directory leads to the new table", idle(), wait(k.job), set(k.hw, "new_pt")],
  signal: ["dma_fence_signal()", set(k.job, false), dma_fence_signal(k.fence)],
})).as("migrate engine");

/** What the device finds when it walks its page table. */
const finds = (pte: "none" | "old_page") =>
  k.hw
    .eq("old_pt")
    .and(k.old_pt.eq(pte))
    .or(k.hw.eq("new_pt").and(k.new_pt.eq(pte)));

const gpu = actor("gpu", {}, () => ({
  access: [
    "a context accesses the userptr",
    idle(),
    wait(finds("none").not()),
    assert("use_after_free", finds("old_page").and(k.old_page_freed).not(), "a freed page"),
    goto("access"),
  ],
})).as("device");

export default spec({
  name: "xe-bind-staging-vs-zap",
  doc: "a notifier zaps a page table that the device does not use yet",
  race: { year: 2025, subsystem: "drm/xe VM", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { bind, reclaim, engine, gpu },
  reachable: {
    bind_is_aborted: some(bind, (b) => b.at("abort")),
    notifier_waits_for_the_bind: k.fence.pending.and(some(reclaim, (r) => r.at("start.cb.wait"))),
    zapped_while_a_bind_is_prepared: k.staging.eq("new_pt").and(k.old_pt.eq("none")),
    new_page_is_bound: k.hw.eq("new_pt").and(k.new_pt.eq("new_page")),
  },
  bugs: {
    children_change_before_the_lock: {
      doc: "the preparation changes the tree that the notifier walks",
      from: "ae482ec8cd1a",
      breaks: "use_after_free",
      order: ["bind.prepare", "reclaim.start.cb.zap", "reclaim.free", "gpu.access"],
      change: [
        replace(bind, "prepare", [
          "xe_pt_commit_prepare_bind(): children[] = new",
          set(k.children, "new_pt"),
        ]),
        replace(bind, "commit", ["xe_pt_commit(): destroys the old table only"]),
        replace(bind, "abort", ["xe_pt_abort_bind(): children[] = old", set(k.children, "old_pt")]),
      ],
    },
  },
  mutants: {
    committed_after_the_unlock: {
      doc: "the notifier waits for the update, and zaps the table that the device has left",
      from: "xe_pt_update_ops_run()",
      breaks: "use_after_free",
      change: [
        replace(bind, "unlock", [
          "xe_svm_notifier_unlock()",
          up_read(k.notifier_lock),
          mmu_interval_read_end(k.notifier),
        ]),
        move_after(bind, "commit", "unlock"),
      ],
    },
    notifier_does_not_wait_for_the_bind: {
      doc: "the new table is zapped while the device still walks the old one",
      from: "vma_userptr_invalidate()",
      breaks: "use_after_free",
      change: [remove(reclaim, "start.cb.wait")],
    },
    bind_does_not_check: {
      doc: "pages that were taken away while the table was built are bound",
      from: "xe_pt_svm_userptr_pre_commit()",
      breaks: "use_after_free",
      change: [remove(bind, "read_retry")],
    },
  },
});
