/**
 * A job is queued in the GPU scheduler, its buffer object is not pinned any more, and the shrinker
 * waits for the job with the object locked.
 *
 * Claim    The shrinker never waits for a job that can't run: the object stays pinned, and so out
 *          of the shrinker's lists, until the job runs, and running needs no lock of the object.
 *          The fix as it was merged is the variant `job_locks_the_object`: see NOTES.md.
 * Source   "drm/msm/gem: Unpin objects slightly later" (Fixes f371bcc0c2ac, 025d27239a2f),
 *          dri-devel <20220923224043.2449152-1-robdclark@gmail.com>;
 *          drivers/gpu/drm/msm/msm_gem_submit.c: msm_ioctl_gem_submit, submit_cleanup;
 *          drivers/gpu/drm/msm/msm_ringbuffer.c: msm_job_run;
 *          drivers/gpu/drm/msm/msm_gem_shrinker.c: active_evict, wait_for_idle;
 *          drivers/gpu/drm/drm_gem.c: drm_gem_lru_scan.
 * Omits    the time-out of wait_for_idle(), after which the shrinker leaves the object alone: the
 *          deadlock is a hang of that length each time; the lists but one; the mutex of the lists,
 *          a section under which is one step; the acquire context of the submission.
 */
import { insert_before, move_before, remove, replace, some, spec } from "mmrace";
import { gpu, k, locks_the_object, sched, shrinker, submit, unpin } from "./scheme.ts";

export default spec({
  name: "msm-unpin-early-shrinker",
  doc: "an object is unpinned while its job is still queued, and the shrinker waits for the job",
  race: { year: 2022, subsystem: "drm/msm GEM", class: "deadlock" },
  configs: { ci: {} },
  shared: k,
  actors: { submit, sched, gpu, shrinker },
  at_rest: {
    nothing_is_pinned: k.pin_count.eq(0),
    job_is_done: k.fence.pending.not(),
  },
  reachable: {
    active_object_is_evicted: some(shrinker, (s) => s.at("wait")).and(k.running),
    scan_comes_too_late: k.queued.and(some(shrinker, (s) => s.at("trylock"))),
  },
  bugs: {
    unpinned_when_queued: {
      doc: "submit_cleanup() unpins; running the job needs the lock that the shrinker holds",
      from: "drm/msm/gem: Unpin objects slightly later (Fixes f371bcc0c2ac)",
      breaks: "deadlock",
      order: ["submit.push", "submit.unpin", "shrinker.scan", "shrinker.trylock"],
      change: [
        ...locks_the_object,
        replace(sched, "unpin", ["  msm_gem_unpin_vma_fenced()"]),
        insert_before(submit, "unlock", {
          unpin: ["submit_cleanup(): msm_gem_unpin_locked()", unpin],
        }),
      ],
    },
  },
  mutants: {
    shrinker_does_not_wait: {
      doc: "the job is running when the pages go",
      from: "active_evict()",
      breaks: "gpu_uses_evicted_pages",
      change: [remove(shrinker, "wait")],
    },
    pinned_for_ever: {
      doc: "the job does not unpin the object",
      from: "msm_job_run()",
      breaks: "nothing_is_pinned",
      change: [remove(sched, "unpin")],
    },
    queued_before_its_fence_is_attached: {
      doc: "nobody finds the fence of the job, nor waits for it",
      from: "msm_ioctl_gem_submit()",
      breaks: "job_is_done",
      change: [move_before(submit, "push", "attach")],
    },
  },
  variants: {
    job_locks_the_object: {
      doc: "pinned until the job runs, which takes the lock of the object: the fix of 2022",
      from: "dri-devel <20220923224043.2449152-1-robdclark@gmail.com>",
      breaks: "deadlock",
      change: locks_the_object,
    },
  },
});
