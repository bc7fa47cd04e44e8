/** Known mistakes, and what each must break. The letters in `from` are those of docs/sources.md. */
import {
  type Change,
  type Effect,
  insert_before,
  local_of,
  type Mutant,
  move_after,
  move_before,
  remove,
  replace,
  when,
} from "mmrace";
import {
  __down_read,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  folio_lock,
  folio_unlock,
  hmm_result,
  up_read,
} from "mmrace/kernel";
import { cpu_fault, munmap } from "./cpu.ts";
import { evict } from "./evict.ts";
import { gpu_fault } from "./gpu-fault.ts";
import { k } from "./state.ts";

const { me } = cpu_fault;
const fault_bo = k.bo.at(me.frame).resv;

/** Eviction holds mmap_lock while it looks for the mappings of the folio it has locked. */
const takes_mmap_lock = (lock: Effect): Change[] => [
  insert_before(evict, "unmap.rmap_walk", {
    mmap_read_lock: ["mmap_read_lock(mm) /* with the folio locked */", lock],
  }),
  insert_before(evict, "finalize.check_page", {
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  }),
];

export const mutants: Record<string, Mutant> = {
  pages_mapped_without_read_retry: {
    doc: "drm_gpusvm_get_pages() trusts a snapshot that was invalidated",
    from: "M4; D1",
    breaks: "no_stale_gpu_pte",
    change: [remove(gpu_fault, "get_pages.read_retry")],
  },
  bind_not_rechecked: {
    doc: "xe_pt_svm_pre_commit() does not look at pages_valid() again",
    from: "D1; P10",
    breaks: "no_bind_of_an_unmapped_range",
    change: [remove(gpu_fault, "bind.recheck")],
  },
  invalidation_does_not_wait_for_binds: {
    doc: "xe_svm_invalidate() skips dma_resv_wait_timeout(): the bind job lands after the zap",
    from: "D3",
    breaks: "no_stale_gpu_pte",
    change: [remove(evict, "unmap.start.cb.resv_wait")],
  },
  bind_fence_added_too_late: {
    doc: "the fence is published after the notifier lock is dropped: nobody waits for it",
    from: "D4",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [move_after(gpu_fault, "bind.add_fence", "bind.commit_unlock")],
  },
  eviction_does_not_flush_the_tlb: {
    doc: "the GPU's TLB still leads to the page that was evicted",
    from: "M7",
    breaks: "no_stale_gpu_pte",
    change: [remove(evict, "unmap.start.cb.tlb_submit"), remove(evict, "unmap.start.cb.tlb_wait")],
  },
  dma_unmapped_before_the_flush: {
    doc: "the IOMMU mapping goes away while the GPU's TLB can still use it",
    from: "D5",
    breaks: "dma_mapped_while_the_gpu_uses_it",
    change: [
      move_before(munmap, "munmap.unmap.start.cb.dma_unmap", "munmap.unmap.start.cb.tlb_submit"),
    ],
  },
  eviction_restores_before_the_copy: {
    doc: "drm_pagemap_evict_to_ram() does not wait for the copy",
    from: "M20",
    breaks: "no_lost_page",
    change: [move_after(evict, "finalize.copy_write", "finalize.remove_ptes")],
  },
  own_migration_not_invalidated: {
    doc: "MMU_NOTIFY_MIGRATE of the driver itself is filtered, and nothing else zaps the GPU",
    from: "M8",
    breaks: "no_stale_gpu_pte",
    change: [remove(cpu_fault, "swap.migrate_to_ram.collect.start.cb.zap")],
  },
  fault_page_unlocked_by_finalize: {
    doc: "migrate_vma_finalize() unlocks the page that do_swap_page() has locked",
    from: "M16",
    breaks: "unlock_by_stranger",
    change: [
      insert_before(cpu_fault, "swap.migrate_to_ram.finalize.put_src", {
        unlock_src: [
          "folio_unlock(src) /* the fault page too */",
          folio_unlock(k.folio.at(me.frame).lock),
        ],
      }),
    ],
  },
  resv_in_cpu_fault_and_blocking_folio_lock: {
    doc: "migrate_to_ram() takes the dma_resv, and eviction waits for the folio under it",
    from: "D9; O4 and O5",
    breaks: "deadlock",
    change: [
      insert_before(cpu_fault, "swap.migrate_to_ram.collect.start.itree_start", {
        bo_lock: ["dma_resv_lock(bo->resv) /* with the folio locked */", dma_resv_lock(fault_bo)],
      }),
      insert_before(cpu_fault, "swap.unlock_page", {
        bo_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(fault_bo)],
      }),
      replace(evict, "pfn_lock", [
        "folio_lock(folio) /* waits */",
        folio_lock(k.folio.at(evict.me.src).lock),
      ]),
    ],
  },
  eviction_takes_mmap_lock: {
    doc: "eviction requests mmap_lock with the folio locked",
    from: "M11",
    breaks: "mmap_lock_under_folio_lock",
    change: takes_mmap_lock(down_read(k.mm.mmap_lock)),
  },
  eviction_waits_for_mmap_lock: {
    doc: "the same, and nobody checks the order: a deadlock once a writer is queued",
    from: "M11",
    breaks: "deadlock",
    change: takes_mmap_lock(__down_read(k.mm.mmap_lock)),
  },
  notifier_lock_held_over_the_unmapping: {
    doc: "eviction holds the lock of its own callback while it has the folio unmapped",
    from: "M10",
    breaks: "recursive_lock",
    change: [
      insert_before(evict, "unmap.rmap_walk", {
        early_lock: ["down_read(&gpusvm->notifier_lock)", down_read(k.notifier_lock)],
      }),
      insert_before(evict, "finalize.check_page", {
        early_unlock: ["up_read(&gpusvm->notifier_lock)", up_read(k.notifier_lock)],
      }),
    ],
  },
  read_begin_under_the_notifier_lock: {
    doc: "the reader sleeps for the end of an invalidation that needs the lock it holds",
    from: "M13",
    breaks: "deadlock",
    change: [
      // drm_gpusvm_pages_valid_unlocked() takes the lock itself; the other one finds nothing here.
      remove(gpu_fault, "get_pages.valid"),
      remove(gpu_fault, "get_pages.notifier_lock"),
      insert_before(gpu_fault, "get_pages.mmap_read_unlock", {
        error_unlock: [
          "if (ret) up_read(&gpusvm->notifier_lock)",
          when(local_of("get_pages.err", hmm_result).ne("ok"), [up_read(k.notifier_lock)]),
        ],
      }),
      insert_before(gpu_fault, "get_pages.read_begin.read_seq", {
        early_lock: ["down_read(&gpusvm->notifier_lock)", down_read(k.notifier_lock)],
      }),
    ],
  },
};
