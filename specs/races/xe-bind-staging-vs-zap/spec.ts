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
import { move_after, remove, replace, set, some, spec } from "mmrace";
import { mmu_interval_read_end, up_read } from "mmrace/kernel";
import { bind, engine, gpu, k, reclaim } from "./scheme.ts";

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
