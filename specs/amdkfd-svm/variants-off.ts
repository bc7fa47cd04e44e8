/** XNACK off with two notifiers that have to stop the queues. NOTES.md has the trace. */
import { count_of, remove, type Variant } from "mmrace";
import { compaction, deferred_worker, dontneed, munmap, restore_worker } from "./actors-off.ts";

export const variants: Record<string, Variant> = {
  two_ranges_are_invalidated: {
    doc: "the second notifier counts and returns while the first one still stops the queues",
    from: "C4",
    config: "two_ranges",
    breaks: "no_stale_access",
    change: [
      count_of(dontneed, 2),
      count_of(munmap, 0),
      count_of(compaction, 0),
      count_of(deferred_worker, 0),
    ],
  },
  restored_without_read_retry: {
    doc: "svm_range_restore_work() without the retry check: its counters tell the same",
    from: "svm_range_validate_and_map(), step 4-b",
    change: [remove(restore_worker, "restore_func.validate.read_retry")],
  },
};
