/**
 * Pages of a process are pinned for commands of a GPU that cannot fault, and stay pinned until the
 * object finds, at its next use, that the address was invalidated.
 *
 * Claim    No page is used by the GPU that is not pinned and mapped for DMA; a child never sees
 *          what the GPU stores after fork(), because the page of a pinned entry is copied for the
 *          child; a command whose pages are not those of the process when it is submitted is
 *          skipped. What happens after that, the command does not see: after madvise() and a fault
 *          it stores to a page that is nobody's any more (`dontneed_while_it_runs`); and a page
 *          that is pinned by an object that nobody uses cannot be moved (`page_stays_pinned`).
 * Source   drivers/gpu/drm/i915/gem/i915_gem_userptr.c: i915_gem_userptr_invalidate,
 *          i915_gem_object_userptr_submit_init, i915_gem_object_userptr_unbind,
 *          i915_gem_userptr_get_pages, i915_gem_userptr_put_pages,
 *          i915_gem_object_userptr_submit_done;
 *          drivers/gpu/drm/i915/gem/i915_gem_execbuffer.c: eb_move_to_gpu;
 *          mm/gup.c: pin_user_pages_fast, gup_fast_fallback; mm/memory.c: copy_present_ptes,
 *          copy_present_page; mm/migrate.c: migrate_folio_unmap; pins for the time of a job as
 *          proposed in 2016 (S13 in docs/sources.md).
 * Omits    several requests at a time, and their order; the ww transaction over several objects;
 *          the shrinker; the GPU's TLB, which unbinding flushes; the page-table lock (reading or
 *          changing an entry is one step, so write_protect_seq, which keeps
 *          gup_fast() out of fork(), has nothing to do); signals; read-only objects.
 */
import { claim, eventually, every, forall, none, some, spec } from "mmrace";
import { compaction, cpu, dontneed, fork, munmap } from "./mm.ts";
import { Frame, k } from "./state.ts";
import { gem_close, gpu, submit } from "./submit.ts";
import { mutants, variants } from "./variants.ts";

const none_of_them = { dontneeds: 0, munmaps: 0, forks: 0, compactions: 0, stores: 0 };

export default spec({
  name: "pinned-userptr",
  doc: "pages of a process that are pinned for commands of a GPU (i915 userptr)",
  configs: {
    ci: { frames: 3, submits: 1, ...none_of_them, forks: 1, stores: 1 },
    moved: { frames: 3, submits: 1, ...none_of_them, forks: 1, compactions: 1 },
    two_submits: { frames: 3, submits: 2, ...none_of_them, forks: 1 },
    deep: { frames: 4, submits: 2, ...none_of_them, forks: 1, compactions: 1 },
  },
  shared: k,
  actors: { submit, gpu, gem_close, dontneed, munmap, fork, compaction, cpu },
  always: {
    gpu_uses_pinned_pages: claim(
      "the page that the GPU's entry leads to is pinned",
      forall(Frame, (f) => k.gpu_pte.eq(f).implies(k.pins.at(f).gt(0))),
    ),
    mapped_for_dma: claim(
      "the page that the GPU's entry leads to is mapped for DMA, and what is mapped is pinned",
      forall(Frame, (f) =>
        k.gpu_pte
          .eq(f)
          .implies(k.dma.at(f))
          .and(k.dma.at(f).implies(k.pins.at(f).gt(0))),
      ),
    ),
    child_sees_no_later_store: claim(
      "the child's page has no store of the GPU after fork()",
      k.child.ne(none).implies(k.written.at(k.child).not()),
    ),
    stores_reach_the_process: claim(
      "the GPU stores to the page that the process has at that address",
      k.missed.not(),
    ),
  },
  at_rest: {
    no_leaked_pin: claim(
      "when the object is gone, nothing is pinned or mapped for DMA",
      some(gem_close, (t) => t.at("done")).implies(
        forall(Frame, (f) => k.pins.at(f).eq(0).and(k.dma.at(f).not())),
      ),
    ),
  },
  liveness: {
    every_submission_ends: eventually(
      every(submit, (t) => t.at("ioctl").or(t.at("done"))),
      "every ioctl that was begun comes to its end",
    ),
  },
  reachable: {
    gpu_stores: some(gpu, (t) => t.at("store")),
    request_is_skipped: k.request.queued.and(k.request.error),
    child_has_a_copy: k.child.ne(none).and(k.child.ne(k.parent.frame), k.parent.write),
    pages_are_given_back: some(gem_close, (t) => t.at("put_pages.finish_pages")).or(
      some(submit, (t) => t.at("unbind.finish_pages")),
    ),
  },
  mutants,
  variants,
});
