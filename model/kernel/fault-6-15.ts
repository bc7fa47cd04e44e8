/**
 * do_swap_page() on a device-private entry as it was from 6.15 to 6.19 (mm/memory.c, since
 * 1afaeb8293c9, until b570f37a2ce4): the lock is tried, and who does not get it returns at once, to
 * fault again. In a kernel that nobody preempts that keeps a CPU from the work for which the owner
 * of the lock waits.
 */
import {
  type Expr,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  when,
} from "../index.ts";
import { type Folios, type FrameOf, folio_get, folio_put, type PageOf } from "./folio.ts";
import { folio_set_locked, folio_unlock } from "./folio-lock.ts";
import type { Mm } from "./mm.ts";

/** `migrate_to_ram` finds the page locked and referenced in `frame`. */
export function do_swap_page_trylock(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
  migrate_to_ram: Routine,
): Routine {
  const pte = mm.pte.at(page);
  return routine("do_swap_page", {}, () => ({
    pte_lock: [
      "pte_same() && trylock_page(page) && get_page(page), or return 0",
      when(pte.kind.ne("device_private"), [ret()]),
      set(frame, pte.frame),
      when(folios.at(frame).lock.owner.ne(none), [retry(), ret()]),
      folio_set_locked(folios.at(frame).lock),
      folio_get(folios.at(frame)),
    ],
    migrate_to_ram,
    unlock_page: ["unlock_page(page)", folio_unlock(folios.at(frame).lock)],
    put_page: ["put_page(page)", folio_put(folios.at(frame))],
  }));
}
