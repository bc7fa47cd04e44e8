/** Known mistakes of a mapping in place, and what each must break. */
import {
  assert,
  goto,
  insert_before,
  type Mutant,
  move_before,
  remove,
  replace,
  ret,
  retry,
  when,
} from "mmrace";
import { mmu_interval_read_retry } from "mmrace/kernel";
import { evict } from "./exporter.ts";
import { importer_fault } from "./importer.ts";
import { k } from "./state.ts";

const unused = k.folio.at(evict.me.src).ref.count.eq(0);

export const mutants: Record<string, Mutant> = {
  only_the_exporter_is_told: {
    doc: "eviction invalidates its own GPU only: who else has mapped the page does not hear of it",
    from: "S10, 15 (P1)",
    breaks: "no_stale_peer_pte",
    change: [replace(evict, "unmap.start.cb2.lock", ["/* the importer is not told */", ret()])],
  },
  retry_not_checked: {
    doc: "the page may have been moved while the importer got its address",
    from: "S10; M4",
    breaks: "no_stale_peer_pte",
    change: [remove(importer_fault, "read_retry")],
  },
  retry_checked_before_the_lock: {
    doc: "an eviction fits between the check and the entry",
    from: "S10; M4",
    breaks: "no_stale_peer_pte",
    change: [
      remove(importer_fault, "read_retry"),
      insert_before(importer_fault, "lock", {
        early_retry: [
          "if (mmu_interval_read_retry()) goto again /* no lock */",
          when(mmu_interval_read_retry(k.peer_sub), [retry(), goto("again")]),
        ],
      }),
    ],
  },
  dma_unmapped_before_the_flush: {
    doc: "the importer's TLB still leads to the address",
    from: "S10, 14.8 (P3)",
    breaks: "peer_dma_is_mapped",
    change: [move_before(evict, "unmap.start.cb2.dma_unmap", "unmap.start.cb2.flush")],
  },
  eviction_believes_itself: {
    doc: "the block is given away although a folio of it is still referenced",
    from: "S10, 15 (P11)",
    breaks: "evicted_block_is_unused",
    change: [
      replace(evict, "detached", [
        "return 0 /* whether or not the last folio is free */",
        assert("evicted_block_is_unused", unused, "the block goes to somebody else"),
      ]),
    ],
  },
};
