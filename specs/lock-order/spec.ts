/**
 * Who nests which lock of a GPU driver with shared virtual memory, and ten ways to get it wrong.
 *
 * Claim    In the order vm->lock, mmap_lock, reservation, notifier lock, with trylocks against it,
 *          and with waits for works, epochs and fences outside of what these need, nobody waits for
 *          ever, and lockdep has nothing to say. Each of the ten inversions is a mutant or a
 *          variant; `mmrace locks` says of each what lockdep makes of it (NOTES.md).
 * Source   drivers.md 12; drivers/gpu/drm/xe/xe_svm.c; drivers/gpu/drm/drm_gpusvm.c;
 *          drivers/dma-buf/dma-resv.c: dma_resv_lockdep; mm/mmu_notifier.c;
 *          drivers/gpu/drm/amd/amdkfd/kfd_svm.c (M9).
 * Omits    what the locks protect: pages, page tables, retries; several buffers and their acquire
 *          context; kswapd. vm->lock is an rw_semaphore in xe, and always taken for writing here.
 */
import { all, none, some, spec } from "mmrace";
import {
  bind,
  close,
  completion,
  cpu_fault,
  evict,
  exit,
  kworker,
  munmap,
  restore,
} from "./actors.ts";
import { mutants, variants } from "./inversions.ts";
import { k } from "./state.ts";

export default spec({
  name: "lock-order",
  doc: "the lock order of SVM drivers, and its ten inversions",
  configs: { ci: {} },
  shared: k,
  actors: [bind, completion, munmap, cpu_fault, evict, kworker, close, restore, exit],
  reachable: {
    reclaim_calls_the_notifier: some(bind, (b) => b.at("alloc.reclaim.start.cb")),
    notifier_waits_for_a_fence: all(
      k.fence.pending,
      some(munmap, (m) => m.at("start.cb.fence_wait")),
    ),
    eviction_meets_a_locked_folio: all(
      k.folio.owner.ne(none),
      some(evict, (e) => e.at("trylock")),
    ),
  },
  mutants,
  variants,
});
