/** Known mistakes, and what each must break. Sources are sections of the notes each one names. */
import {
  type Change,
  type Effect,
  goto,
  insert_before,
  local_of,
  type Mutant,
  move_before,
  range,
  remove,
  replace,
  ret,
  set,
  when,
} from "mmrace";
import {
  __down_read,
  down_read,
  folio_lock,
  folio_put,
  folio_unlock,
  map_frame,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  pte_kinds,
  up_read,
  versions,
} from "mmrace/kernel";
import { cpu_fault } from "./cpu.ts";
import { evict } from "./evict.ts";
import { gpu_fault } from "./gpu-fault.ts";
import { k } from "./state.ts";

const gpu = gpu_fault.me;
const gpu_mm = k.mm.at(gpu.mm);
const gpu_pt_lock = k.pt_lock.at(gpu.mm);
const stale = mmu_interval_read_retry(gpu_mm.sub);
const cpu_pte = gpu_mm.pte.at(gpu.page);
const seen = local_of("range_fault.seen", pte_kinds());
const evicted_at = k.mm.at(evict.me.at_mm);
const evicted_pte = evicted_at.pte.at(evict.me.at_page);
const buffer = local_of("finalize.buffer", range(0, versions));

const takes_mmap_lock = (lock: Effect): Change[] => [
  insert_before(evict, "finalize.check_page", {
    mmap_lock: ["mmap_read_lock(mm) /* with the page locked */", lock],
  }),
  insert_before(evict, "finalize.alloc", {
    mmap_unlock: ["mmap_read_unlock(mm)", up_read(evicted_at.mmap_lock)],
  }),
];

export const mutants: Record<string, Mutant> = {
  retry_not_checked: {
    doc: "the reference alone: the page it keeps may be any page by now",
    from: "S27 (e); M4",
    breaks: "no_stale_gpu_pte",
    change: [remove(gpu_fault, "read_retry")],
  },
  retry_checked_before_the_pt_lock: {
    doc: "an invalidation fits between the check and the entry",
    from: "S27 (d), 14.8; M4",
    breaks: "no_stale_gpu_pte",
    change: [
      remove(gpu_fault, "read_retry"),
      insert_before(gpu_fault, "pt_lock", {
        early_retry: [
          "if (mmu_interval_read_retry()) goto again /* no lock */",
          when(stale, [folio_put(k.folio.at(gpu.pfn)), goto("again")]),
        ],
      }),
    ],
  },
  migration_entry_taken_for_the_page: {
    doc: "a GPU fault that does not wait at the CPU's migration entry needs one of its own",
    from: "S27 (f)",
    breaks: "no_stale_gpu_pte",
    change: [
      replace(gpu_fault, "range_fault.walk", [
        "pfn = swp_offset(pte) /* whatever the entry is */",
        when(gpu_mm.vma.at(gpu.page).not(), [set(gpu.err, "efault"), ret()]),
        set(seen, cpu_pte.kind),
        when(seen.ne("none"), [set(gpu.pfn, cpu_pte.frame), set(gpu.err, "ok"), ret()]),
      ]),
    ],
  },
  flush_after_the_pt_lock: {
    doc: "a second invalidation finds the entry gone, and does not wait for the first one's flush",
    from: "T2",
    breaks: "no_stale_gpu_pte",
    change: [move_before(evict, "unmap.start.cb.pt_unlock", "unmap.start.cb.flush")],
  },
  write_permission_ignored: {
    doc: "the GPU entry of a page that fork() made read-only is writable",
    from: "C2; M17",
    config: "fork",
    breaks: "no_lost_page",
    change: [
      replace(gpu_fault, "map", [
        "write the GPU PTE /* HMM_PFN_WRITE is not looked at */",
        set(k.gpu.at(gpu.mm).pte.at(gpu.page), gpu.pfn),
        set(k.gpu_read_only.at(gpu.mm).at(gpu.page), false),
      ]),
    ],
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
  entry_restored_at_the_old_address: {
    doc: "eviction remembers the address, and mremap() has moved the migration entry",
    from: "S27 (b)",
    config: "mremap",
    breaks: "migration_entry_is_locked",
    change: [
      replace(evict, "finalize.remove_ptes.rmap_walk", [
        "remove_migration_pte() at the address where it was",
        when(evicted_pte.kind.eq("migration").and(evicted_pte.frame.eq(evict.me.src)), [
          map_frame(
            evicted_at,
            k.folio,
            evict.me.at_page,
            local_of("finalize.remove_ptes.to", k.folio.index),
          ),
        ]),
        ret(),
      ]),
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
  callback_locks_the_page: {
    doc: "whoever removes a GPU entry locks the page: eviction has it locked already",
    from: "S27 (3)",
    breaks: "recursive_lock",
    change: [
      insert_before(evict, "unmap.start.cb.pt_lock", {
        lock_page: [
          "folio_lock(page) /* in the notifier */",
          folio_lock(k.folio.at(evict.me.src).lock),
        ],
      }),
    ],
  },
  snapshot_under_the_pt_lock: {
    doc: "the GPU fault sleeps for the end of an invalidation that needs its page-table lock",
    from: "M13",
    breaks: "deadlock",
    change: [
      remove(gpu_fault, "pt_lock"),
      insert_before(gpu_fault, "again.read_seq", {
        early_lock: ["mutex_lock(&gpu->pt_lock) /* too early */", mutex_lock(gpu_pt_lock)],
      }),
      replace(gpu_fault, "mmap_read_unlock", [
        "mmap_read_unlock(mm); if (ret) mutex_unlock(&gpu->pt_lock)",
        up_read(gpu_mm.mmap_lock),
        when(gpu.err.ne("ok"), [mutex_unlock(gpu_pt_lock)]),
        when(gpu.err.eq("ebusy"), [goto("again")]),
        when(gpu.err.eq("efault"), [goto("return")]),
      ]),
    ],
  },
  eviction_takes_mmap_lock: {
    doc: "eviction looks at the address space, with the page locked",
    from: "M11",
    breaks: "mmap_lock_under_folio_lock",
    change: takes_mmap_lock(down_read(evicted_at.mmap_lock)),
  },
  eviction_waits_for_mmap_lock: {
    doc: "the same, and nobody checks the order: a deadlock once a writer is queued",
    from: "M11",
    breaks: "deadlock",
    change: takes_mmap_lock(__down_read(evicted_at.mmap_lock)),
  },
  reference_kept_on_retry: {
    doc: "the GPU fault that raced forgets its reference: the page never moves or goes again",
    from: "core-mm.md 11, I4",
    breaks: "no_leaked_reference",
    change: [
      replace(gpu_fault, "put_page", [
        "if (err == -EBUSY) goto again /* no put */; folio_put(page)",
        when(gpu.err.eq("ebusy"), [goto("again")]),
        folio_put(k.folio.at(gpu.pfn)),
      ]),
    ],
  },
};
