/**
 * A driver asks, under its lock, whether its range is valid. It is, again: a whole invalidation has
 * come and gone since the pages were looked up.
 *
 * Claim    When no invalidation runs, the device maps the page that the CPU maps or nothing: the
 *          driver remembers a sequence number from before the lookup, and any invalidation of the
 *          interval since makes it try again.
 * Source   commit 04ec32fbc2b2 "mm/hmm: allow hmm_range to be used with a mmu_interval_notifier or
 *          hmm_mirror", linux-rdma <20191112202231.3856-4-jgg@ziepe.ca>, which tells the order;
 *          mm/hmm.c: hmm_range_valid, hmm_range_wait_until_valid (until 5.4); mm/mmu_notifier.c.
 * Omits    mmap_lock; what hmm_range_fault() itself asks while it walks; other ranges.
 */
import { claim, count_of, goto, insert_before, remove, retry, some, spec, when } from "mmrace";
import { mmu_interval_read_retry, mmu_interval_set_seq } from "mmrace/kernel";
import { change, change_5_4, fault, fault_5_4, k, nothing_runs } from "./scheme.ts";

export default spec({
  name: "hmm-range-valid-aba",
  doc: "a range is valid again after an invalidation that nobody noticed",
  race: { year: 2019, subsystem: "mm/hmm", class: "stale device PTE / stale TLB" },
  configs: { ci: {} },
  shared: k,
  actors: { fault, change, fault_5_4, change_5_4 },
  always: {
    no_stale_dev_pte: claim(
      "when no invalidation runs, the device maps the page of the CPU or none",
      nothing_runs.implies(k.dev_pte.in("none", k.cpu_pte)),
    ),
  },
  reachable: {
    fault_tries_again: some(fault, (f) =>
      f.at("read_retry").and(k.sub.read.at(f.proc).eq("stale")),
    ),
    new_page_is_mapped: k.dev_pte.eq("new_page"),
  },
  bugs: {
    valid_is_a_flag: {
      doc: "range->valid does not tell no invalidation from one that has ended",
      from: "04ec32fbc2b2",
      breaks: "no_stale_dev_pte",
      order: [
        ...["fault_5_4.range_fault", "change_5_4.start", "change_5_4.zap", "change_5_4.set_pte"],
        ...["change_5_4.end", "fault_5_4.valid", "fault_5_4.map"],
      ],
      change: [
        ...[count_of(fault, 0), count_of(change, 0)],
        ...[count_of(fault_5_4, 1), count_of(change_5_4, 1)],
      ],
    },
  },
  mutants: {
    asks_before_the_lock: {
      doc: "the invalidation comes between the question and the lock",
      from: "Documentation/mm/hmm.rst",
      breaks: "no_stale_dev_pte",
      change: [
        remove(fault, "read_retry"),
        insert_before(fault, "lock", {
          read_retry_unlocked: [
            "if (mmu_interval_read_retry()) goto again",
            when(mmu_interval_read_retry(k.sub), [retry(), goto("again")]),
          ],
        }),
      ],
    },
    set_seq_after_the_unlock: {
      doc: "the driver's lock does not cover the new number",
      from: "Documentation/mm/hmm.rst",
      breaks: "no_stale_dev_pte",
      change: [
        remove(change, "start.cb.set_seq"),
        insert_before(change, "set_pte", {
          set_seq_late: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
        }),
      ],
    },
  },
});
