/**
 * do_swap_page() on a device-private entry as it was before 6.1 (mm/memory.c, until 16ce101db85d):
 * the entry is read without the page-table lock, and nobody keeps the page while the driver's
 * migrate_to_ram() works on it.
 */
import { type Expr, type Ref, type Routine, ret, routine, set, when } from "../index.ts";
import type { FrameOf, PageOf } from "./folio.ts";
import type { Mm } from "./mm.ts";

/** `migrate_to_ram` finds the page neither referenced nor locked in `frame`; it may be free. */
export function do_swap_page_unreferenced(
  mm: Mm,
  page: Expr<PageOf>,
  frame: Ref<FrameOf>,
  migrate_to_ram: Routine,
): Routine {
  const pte = mm.pte.at(page);
  return routine("do_swap_page", {}, () => ({
    orig_pte: [
      "vmf->page = pfn_swap_entry_to_page(entry)",
      when(pte.kind.ne("device_private"), [ret()]),
      set(frame, pte.frame),
    ],
    migrate_to_ram,
  }));
}
