/**
 * Two of the ways in which core mm takes pages away, with the locks that each really holds.
 *
 * System pages go back in a step of its own, tlb_finish_mmu(), after the end of the notifier's
 * window; until then an mm with a CPU TLB can be reached through it.
 *
 * Omits    how many pages are gathered before a flush is forced; zapping several pages; that
 *          madvise() falls back to mmap_lock when the VMA lock can't be had at once: here it waits
 *          for the writer of the VMA, who gives both up together.
 */
import {
  block,
  type Effect,
  type Expr,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page, tlb_remove_tlb_entry } from "./cpu-tlb.ts";
import { type Folios, Frame, type FrameOf, folio_put, type PageOf } from "./folio.ts";
import { type Listeners, listeners } from "./listeners.ts";
import { type Mm, pte_clear, pte_is } from "./mm.ts";
import { down_read, down_write, downgrade_write, up_read, up_write } from "./rwsem.ts";
import { swap_put_entries } from "./swap.ts";

/**
 * zap_pte_range() (mm/memory.c) for one page, under the page-table lock. A system page is gathered
 * into `batch` and put after the TLB flush; a device-private or device-exclusive page is put right
 * here (zap_nonpresent_ptes); a migration entry is only cleared, the migrating task owns its folio;
 * of a swap entry the slot is freed.
 */
export function zap_pte(mm: Mm, folios: Folios, page: Expr<PageOf>, batch: Ref<FrameOf>): Effect {
  const pte = mm.pte.at(page);
  return block(
    when(pte_is(pte, "present", "protnone"), [set(batch, pte.frame)]),
    when(pte_is(pte, "device_private", "device_exclusive"), [folio_put(folios.at(pte.frame))]),
    swap_put_entries(mm, folios, page),
    pte_clear(pte),
    tlb_remove_tlb_entry(mm, page),
    set(mm.last_write.at(page), 0),
  );
}

/** unmap_vmas(): start, the drivers' callbacks, zap, end, and then the pages go back. */
function unmap_page(
  mm: Mm,
  folios: Folios,
  event: string,
  page: Expr<PageOf>,
  to: Routine | Listeners,
): Routine {
  const { start, end } = listeners(mm, to);
  return routine("unmap_vmas", { batch: Frame }, (me) => ({
    start: start(event),
    zap: ["zap_pte_range()", zap_pte(mm, folios, page, me.batch)],
    end: ["mmu_notifier_invalidate_range_end()", end, when(me.batch.eq(none), [ret()])],
    finish: [
      "tlb_finish_mmu(): flush, free the pages",
      flush_tlb_page(mm, page),
      folio_put(folios.at(me.batch)),
    ],
  }));
}

/**
 * munmap() of one page: mmap_lock for write, the VMA write-locked and detached, then mmap_lock
 * downgraded before the pages are zapped (mm/vma.c: vms_complete_munmap_vmas).
 */
export function munmap(
  mm: Mm,
  folios: Folios,
  page: Ref<PageOf>,
  to: Routine | Listeners,
): Routine {
  return routine("munmap", {}, () => ({
    mmap_write_lock: down_write(mm.mmap_lock),
    vma_start_write: down_write(mm.vma_lock),
    detach: ["vms_gather_munmap_vmas(): the VMA leaves the tree", set(mm.vma.at(page), false)],
    vma_end_write: ["vma_end_write_all()", up_write(mm.vma_lock)],
    downgrade: ["mmap_write_downgrade(mm)", downgrade_write(mm.mmap_lock)],
    unmap: unmap_page(mm, folios, "MMU_NOTIFY_UNMAP", page, to),
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(mm.mmap_lock)],
  }));
}

/** madvise(MADV_DONTNEED) of one page: the per-VMA lock for read and nothing else. */
export function madvise_dontneed(
  mm: Mm,
  folios: Folios,
  page: Ref<PageOf>,
  to: Routine | Listeners,
): Routine {
  return routine("madvise_dontneed", {}, () => ({
    lock_vma: ["lock_vma_under_rcu()", down_read(mm.vma_lock)],
    lookup: [
      "vma_lookup(): -ENOMEM if there is none",
      when(mm.vma.at(page).not(), [up_read(mm.vma_lock), ret()]),
    ],
    zap: unmap_page(mm, folios, "MMU_NOTIFY_CLEAR", page, to),
    vma_end_read: ["vma_end_read(vma)", up_read(mm.vma_lock)],
  }));
}
