/**
 * A mirror for a device that can't fault: the notifier blocks until the commands that use the page
 * are done.
 *
 * Claim    "No new use" first, then the wait, and every notifier waits for itself: then no command
 *          meets a page that is not mapped, none uses a page that the kernel has taken back, and
 *          nobody deadlocks, as long as the way from the end of a command to its fence needs no
 *          memory and no lock.
 * Source   J. Gunthorpe on mirroring without faults (2016, S14 in docs/sources.md);
 *          include/linux/mmu_notifier.h; drivers/dma-buf/dma-fence.c ("fence cross-driver
 *          contract"). A submission that arms, adds the fence and pushes under the notifier's lock:
 *          drivers/gpu/drm/xe/xe_exec.c: xe_exec_ioctl. The lock held over the wait (variant
 *          `waits_under_the_lock`): drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.c:
 *          amdgpu_hmm_invalidate_gfx; drivers/gpu/drm/amd/amdgpu/amdgpu_cs.c: amdgpu_cs_submit. A
 *          notifier that counts (`second_notifier_counted`):
 *          drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_evict; that counts under the mutex it
 *          holds over the wait (`second_notifier_counted_under_the_lock`):
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_amdkfd_gpuvm.c: amdgpu_amdkfd_evict_userptr.
 * Omits    how long a command takes; several pages of one command, and several commands that run at
 *          a time; the device TLB apart from the translation that a running command holds; DMA
 *          mapping; swap; signals during the wait; invalidations that must not block, which a
 *          driver refuses; the dma_resv's lock, which a submission takes before the driver's lock
 *          and a notifier never; who makes the device run again after a notifier that only counts.
 */
import { all, any, claim, exists, forall, none, some, spec } from "mmrace";
import {
  Job,
  job_is_active,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
} from "mmrace/kernel";
import { completion, completion_allocates, engine } from "./gpu.ts";
import { compaction, dontneed, kswapd, munmap } from "./invalidate.ts";
import { mutants } from "./mutants.ts";
import { k } from "./state.ts";
import { submit } from "./submit.ts";
import { variants } from "./variants.ts";

const base = { pages: 1, sys_frames: 4, vram_frames: 0, versions: 1 };

export default spec({
  name: "notifier-waits",
  doc: "a non-faulting mirror whose notifier waits for commands",
  configs: {
    ci: { ...base, jobs: 1, submits: 1, dontneeds: 1, munmaps: 0, compactions: 1, reclaims: 1 },
    deep: { ...base, jobs: 2, submits: 2, dontneeds: 1, munmaps: 0, compactions: 1, reclaims: 0 },
    deep_notifiers: {
      ...base,
      jobs: 1,
      submits: 1,
      dontneeds: 1,
      munmaps: 1,
      compactions: 1,
      reclaims: 1,
    },
  },
  shared: k,
  actors: {
    submit,
    dontneed,
    munmap,
    compaction,
    kswapd,
    engine,
    completion,
    completion_allocates,
  },
  always: {
    no_stale_mirror: claim(
      "the device reaches a page only through the frame that the CPU maps",
      all(
        forall(Page, (p) => {
          const { frame } = k.mm.pte.at(p);
          return any(k.mirror.at(p).pte.eq(none), k.mirror.at(p).pte.eq(frame));
        }),
        forall(Job, (j) => {
          const { frame, page } = k.job.at(j);
          return any(frame.eq(none), frame.eq(k.mm.pte.at(page).frame));
        }),
      ),
    ),
    commands_never_fault: claim(
      "a command that the device has finds its page mapped",
      forall(Job, (j) =>
        job_is_active(k.job.at(j)).implies(k.mirror.at(k.job.at(j).page).pte.ne(none)),
      ),
    ),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: {
    no_leaked_reference: no_leaked_reference(k.mm, k.folio),
    commands_are_done: claim(
      "at rest, no command is under way",
      forall(Job, (j) => k.job.at(j).state.eq("free")),
    ),
  },
  reachable: {
    command_runs: some(engine, (t) => t.at("access")),
    notifier_waits_for_a_command: all(
      some(compaction, (t) => t.at("migrate.unmap.start.cb.fence_wait")),
      exists(Job, (j) => k.job.at(j).in_resv),
    ),
    submission_loses_the_race: some(submit, (t) =>
      t.at("read_retry").and(k.mm.sub.read.at(t.proc).eq("stale")),
    ),
  },
  mutants,
  variants,
});
