/** Who blocks and who only tries; and what the dma_resv is really needed for. */
import {
  assert,
  type Change,
  goto,
  insert_before,
  remove,
  replace,
  type Variant,
  when,
} from "mmrace";
import { dma_resv_lock, folio_lock } from "mmrace/kernel";
import { cpu_fault } from "./cpu.ts";
import { evict } from "./evict.ts";
import { gpu_fault } from "./gpu-fault.ts";
import { k } from "./state.ts";

const { me } = cpu_fault;
const pte = k.mm.pte.at(me.page);
const moved = pte.kind.eq("device_private").and(pte.frame.eq(me.frame)).not();

export const cpu_fault_blocks: Change[] = [
  replace(cpu_fault, "swap.migrate_to_ram.resv_lock", [
    "dma_resv_lock(bo->resv) /* with the folio locked */",
    dma_resv_lock(k.resv),
  ]),
];

const eviction_blocks: Change[] = [
  replace(evict, "pfn_lock", [
    "folio_lock(folio) /* with the dma_resv held */",
    folio_lock(k.folio.at(evict.me.src).lock),
  ]),
];

export const variants: Record<string, Variant> = {
  cpu_fault_waits_for_the_resv: {
    doc: "only eviction tries: it gives up a page whose folio is locked",
    from: "S29, 15.1 T3",
    change: cpu_fault_blocks,
  },
  eviction_waits_for_the_folio: {
    doc: "only the CPU fault tries: it faults again when the dma_resv is taken",
    from: "S29, 15.1 T3",
    change: eviction_blocks,
  },
  both_wait: {
    doc: "the CPU fault takes folio then dma_resv, eviction dma_resv then folio",
    from: "S29, 12.3 M4 and M5, 15 (P4)",
    breaks: "deadlock",
    change: [...cpu_fault_blocks, ...eviction_blocks],
  },
  notifier_takes_the_resv: {
    doc: "the dma_resv is the page-table lock to the end: the callback needs it, eviction holds it",
    from: "S29",
    breaks: "recursive_lock",
    change: [
      insert_before(evict, "unmap.start.cb.notifier_lock", {
        callback_resv_lock: [
          "dma_resv_lock(vm->resv) /* in the notifier */",
          dma_resv_lock(k.resv),
        ],
      }),
    ],
  },
  trylock_is_a_busy_wait: {
    doc: "the CPU fault that fails to get the dma_resv comes back with nothing changed",
    from: "drivers.md 15 (P5c)",
    breaks: "retry_means_that_the_page_moved",
    change: [
      replace(cpu_fault, "swap.migrate_to_ram.return", [
        "return 0: do_swap_page() is called again",
        assert(
          "retry_means_that_the_page_moved",
          moved,
          "the CPU fault is retried although the page is where it was",
        ),
      ]),
    ],
  },
  cpu_fault_without_the_resv: {
    doc: "drm_pagemap's form: migrate_to_ram() knows no dma_resv, and eviction only tries folios",
    from: "S29, 4.4",
    change: [
      remove(cpu_fault, "swap.migrate_to_ram.resv_lock"),
      remove(cpu_fault, "swap.migrate_to_ram.resv_unlock"),
    ],
  },
  nobody_takes_the_resv: {
    doc: "folio locks, the sequence number and the notifier lock do all of it",
    from: "S27, S29",
    change: [
      remove(cpu_fault, "swap.migrate_to_ram.resv_lock"),
      remove(cpu_fault, "swap.migrate_to_ram.resv_unlock"),
      remove(evict, "resv_lock"),
      remove(evict, "resv_unlock"),
      remove(gpu_fault, "migrate.resv_lock"),
      remove(gpu_fault, "migrate.resv_unlock"),
      remove(gpu_fault, "resv_lock"),
      replace(gpu_fault, "resv_unlock", [
        "if (err == -EBUSY) goto again",
        when(gpu_fault.me.err.eq("ebusy"), [goto("again")]),
      ]),
    ],
  },
};
