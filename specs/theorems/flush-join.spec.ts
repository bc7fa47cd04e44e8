/**
 * Theorem T2: the wait for the flush may leave the section of the lock, for a second pass, if and
 * only if a later notifier does not end before the flush of an earlier one.
 *
 * Claim    A callback that finds nothing left to zap waits for the flush that is under way (it
 *          joins), or asks for one of its own: then P1, P3 and P12 hold for any number of
 *          notifiers. A callback that waits for its own flush alone needs nobody else to be there
 *          (mutant `waits_for_its_own_flush` and variant `one_notifier`).
 * Source   mm/mmu_notifier.c: mn_itree_finish_pass; drivers/gpu/drm/xe/xe_userptr.c:
 *          xe_vma_userptr_invalidate_finish; see specs/xe-svm/userptr.spec.ts.
 * Omits    as T1; that both passes look at the same object of the driver.
 */
import { bool, count_of, forall, goto, none, routine, set, spec, when } from "mmrace";
import {
  dma_fence_wait,
  dma_resv_add_fence,
  mmu_interval_set_seq,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";
import * as page from "./one-page.ts";

const { k } = page;

/** Pass 1: what has to be under the lock; the flush is submitted, and not waited for. */
const pass1 = (submit: "if_mapped" | "always") =>
  routine("invalidate_start", {}, () => ({
    lock: ["take_lock(driver->update)", mutex_lock(k.update)],
    set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
    bind_wait: ["dma_resv_wait_timeout(): binds under way", dma_fence_wait(k.bind_fence)],
    zap: [
      submit === "always"
        ? "clear the device PTE; submit a flush"
        : "clear it; flush if it was set",
      when(submit === "always" ? true : k.gpu_pte.ne(none), [
        set(k.gpu_pte, none),
        dma_resv_add_fence(k.flush),
      ]),
    ],
    unlock: ["release_lock(driver->update)", mutex_unlock(k.update)],
  }));

const dma_unmap = [
  when(k.dma_addr.ne(none), [set(k.dma_mapped.at(k.dma_addr), false), set(k.dma_addr, none)]),
];

/** Pass 2. */
const pass2 = routine("invalidate_finish", {}, () => ({
  flush_wait: ["wait for the TLB flush, whoever asked for it", dma_fence_wait(k.flush)],
  lock: ["take_lock(driver->update)", mutex_lock(k.update)],
  dma_unmap: ["dma_unmap_page()", ...dma_unmap],
  unlock: ["release_lock(driver->update)", mutex_unlock(k.update)],
}));

const invalidation = page.invalidation_by("invalidation", {
  cb: pass1("if_mapped"),
  finish: pass2,
});
/** In a variant only. */
const invalidation_flushes = page
  .invalidation_by("invalidation_flushes", { cb: pass1("always"), finish: pass2 })
  .times(0);

/** Both passes in one, of a driver that waits for what it has submitted; in a mutant only. */
const alone = routine("invalidate", { submitted: bool }, (me) => ({
  lock: ["take_lock(driver->update)", mutex_lock(k.update)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  bind_wait: ["dma_resv_wait_timeout(): binds under way", dma_fence_wait(k.bind_fence)],
  zap: [
    "clear it; flush if it was set",
    when(k.gpu_pte.ne(none), [
      set(k.gpu_pte, none),
      dma_resv_add_fence(k.flush),
      set(me.submitted, true),
    ]),
  ],
  unlock: [
    "release_lock(driver->update); is there a flush to wait for?",
    mutex_unlock(k.update),
    when(me.submitted.not(), [goto("lock_again")]),
  ],
  flush_wait: ["second pass: wait for the flush", dma_fence_wait(k.flush)],
  lock_again: ["take_lock(driver->update)", mutex_lock(k.update)],
  dma_unmap: ["dma_unmap_page()", ...dma_unmap],
  unlock_again: ["release_lock(driver->update)", mutex_unlock(k.update)],
}));
const invalidation_alone = page.invalidation_by("invalidation_alone", { cb: alone }).times(0);

export default spec({
  name: "theorem-flush-join",
  doc: "T2: a flush waited for in a second pass, and notifiers that join it",
  configs: {
    ci: { invalidations: 2, gpu_faults: 1 },
    deep: { invalidations: 3, gpu_faults: 2 },
  },
  shared: k,
  actors: {
    gpu_fault: page.gpu_fault,
    bind_job: page.bind_job,
    invalidation,
    invalidation_flushes,
    invalidation_alone,
    cpu_fault: page.cpu_fault,
    gpu_tlb: page.gpu_tlb,
    flush: page.flush,
  },
  always: {
    no_stale_gpu_pte: page.no_stale_gpu_pte,
    dma_mapped_while_the_gpu_uses_it: forall(page.Frame, (f) =>
      page.leads_to_frame(f).implies(k.dma_mapped.at(f)),
    ),
    nothing_after_the_callback: page.nothing_after_the_callback(
      invalidation,
      invalidation_flushes,
      invalidation_alone,
    ),
  },
  reachable: {
    flush_goes_on_after_the_unlock: k.flush.pending.and(k.update.owner.eq(none)),
  },
  mutants: {
    waits_for_its_own_flush: {
      doc: "the second notifier finds nothing to flush, and returns before the first one's flush",
      from: "T2, C1",
      breaks: "dma_mapped_while_the_gpu_uses_it",
      change: [count_of(invalidation, 0), count_of(invalidation_alone, 2)],
    },
  },
  variants: {
    one_notifier: {
      doc: "the same driver, when notifiers come one at a time",
      from: "T2",
      change: [count_of(invalidation, 0), count_of(invalidation_alone, 1)],
    },
    flushes_again: {
      doc: "every notifier submits a flush and waits for it",
      from: "T2",
      change: [count_of(invalidation, 0), count_of(invalidation_flushes, 2)],
    },
  },
});
