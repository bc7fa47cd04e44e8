/**
 * Frames of device memory that a driver hands out by itself (mm/memremap.c).
 *
 * Omits    percpu_ref of the pagemap; compound folios.
 */
import { assert, block, type Effect, set } from "../index.ts";
import type { Folio } from "./folio.ts";
import { folio_lock } from "./folio-lock.ts";

/**
 * zone_device_page_init(): one reference, locked. It is for a page that nobody refers to: a
 * reference that somebody still has is overwritten, a folio lock is waited for. First in a step.
 */
export function zone_device_page_init(f: Folio): Effect {
  return block(
    assert("page_init_while_referenced", f.ref.count.eq(0), "set_page_count() of a page in use"),
    folio_lock(f.lock),
    set(f.ref.count, 1),
  );
}
