/** Known mistakes, and what each must break. Sources are sections of the notes each one names. */
import {
  goto,
  insert_before,
  local_of,
  type Mutant,
  range,
  remove,
  replace,
  set,
  when,
} from "mmrace";
import {
  dma_resv_lock,
  dma_resv_unlock,
  folio_unlock,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  up_read,
  versions,
} from "mmrace/kernel";
import { cpu_fault } from "./cpu.ts";
import { evict } from "./evict.ts";
import { gpu_fault } from "./gpu-fault.ts";
import { k } from "./state.ts";
import { cpu_fault_blocks } from "./variants.ts";

const { me } = gpu_fault;
const buffer = local_of("finalize.buffer", range(0, versions));

export const mutants: Record<string, Mutant> = {
  resv_in_place_of_the_retry_check: {
    doc: "the dma_resv is held, so the page can't have moved: munmap() does not know it",
    from: "M4",
    breaks: "no_stale_gpu_pte",
    change: [remove(gpu_fault, "read_retry")],
  },
  retry_checked_under_the_resv_alone: {
    doc: "the check is made under the dma_resv, before the lock that the callback takes",
    from: "M4",
    breaks: "no_stale_gpu_pte",
    change: [
      remove(gpu_fault, "read_retry"),
      insert_before(gpu_fault, "notifier_lock", {
        early_retry: [
          "if (mmu_interval_read_retry()) goto again /* dma_resv only */",
          when(mmu_interval_read_retry(k.mm.sub), [dma_resv_unlock(k.resv), goto("again")]),
        ],
      }),
    ],
  },
  flush_not_awaited: {
    doc: "eviction goes on while the GPU's TLB still leads to the page",
    from: "M7",
    breaks: "no_stale_gpu_pte",
    change: [remove(evict, "unmap.start.cb.flush_wait")],
  },
  entries_restored_before_the_copy: {
    doc: "eviction does not wait for the copy",
    from: "M20",
    breaks: "no_lost_page",
    change: [
      remove(evict, "finalize.copy_write"),
      insert_before(evict, "finalize.unlock_src", {
        copy_write: ["copy: write the destination", set(k.folio.at(evict.me.dst).data, buffer)],
      }),
    ],
  },
  resv_kept_when_the_page_is_gone: {
    doc: "migrate_to_ram() forgets the dma_resv when it finds nothing to move",
    from: "drivers.md 10.2",
    breaks: "lock_held_on_exit",
    change: [
      replace(cpu_fault, "swap.migrate_to_ram.resv_unlock", ["/* dma_resv_unlock() forgotten */"]),
    ],
  },
  fault_page_unlocked_by_finalize: {
    doc: "migrate_vma_finalize() unlocks the page that do_swap_page() has locked",
    from: "M16",
    breaks: "unlock_by_stranger",
    change: [
      insert_before(cpu_fault, "swap.migrate_to_ram.finalize.put_src", {
        unlock_src: [
          "folio_unlock(src) /* the fault page too */",
          folio_unlock(k.folio.at(cpu_fault.me.frame).lock),
        ],
      }),
    ],
  },
  resv_under_the_notifier_lock: {
    doc: "the GPU fault takes the dma_resv inside the lock that eviction's callback needs",
    from: "drivers.md 12.1",
    breaks: "deadlock",
    change: [
      remove(gpu_fault, "resv_lock"),
      insert_before(gpu_fault, "read_retry", {
        late_resv_lock: ["dma_resv_lock(vm->resv) /* too late */", dma_resv_lock(k.resv)],
      }),
    ],
  },
  snapshot_under_the_resv: {
    doc: "hmm_range_fault() waits for a migration under the dma_resv that the migration waits for",
    from: "O1, O4",
    breaks: "deadlock",
    change: [
      ...cpu_fault_blocks,
      remove(gpu_fault, "resv_lock"),
      insert_before(gpu_fault, "mmap_read_lock", {
        early_resv_lock: ["dma_resv_lock(vm->resv) /* before mmap_lock */", dma_resv_lock(k.resv)],
      }),
      replace(gpu_fault, "mmap_read_unlock", [
        "mmap_read_unlock(mm); if (ret) dma_resv_unlock(vm->resv)",
        up_read(k.mm.mmap_lock),
        when(me.err.ne("ok"), [dma_resv_unlock(k.resv)]),
        when(me.err.eq("ebusy"), [goto("again")]),
        when(me.err.eq("efault"), [goto("return")]),
      ]),
    ],
  },
  read_begin_under_the_notifier_lock: {
    doc: "the GPU fault sleeps for the end of an invalidation that needs the lock it holds",
    from: "M13",
    breaks: "deadlock",
    change: [
      remove(gpu_fault, "resv_lock"),
      remove(gpu_fault, "notifier_lock"),
      insert_before(gpu_fault, "again.read_seq", {
        early_resv_lock: ["dma_resv_lock(vm->resv)", dma_resv_lock(k.resv)],
        early_lock: ["mutex_lock(&vm->notifier_lock)", mutex_lock(k.notifier_lock)],
      }),
      replace(gpu_fault, "mmap_read_unlock", [
        "mmap_read_unlock(mm); if (ret) unlock",
        up_read(k.mm.mmap_lock),
        when(me.err.ne("ok"), [mutex_unlock(k.notifier_lock), dma_resv_unlock(k.resv)]),
        when(me.err.eq("ebusy"), [goto("again")]),
        when(me.err.eq("efault"), [goto("return")]),
      ]),
    ],
  },
};
