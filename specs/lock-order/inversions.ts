/**
 * Ten inversions of the order, numbered as in drivers.md 12.3. Those that block somebody for ever
 * are mutants, the others variants.
 */
import {
  count_of,
  goto,
  insert_after,
  insert_before,
  type Mutant,
  move_after,
  move_before,
  replace,
  type StepOf,
  type Variant,
  when,
} from "mmrace";
import {
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  folio_lock,
  folio_unlock,
  folio_wait_locked,
  mutex_lock,
  mutex_unlock,
  refcount_dec_and_test,
  refcount_inc_not_zero,
  up_read,
} from "mmrace/kernel";
import { bind, close, completion, cpu_fault, evict, exit, munmap, restore } from "./actors.ts";
import { k } from "./state.ts";

const fault_locks_resv = [
  insert_before(cpu_fault, "migrate", {
    resv_lock: ["migrate_to_ram(): dma_resv_lock()", dma_resv_lock(k.resv)],
  }),
  insert_after(cpu_fault, "migrate", {
    resv_unlock: ["dma_resv_unlock()", dma_resv_unlock(k.resv)],
  }),
];

const evict_sleeps_for_folio = replace(evict, "trylock", [
  "evict_to_ram(): folio_lock()",
  folio_lock(k.folio),
]);

const completion_locks = [
  insert_after(completion, "begin", {
    hw_lock: ["mutex_lock(&hw_lock)", mutex_lock(k.hw_lock)],
  }),
  insert_after(completion, "signal", {
    hw_unlock: ["mutex_unlock(&hw_lock)", mutex_unlock(k.hw_lock)],
  }),
  insert_after(bind, "mmap_lock", {
    hw_lock: ["mutex_lock(&hw_lock)", mutex_lock(k.hw_lock)],
  }),
  insert_before(bind, "resv_lock", {
    hw_unlock: ["mutex_unlock(&hw_lock)", mutex_unlock(k.hw_lock)],
  }),
  count_of(bind, 2),
];

const callback_locks_vm = [
  insert_before(munmap, "start.cb.fence_wait", {
    vm_lock: ["invalidate(): down_write(&vm->lock)", mutex_lock(k.vm_lock)],
    vm_unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
  }),
  insert_before(bind, "alloc.reclaim.start.cb.fence_wait", {
    vm_lock: ["invalidate(): down_write(&vm->lock)", mutex_lock(k.vm_lock)],
    vm_unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
  }),
];

/** mmget_not_zero() and mmput() around the copy. */
const evict_puts_mm = [
  insert_before(evict, "migrate", {
    mmget: [
      "mmget_not_zero(mm)",
      refcount_inc_not_zero(k.mm_users, [], [folio_unlock(k.folio), goto("resv_unlock")]),
    ],
  }),
  insert_after(evict, "unlock", {
    mmput: [
      "mmput(mm), with the reservation",
      refcount_dec_and_test(k.mm_users, []),
      when(k.mm_users.count.gt(0), [goto("resv_unlock")]),
    ],
  }),
];

const put_mm: StepOf<never> = ["mmput(mm)", refcount_dec_and_test(k.mm_users, [])];

/** Everybody puts, after the last use. */
const others_put_mm = [
  insert_after(bind, "vm_unlock", { mmput: put_mm }),
  insert_after(munmap, "mmap_unlock", { mmput: put_mm }),
  insert_after(cpu_fault, "mmap_unlock", { mmput: put_mm }),
  count_of(exit, 1),
];

/** What the last put does. */
const last_put = insert_after(evict, "unlock", {
  exit_lock: ["exit_mmap(): mmap_read_lock(mm)", down_read(k.mmap_lock)],
  exit_unlock: ["unmap_vmas(); mmap_read_unlock(mm)", up_read(k.mmap_lock)],
});

export const mutants: Record<string, Mutant> = {
  m1_mmap_lock_under_resv: {
    doc: "eviction takes mmap_lock with the reservation",
    from: "drivers.md 12.3, M1",
    breaks: "deadlock",
    change: [
      insert_after(evict, "resv_lock", {
        mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
      }),
      insert_before(evict, "resv_unlock", {
        mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
      }),
    ],
  },
  m2_alloc_under_notifier_lock: {
    doc: "memory is allocated with the notifier lock held for reading",
    from: "drivers.md 12.3, M2",
    breaks: "recursive_lock",
    change: [move_before(bind, "notifier_lock", "alloc.alloc")],
  },
  m3_vm_lock_in_notifier: {
    doc: "the notifier's callback takes vm->lock",
    from: "drivers.md 12.3, M3",
    breaks: "recursive_lock",
    change: callback_locks_vm,
  },
  m4_and_m5_resv_and_folio: {
    doc: "migrate_to_ram() sleeps for the reservation, eviction for the folio lock",
    from: "drivers.md 12.3, M4 with M5",
    breaks: "deadlock",
    change: [...fault_locks_resv, evict_sleeps_for_folio],
  },
  m6_alloc_under_signalling_lock: {
    doc: "the way to the fence takes a mutex that is held elsewhere over an allocation",
    from: "drivers.md 12.3, M6",
    breaks: "deadlock",
    change: completion_locks,
  },
  m6_not_annotated: {
    doc: "the same, without dma_fence_begin_signalling()",
    from: "drivers.md 12.3, M6",
    breaks: "deadlock",
    change: [
      ...completion_locks,
      replace(completion, "begin", ["the way to the fence is not annotated"]),
      replace(completion, "end", ["back to sleep", goto("irq")]),
    ],
  },
  m7_remove_under_notifier_lock: {
    doc: "mmu_interval_notifier_remove() with the lock that callbacks take",
    from: "drivers.md 12.3, M7",
    breaks: "deadlock",
    change: [
      insert_after(close, "flush.wait", {
        notifier_lock: ["down_read(&notifier_lock)", down_read(k.notifier_lock)],
      }),
      insert_after(close, "remove.wait_event", {
        notifier_unlock: ["up_read(&notifier_lock)", up_read(k.notifier_lock)],
      }),
    ],
  },
  m8_flush_under_vm_lock: {
    doc: "the garbage collector's work is flushed with vm->lock, which it takes",
    from: "drivers.md 12.3, M8",
    breaks: "deadlock",
    change: [move_after(close, "vm_unlock", "flush.wait")],
  },
  m9_svms_lock_in_migrate_to_ram: {
    doc: "migrate_to_ram() takes the lock under which others fault on the page",
    from: "drivers.md 12.3, M9; 13.2, C3",
    breaks: "deadlock",
    change: [
      insert_before(cpu_fault, "migrate", {
        svms_lock: ["svm_migrate_to_ram(): mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
      }),
      insert_after(cpu_fault, "migrate", {
        svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
      }),
      count_of(restore, 1),
      replace(restore, "fault", [
        "hmm_range_fault(): softleaf_entry_wait_on_locked()",
        folio_wait_locked(k.folio),
      ]),
    ],
  },
};

export const variants: Record<string, Variant> = {
  m4_resv_in_migrate_to_ram: {
    doc: "migrate_to_ram() sleeps for the reservation; eviction only tries the folio lock",
    from: "drivers.md 12.3, M4",
    change: fault_locks_resv,
  },
  m5_folio_lock_in_evict: {
    doc: "eviction sleeps for the folio lock; migrate_to_ram() takes no reservation",
    from: "drivers.md 12.3, M5",
    change: [evict_sleeps_for_folio],
  },
  m10_mmput_under_resv: {
    doc: "eviction puts what may be the last user of the address space",
    from: "drivers.md 12.3, M10",
    change: [last_put, ...evict_puts_mm, ...others_put_mm],
  },
  m10_never_last: {
    doc: "the same, while somebody else uses the address space for ever",
    from: "drivers.md 12.3, M10",
    change: evict_puts_mm,
  },
};
