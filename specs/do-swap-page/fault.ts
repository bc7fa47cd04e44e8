/** Faults on the page: of user space, and inside the kernel. */
import { actor, goto, none, progress, retry, routine, self, set, size, wait, when } from "mmrace";
import { folio_set_locked, folio_unlock, folio_wait_locked } from "mmrace/kernel";
import { get_page, k, put_page } from "./state.ts";

/**
 * The driver's dev_pagemap_ops.migrate_to_ram(): the page is locked and referenced by the fault;
 * any reference beside those of mapping, fault and isolation makes the migration fail.
 */
export const migrate_to_ram = routine("migrate_to_ram", {}, () => ({
  collect: ["migrate_vma_setup(fault_page): isolate the page", get_page],
  pages: [
    "migrate_vma_pages(): if (folio_ref_count(src) == expected) map the copy",
    when(k.page.ref.count.eq(3), [set(k.pte, "present"), put_page]),
  ],
  finalize: ["migrate_vma_finalize()", put_page],
}));

/** A thread of user space: its CPU does other things whenever it likes. */
export const fault = actor("fault", {}, () => ({
  access: ["the CPU loads from the page", when(k.pte.eq("present"), [progress(), goto("done")])],
  pte_lock: [
    "do_swap_page(): pte_same() && trylock_page(page) && get_page(page)",
    when(k.pte.eq("present"), [goto("access")]),
    when(k.page.lock.owner.ne(none), [goto("wait")]),
    folio_set_locked(k.page.lock),
    get_page,
  ],
  migrate_to_ram,
  unlock_page: ["unlock_page(page)", folio_unlock(k.page.lock)],
  put_page: ["put_page(page): and fault again", put_page, retry(), goto("access")],
  wait: [
    "softleaf_entry_wait_on_locked(): sleep, and fault again",
    folio_wait_locked(k.page.lock),
    retry(),
    goto("access"),
  ],
}))
  .times(size("faults"))
  .as("a thread of user space");

/** hmm_range_fault(): calls handle_mm_fault() in a loop, and leaves its CPU only to sleep. */
export const range_fault = actor("range_fault", {}, () => ({
  start: ["hmm_range_fault()", wait(k.cpu.eq(none)), set(k.cpu, self)],
  access: [
    "hmm_vma_walk_pmd(): is there a page?",
    when(k.pte.eq("present"), [progress(), goto("out")]),
  ],
  pte_lock: [
    "do_swap_page(): pte_same() && trylock_page(page) && get_page(page)",
    when(k.pte.eq("present"), [goto("access")]),
    when(k.page.lock.owner.ne(none), [goto("wait")]),
    folio_set_locked(k.page.lock),
    get_page,
  ],
  migrate_to_ram,
  unlock_page: ["unlock_page(page)", folio_unlock(k.page.lock)],
  put_page: ["put_page(page): walk again", put_page, retry(), goto("access")],
  wait: ["softleaf_entry_wait_on_locked(): schedule()", set(k.cpu, none)],
  wait_on_locked: ["  the page is unlocked", folio_wait_locked(k.page.lock)],
  wake_up: [
    "  runs again: walk again",
    wait(k.cpu.eq(none)),
    set(k.cpu, self),
    retry(),
    goto("access"),
  ],
  out: ["return 0", set(k.cpu, none)],
}))
  .times(size("range_faults"))
  .as("hmm_range_fault()");
