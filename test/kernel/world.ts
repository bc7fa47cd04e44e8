/** One address space, its folios and a device: what the tests of the mm routines work on. */
import { actor, array, choose, type Expr, idle, none, routine, set, shared } from "mmrace";
import {
  device_mmu,
  Frame,
  folio,
  folio_get,
  folio_put,
  mm_struct,
  mmu_interval_set_seq,
  mutex,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  prep_new_page,
  set_pte,
  store,
  zap_device_pte,
} from "mmrace/kernel";

export const sizes = { pages: 1, sys_frames: 2, vram_frames: 1, versions: 1 };

export const k = shared({
  mm: mm_struct(3),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  update: mutex(),
});

/** A driver's invalidation callback: its lock, the sequence number, the device entry. No TLB. */
export const invalidate = (page: Expr<PageOf>) =>
  routine("invalidate", {}, () => ({
    lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
    zap: ["set_seq; clear the entry", mmu_interval_set_seq(k.mm.sub), zap_device_pte(k.gpu, page)],
    unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
  }));

/** One page gets a frame, and the CPU maps it. The others wait for `is_set_up`. */
export function setup(kind: "present" | "device_private") {
  const where = kind === "present" ? "sys" : "vram";
  return actor("setup", { page: Page, frame: Frame }, (me) => ({
    map: [
      "a page is mapped",
      choose(me.page),
      choose(me.frame, me.frame.is(where)),
      prep_new_page(k.folio.at(me.frame)),
      set_pte(k.mm.pte.at(me.page), kind, me.frame),
    ],
  }));
}

/** There is an entry. */
export function is_mapped(page: Expr<PageOf>): Expr<boolean> {
  return k.mm.pte.at(page).frame.ne(none);
}

/** pin_user_pages(), and a store through the kernel's own mapping: no page table is asked. */
export const gup = actor("gup", { page: Page, frame: Frame }, (t) => ({
  pin: [
    "pin_user_pages_fast()",
    idle(),
    choose(t.page, k.mm.pte.at(t.page).kind.eq("present")),
    set(t.frame, k.mm.pte.at(t.page).frame),
    folio_get(k.folio.at(t.frame)),
  ],
  store: ["a DMA write", store(k.mm, k.folio, t.page, t.frame)],
  unpin: ["unpin_user_page()", folio_put(k.folio.at(t.frame))],
}));
