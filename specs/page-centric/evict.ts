/**
 * Eviction: any device page, by its physical address alone; whose it is and who wants it, who
 * cares.
 */
import { actor, bool, choose, goto, idle, type Ref, size } from "mmrace";
import {
  alloc_locked_page,
  type Folio,
  Frame,
  type FrameOf,
  folio_lock,
  MmId,
  migrate_copy_and_finalize,
  migrate_device_pfn_lock,
  Page,
  refcount_inc_not_zero,
  reverse_map,
  try_to_migrate_all,
} from "mmrace/kernel";
import { invalidate, unmap_by_rmap } from "./page-table.ts";
import { k } from "./state.ts";

const locals = {
  page: Page,
  src: Frame,
  dst: Frame,
  moved: bool,
  at_mm: MmId,
  at_page: Page,
};

const is_used = (f: Ref<FrameOf>, folio: Folio) => f.is("vram").and(folio.ref.count.gt(0));

export const evict = actor("evict", locals, (me) => {
  const folio = k.folio.at(me.src);
  const at = { mm: me.at_mm, page: me.at_page };
  return {
    pick: ["any page of the VRAM that is in use", idle(), choose(me.src, is_used(me.src, folio))],
    ...migrate_device_pfn_lock(folio, "done"),
    unmap: try_to_migrate_all(k.mm, k.folio, at, me.src, invalidate(me.at_mm, me.at_page)),
    finalize: migrate_copy_and_finalize(k.mm.at(me.at_mm), k.folio, me, me.moved, {
      alloc: alloc_locked_page(k.folio, me.dst),
      fault_page: false,
      rmap: reverse_map(k.mm, k.folio, at, me.src),
    }),
  };
})
  .times(size("evictions"))
  .as("eviction");

export const evict_v1 = actor("evict_v1", locals, (me) => {
  const folio = k.folio.at(me.src);
  const at = { mm: me.at_mm, page: me.at_page };
  return {
    pick: ["any page of the VRAM that is in use", idle(), choose(me.src, is_used(me.src, folio))],
    get_page: [
      "if (!folio_try_get(page)) pick another",
      refcount_inc_not_zero(folio.ref, [], [goto("done")]),
    ],
    lock_page: ["folio_lock(page)", folio_lock(folio.lock)],
    gpu_unmap: unmap_by_rmap(me.src, at),
    unmap: try_to_migrate_all(k.mm, k.folio, at, me.src, invalidate(me.at_mm, me.at_page)),
    finalize: migrate_copy_and_finalize(k.mm.at(me.at_mm), k.folio, me, me.moved, {
      alloc: alloc_locked_page(k.folio, me.dst),
      fault_page: false,
      rmap: reverse_map(k.mm, k.folio, at, me.src),
    }),
  };
})
  .times(0)
  .as("eviction, as first posted");
