/** Known mistakes, and the other answer to a CPU that touches VRAM. */
import {
  count_of,
  goto,
  insert_after,
  insert_before,
  type Mutant,
  move_after,
  remove,
  replace,
  retry,
  schedule_of,
  set,
  size,
  type Variant,
  wait,
  when,
} from "mmrace";
import { dma_resv_lock, dma_resv_unlock, down_read, up_read } from "mmrace/kernel";
import { copy_engine, cpu_fault, cpu_fault_home, evict, exec, munmap } from "./actors.ts";
import { k } from "./state.ts";

export const mutants: Record<string, Mutant> = {
  zap_after_the_move: {
    doc: "the CPU's entries are zapped when the buffer object has its new place already",
    from: "S15, 15 (P1, P2)",
    breaks: "cpu_pte_is_current",
    change: [move_after(evict, "move.unmap_virtual", "move.assign")],
  },
  fault_does_not_wait_for_the_copy: {
    doc: "the CPU stores to the new place, and the copy arrives afterwards",
    from: "S15, 15 (P2)",
    breaks: "no_lost_store",
    change: [
      replace(cpu_fault, "fault_idle", ["/* the copy is not waited for */", goto("insert")]),
    ],
  },
  fault_without_the_reservation: {
    doc: "a reservation that cannot be had is done without",
    from: "S15, 15 (P1)",
    breaks: "cpu_pte_is_current",
    change: [
      replace(cpu_fault, "reserve", ["/* no reservation */", goto("notify")]),
      remove(cpu_fault, "unreserve"),
      replace(cpu_fault, "retry_idle", ["return VM_FAULT_RETRY", retry(), goto("mmap_read_lock")]),
    ],
  },
  gpu_is_not_told: {
    doc: "the next command uses the entry of the old place",
    from: "S15, 15 (P1)",
    breaks: "gpu_pte_is_current",
    change: [remove(evict, "move.notify.gpu")],
  },
  copy_does_not_wait_for_commands: {
    doc: "a command that was submitted before still writes to the old place",
    from: "S15; drivers.md 11.6",
    breaks: "no_use_of_a_freed_block",
    change: [
      replace(copy_engine, "start", ["the copy starts at once", wait(k.copy_to.ne("none"))]),
    ],
  },
  block_freed_with_the_move: {
    doc: "the old block goes back when the copy is submitted, while commands still use it",
    from: "S15, 14.3 (8)",
    breaks: "no_use_of_a_freed_block",
    change: [
      replace(evict, "move.assign", [
        "  ttm_bo_assign_mem(); ttm_resource_free(old)",
        set(k.in_vram, k.in_vram.not()),
        when(k.in_vram, [set(k.has.system, false)]).otherwise([set(k.has.vram, false)]),
      ]),
    ],
  },
  user_memory_under_the_reservation: {
    doc: "copy_from_user() with the reservation held, while munmap() waits for the fault",
    from: "M1; drivers.md 10.9",
    breaks: "deadlock",
    change: [
      insert_after(exec, "lock", {
        user_fault: ["copy_from_user(): mmap_read_lock(mm)", down_read(k.mmap_lock)],
        user_fault_done: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
      }),
    ],
  },
  signalling_takes_the_reservation: {
    doc: "a command needs the reservation before its fence signals",
    from: "14.7 (P9)",
    breaks: "deadlock",
    change: [
      insert_before(exec, "signal", {
        cleanup_lock: [
          "dma_resv_lock(bo->base.resv) /* before it signals */",
          dma_resv_lock(k.resv),
        ],
        cleanup_unlock: ["dma_resv_unlock(bo->base.resv)", dma_resv_unlock(k.resv)],
      }),
    ],
  },
  retry_with_mmap_lock: {
    doc: "VM_FAULT_RETRY says that mmap_lock was dropped, and it was not",
    from: "mm/memory.c: handle_mm_fault()",
    breaks: "recursive_lock",
    change: [
      replace(cpu_fault, "reserve_busy", [
        "  if (fault_flag_allow_retry_first()) /* mmap_lock is kept */",
        when(cpu_fault.me.first.not(), [goto("reserve_wait")]),
        set(cpu_fault.me.first, false),
      ]),
    ],
  },
};

export const variants: Record<string, Variant> = {
  moves_for_ever: {
    doc: "somebody moves the buffer object again and again",
    from: "S15, 15 (P5c)",
    breaks: "every_fault_is_served",
    change: [
      replace(evict, "unlock", [
        "dma_resv_unlock(bo->base.resv); and again",
        dma_resv_unlock(k.resv),
        goto("lock"),
      ]),
      schedule_of(evict, { finite: false }),
      // kernel/locking/mutex.c hands the lock over to who waits (MUTEX_FLAG_HANDOFF), and a fault
      // whose mapping goes away ends with SIGSEGV: neither is what is asked.
      schedule_of(cpu_fault, { fairness: "strong" }),
      schedule_of(exec, { fairness: "strong" }),
      count_of(munmap, 0),
    ],
  },
  comes_home_when_touched: {
    doc: "the fault moves the buffer object to system memory before it maps it",
    from: "S16",
    change: [count_of(cpu_fault, 0), count_of(cpu_fault_home, size("cpu_faults"))],
  },
};
