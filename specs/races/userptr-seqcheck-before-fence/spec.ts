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
import { insert_before, move_after, move_before, remove, some, spec } from "mmrace";
import { dma_fence_wait } from "mmrace/kernel";
import { exec, gpu, k, reclaim } from "./scheme.ts";

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
