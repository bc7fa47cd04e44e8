/** What importers and exporters may not do, and importers that pin. */
import {
  count_of,
  goto,
  insert_before,
  type Mutant,
  move_before,
  remove,
  replace,
  set,
  type Variant,
  wait,
} from "mmrace";
import { dma_resv_lock, dma_resv_unlock } from "mmrace/kernel";
import { copy_engine } from "./actors.ts";
import { command, mover, mr_fault, pinned_command } from "./importers.ts";
import { k } from "./state.ts";

export const mutants: Record<string, Mutant> = {
  unmapped_before_the_zap: {
    doc: "the device may still use what it has mapped no more",
    from: "drivers.md 11; 15 (P3)",
    breaks: "mapped_for_dma",
    change: [move_before(mover, "move.notify.mr_unmap", "move.notify.mr")],
  },
  unmapped_while_a_command_runs: {
    doc: "no ghost keeps the mapping until the command is done",
    from: "drivers.md 11; 15 (P3)",
    breaks: "mapped_for_dma",
    change: [
      replace(mover, "move.notify.gpu_unmap", [
        "dma_buf_unmap_attachment(), whether or not a command runs",
        set(k.gpu_dma.vram, false),
        set(k.gpu_dma.system, false),
      ]),
    ],
  },
  signalling_takes_the_reservation: {
    doc: "a command needs the reservation before its fence signals",
    from: "14.7 (P9)",
    breaks: "deadlock",
    change: [
      insert_before(command, "signal", {
        cleanup_lock: [
          "dma_resv_lock(dmabuf->resv) /* before it signals */",
          dma_resv_lock(k.resv),
        ],
        cleanup_unlock: ["dma_resv_unlock(dmabuf->resv)", dma_resv_unlock(k.resv)],
      }),
    ],
  },
  importer_is_not_told: {
    doc: "the callback comes only where the CPU has an entry, and it has none",
    from: "S07; drivers.md 11.6 (P1)",
    breaks: "mr_pte_is_current",
    change: [remove(mover, "move.notify.mr"), remove(mover, "move.notify.mr_unmap")],
  },
  command_uses_its_old_mapping: {
    doc: "the importer could not get its own locks in the callback, and forgot it",
    from: "drivers.md 11.4, 11.6 (P5)",
    breaks: "gpu_pte_is_current",
    change: [remove(mover, "move.notify.gpu"), remove(mover, "move.notify.gpu_unmap")],
  },
  maps_without_waiting: {
    doc: "the device writes to the new place before the copy has arrived there",
    from: "drivers.md 11.1 (P2)",
    breaks: "no_lost_store",
    change: [remove(mr_fault, "wait_fence")],
  },
  copy_does_not_wait_for_fences: {
    doc: "the first of the two waits after dma_buf_invalidate_mappings() is left out",
    from: "drivers.md 11.3",
    breaks: "no_use_of_a_freed_block",
    change: [
      replace(copy_engine, "start", ["the copy starts at once", wait(k.copy_to.ne("none"))]),
    ],
  },
  command_without_a_fence: {
    doc: "an access that the callback cannot stop is behind no fence; its mapping stays",
    from: "drivers.md 11.3",
    breaks: "no_use_of_a_freed_block",
    change: [
      replace(command, "add_fence", ["/* no fence */"]),
      remove(mover, "move.notify.gpu_unmap"),
    ],
  },
  programs_without_the_reservation: {
    doc: "the importer maps, and writes its entry after the unlock, unchecked; the mapping stays",
    from: "S07 (P1)",
    breaks: "mr_pte_is_current",
    change: [move_before(mr_fault, "unlock", "program"), remove(mover, "move.notify.mr_unmap")],
  },
  unmap_takes_the_reservation: {
    doc: "the importer's callback enters the exporter, which holds its own lock in the move",
    from: "S07 (P4)",
    breaks: "recursive_lock",
    change: [
      insert_before(mover, "move.notify.mr", {
        unmap_lock: ["vma->vm_ops->p2p_unmap(): dma_resv_lock(resv)", dma_resv_lock(k.resv)],
      }),
    ],
  },
};

export const variants: Record<string, Variant> = {
  pinned_for_a_command: {
    doc: "an importer pins while its command runs: the exporter comes again",
    from: "S13",
    change: [count_of(mr_fault, 0), count_of(pinned_command, 1)],
  },
  pinned_for_ever: {
    doc: "a memory region is registered once, and pinned as long as user space likes",
    from: "S13, S17",
    breaks: "starvation",
    change: [
      count_of(mr_fault, 0),
      count_of(pinned_command, 1),
      replace(pinned_command, "used", ["the memory region stays registered", goto("used")]),
    ],
  },
};
