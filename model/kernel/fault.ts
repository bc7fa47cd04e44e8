/**
 * The CPU's own page faults (mm/memory.c).
 *
 * Omits    the fault under the per-VMA lock: it gives up for device-private entries and retries
 *          with mmap_lock, so mmap_lock is taken from the start; COW, swap, file pages, OOM.
 */
import {
  all,
  block,
  type Effect,
  type Expr,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  when,
} from "../index.ts";
import {
  alloc_page,
  type Folios,
  Frame,
  type FrameOf,
  folio_get,
  folio_put,
  type PageOf,
  prep_new_page,
} from "./folio.ts";
import { folio_set_locked, folio_unlock, folio_wait_locked } from "./folio-lock.ts";
import { type Mm, pte_prot_of_vma, set_page_anon_exclusive, set_pte } from "./mm.ts";

/**
 * do_anonymous_page(): a zeroed page where there is none yet. Caller holds mmap_lock or the VMA
 * lock. `frame` is the allocator's choice; it goes back when the entry is no longer empty. Nothing
 * is mapped after the OOM reaper was here (check_stable_address_space): the caller gets SIGBUS.
 */
export function do_anonymous_page(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
): Effect {
  const empty = mm.pte.at(page).kind.eq("none");
  const is_none = mm.unstable ? all(empty, mm.unstable.not()) : empty;
  return block(
    alloc_page(folios, frame, is_none),
    when(is_none, [
      prep_new_page(folios.at(frame)),
      set_pte(mm.pte.at(page), "present", frame),
      pte_prot_of_vma(mm, page),
      set_page_anon_exclusive(mm.pte.at(page), true),
    ]),
  );
}

/**
 * do_swap_page() on a device-private entry, since 6.15 and b570f37a2ce4: trylock under the
 * page-table lock, the reference after it and still under it; on failure sleep until the folio is
 * unlocked. `migrate_to_ram` is the driver's dev_pagemap callback; it finds the folio locked in
 * `frame`. Caller holds mmap_lock for read.
 */
export function do_swap_page_device_private(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
  migrate_to_ram: Routine,
): Routine {
  const pte = mm.pte.at(page);
  return routine("do_swap_page", {}, () => ({
    pte_lock: [
      "pte_same() && folio_trylock(page) && get_page(page)",
      when(pte.kind.ne("device_private"), [ret()]),
      set(frame, pte.frame),
      when(folios.at(frame).lock.owner.ne(none), [goto("wait")]),
      folio_set_locked(folios.at(frame).lock),
      folio_get(folios.at(frame)),
    ],
    migrate_to_ram,
    unlock_page: ["folio_unlock(page)", folio_unlock(folios.at(frame).lock)],
    put_page: ["folio_put(page)", folio_put(folios.at(frame)), ret()],
    wait: ["softleaf_entry_wait_on_locked()", folio_wait_locked(folios.at(frame).lock)],
  }));
}

/**
 * migration_entry_wait(): sleeps until the folio of the entry is unlocked; returns at once if it
 * changed.
 */
export function migration_entry_wait(mm: Mm, folios: Folios, page: Expr<PageOf>): Routine {
  return routine("migration_entry_wait", { folio: Frame }, (me) => ({
    pte_lock: [
      "migration_entry_wait(): take the page-table lock, look again",
      when(mm.pte.at(page).kind.ne("migration"), [ret()]),
      set(me.folio, mm.pte.at(page).frame),
    ],
    wait_on_locked: [
      "softleaf_entry_wait_on_locked()",
      folio_wait_locked(folios.at(me.folio).lock),
    ],
  }));
}
