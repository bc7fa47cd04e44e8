/**
 * do_swap_page() on a device-private entry as it was from 6.1 to 6.14 (mm/memory.c, since
 * 16ce101db85d, until 1afaeb8293c9): every faulting thread takes a reference under the page-table
 * lock, and locking the page is left to the driver's migrate_to_ram().
 */
import { type Expr, type Ref, type Routine, ret, routine, set, when } from "../index.ts";
import { type Folios, type FrameOf, folio_get, folio_put, type PageOf } from "./folio.ts";
import type { Mm } from "./mm.ts";

/** `migrate_to_ram` finds the page referenced, but not locked, in `frame`. */
export function do_swap_page_unlocked(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
  migrate_to_ram: Routine,
): Routine {
  const pte = mm.pte.at(page);
  return routine("do_swap_page", {}, () => ({
    pte_lock: [
      "pte_same() && get_page(page)",
      when(pte.kind.ne("device_private"), [ret()]),
      set(frame, pte.frame),
      folio_get(folios.at(frame)),
    ],
    migrate_to_ram,
    put_page: ["put_page(page)", folio_put(folios.at(frame))],
  }));
}
