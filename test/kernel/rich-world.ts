/** An address space that has more than the usual, its folios, and a driver that hears of it. */
import { actor, all, array, choose, type Expr, idle, routine, shared } from "mmrace";
import {
  device_mmu,
  Frame,
  folio,
  type MmOptions,
  mm_struct,
  mmu_interval_set_seq,
  mutex,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
  type PageOf,
  prep_new_page,
  pte_prot_of_vma,
  set_pte,
  zap_device_pte,
} from "mmrace/kernel";

export const sizes = { pages: 1, sys_frames: 2, vram_frames: 0, versions: 2 };

export function rich_world(options: MmOptions) {
  const k = shared({
    mm: mm_struct(3, options),
    folio: array(Frame, folio()),
    gpu: device_mmu(),
    update: mutex(),
  });
  /** The driver's callback: its lock, the sequence number, the device entry. */
  const invalidate = (page: Expr<PageOf>) =>
    routine("invalidate", {}, () => ({
      lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
      zap: ["set_seq; zap", mmu_interval_set_seq(k.mm.sub), zap_device_pte(k.gpu, page)],
      unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
    }));
  /** An empty page gets a frame, which the CPU maps. */
  const setup = actor("setup", { page: Page, frame: Frame }, (me) => ({
    map: [
      "a page is mapped",
      idle(),
      choose(me.page, k.mm.vma.at(me.page).and(k.mm.pte.at(me.page).kind.eq("none"))),
      choose(me.frame, all(me.frame.is("sys"), k.folio.at(me.frame).ref.count.eq(0))),
      prep_new_page(k.folio.at(me.frame)),
      set_pte(k.mm.pte.at(me.page), "present", me.frame),
      pte_prot_of_vma(k.mm, me.page),
    ],
  }));
  const always = {
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  };
  const at_rest = { no_leaked_reference: no_leaked_reference(k.mm, k.folio) };
  return { k, invalidate, setup, always, at_rest };
}
