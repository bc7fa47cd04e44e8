/**
 * exit_mmap() (mm/mmap.c; mm/mmu_notifier.c: mn_itree_release): the last user of the mm has gone.
 *
 * Drivers hear twice: MMU_NOTIFY_RELEASE for the whole address space, with no lock of the mm held
 * and nothing changed yet; then MMU_NOTIFY_UNMAP, under mmap_lock for read, in one window for all
 * pages. These go back after tlb_finish_mmu(), under mmap_lock for write.
 *
 * Omits    the page tables; the count of users: the caller says when the last one has gone; the
 *          release of classic notifiers.
 */
import {
  array,
  bool,
  choose,
  each,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import { type Folios, Frame, folio_put, Page, type PageOf } from "./folio.ts";
import { type Listeners, listeners } from "./listeners.ts";
import type { Mm } from "./mm.ts";
import { down_read, down_write, up_read, up_write } from "./rwsem.ts";
import { zap_pte } from "./zap.ts";

/** `page` walks over all pages; `to` hears of the whole address space, twice. */
export function exit_mmap(
  mm: Mm,
  folios: Folios,
  page: Ref<PageOf>,
  to: Routine | Listeners,
): Routine {
  const { start, end } = listeners(mm, to);
  const locals = { zapped: array(Page, bool), batch: array(Page, Frame) };
  return routine("exit_mmap", locals, (me) => {
    const left = exists(Page, (p) => me.zapped.at(p).not());
    const gathered = exists(Page, (p) => me.batch.at(p).ne(none));
    return {
      release: start("MMU_NOTIFY_RELEASE"),
      released: ["mn_itree_inv_end()", end],
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(mm.mmap_lock)],
      unmap: start("MMU_NOTIFY_UNMAP"),
      zap: [
        "__zap_vma_range(): the next VMA",
        choose(page, me.zapped.at(page).not().or(left.not())),
        when(left.not(), [goto("end")]),
        set(me.zapped.at(page), true),
        zap_pte(mm, folios, page, me.batch.at(page)),
        goto("zap"),
      ],
      end: ["mmu_notifier_invalidate_range_end()", end],
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(mm.mmap_lock)],
      mmap_write_lock: down_write(mm.mmap_lock),
      clear_vmas: ["mt_clear_in_rcu(&mm->mm_mt)", each(Page, (p) => [set(mm.vma.at(p), false)])],
      finish: [
        "tlb_finish_mmu(): flush, free the pages",
        choose(page, me.batch.at(page).ne(none).or(gathered.not())),
        when(gathered.not(), [goto("mmap_write_unlock")]),
        flush_tlb_page(mm, page),
        folio_put(folios.at(me.batch.at(page))),
        set(me.batch.at(page), none),
        goto("finish"),
      ],
      mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(mm.mmap_lock)],
    };
  });
}
