/** do_swap_page() as it was, newest first. */
import {
  count_of,
  goto,
  idle,
  type Mutant,
  none,
  remove,
  replace,
  ret,
  retry,
  set,
  type Variant,
  wait,
  when,
} from "mmrace";
import { folio_set_locked, folio_trylock, folio_unlock } from "mmrace/kernel";
import { fault, range_fault } from "./fault.ts";
import { kworker, migrate } from "./migrate.ts";
import { get_page, k, put_page } from "./state.ts";

/** A taken lock: return 0 at once, and walk again. */
const spins = [
  replace(range_fault, "pte_lock", [
    "do_swap_page(): pte_same() && trylock_page(page) && get_page(page)",
    when(k.pte.eq("present"), [goto("access")]),
    when(k.page.lock.owner.ne(none), [retry(), goto("access")]),
    folio_set_locked(k.page.lock),
    get_page,
  ]),
  remove(range_fault, "wait"),
  remove(range_fault, "wait_on_locked"),
  remove(range_fault, "wake_up"),
];

/** Locking is left to the driver: migrate_vma_collect_pmd() takes what it can get. */
const driver_locks = [
  replace(fault, "migrate_to_ram.collect", [
    "migrate_vma_collect_pmd(): trylock_page(page) and isolate it",
    folio_trylock(k.page.lock, [get_page], [ret()]),
  ]),
  replace(fault, "migrate_to_ram.finalize", [
    "migrate_vma_finalize(): unlock_page(page), put_page(page)",
    folio_unlock(k.page.lock),
    put_page,
  ]),
  remove(fault, "unlock_page"),
  remove(fault, "wait"),
];

const takes_reference_first = [
  ...driver_locks,
  replace(fault, "pte_lock", [
    "do_swap_page(): pte_same() && get_page(page)",
    when(k.pte.eq("present"), [goto("access")]),
    get_page,
  ]),
];

const takes_nothing = [
  ...driver_locks,
  remove(fault, "pte_lock"),
  replace(fault, "migrate_to_ram.pages", [
    "migrate_vma_pages(): if (folio_ref_count(src) == expected) map the copy",
    when(k.page.ref.count.eq(2), [set(k.pte, "present"), put_page]),
  ]),
  replace(fault, "put_page", ["return 0: fault again", retry(), goto("access")]),
];

/** What is no mistake, or not one of this function alone. */
export const variants: Record<string, Variant> = {
  put_after_unlock: {
    doc: "today, with one failed migration before: a page is unlocked before its reference is put",
    breaks: "every_fault_ends",
    change: [count_of(migrate, 1), count_of(kworker, 1)],
  },
  trylock_spins_preempted: {
    doc: "the trylock that spins in a preemptible kernel: the work gets its turn",
    from: "b570f37a2ce4, precondition (c)",
    config: "in_kernel",
    change: [
      ...spins,
      replace(kworker, "run", [
        "lru_add_drain_per_cpu(), preempting whoever runs",
        idle(),
        wait(k.drain.eq("queued")),
        set(k.drain, "idle"),
        goto("run"),
      ]),
    ],
  },
};

/** As it was, newest first. */
export const mutants: Record<string, Mutant> = {
  trylock_spins: {
    doc: "6.15 to 6.19: a taken lock is not waited for, and nobody preempts the one who spins",
    from: "b570f37a2ce4",
    config: "in_kernel",
    breaks: "every_fault_ends",
    change: spins,
  },
  reference_first: {
    doc: "6.1 to 6.14: every faulting thread takes a reference, and all migrations fail for it",
    from: "1afaeb8293c9",
    config: "two_threads",
    breaks: "every_fault_ends",
    change: takes_reference_first,
  },
  no_reference: {
    doc: "before 6.1: no page-table lock and no reference before migrate_to_ram()",
    from: "16ce101db85d",
    config: "two_threads",
    breaks: "use_after_free",
    change: takes_nothing,
  },
};
