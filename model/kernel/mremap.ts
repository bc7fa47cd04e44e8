/**
 * mremap(MREMAP_MAYMOVE) of one page (mm/mremap.c: move_vma, move_page_tables, move_ptes): the
 * entry goes to another address with whatever it holds, migration and device-private entries
 * included. The driver hears that the old address is given up (MMU_NOTIFY_UNMAP); of the new one it
 * hears nothing.
 *
 * Omits    MREMAP_FIXED over a mapping in use (an munmap of its own first); growing and shrinking;
 *          the munmap of the old VMA, whose notifier window covers no entry any more.
 */
import {
  any,
  block,
  type Effect,
  goto,
  type Ref,
  type Routine,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import type { PageOf } from "./folio.ts";
import { type Mm, pte_clear, pte_copy } from "./mm.ts";
import {
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
} from "./mmu-interval-notifier.ts";
import { down_write, up_write } from "./rwsem.ts";

/** move_ptes() for one entry, with both page-table locks. */
function move_pte(mm: Mm, from: Ref<PageOf>, to: Ref<PageOf>): Effect {
  const [old_pte, new_pte] = [mm.pte.at(from), mm.pte.at(to)];
  return block(
    pte_copy(new_pte, old_pte),
    set(mm.last_write.at(to), mm.last_write.at(from)),
    pte_clear(old_pte),
    flush_tlb_page(mm, from),
    set(mm.last_write.at(from), 0),
  );
}

/** `callback` is the driver's for the old address. */
export function mremap(mm: Mm, from: Ref<PageOf>, to: Ref<PageOf>, callback: Routine): Routine {
  const in_use = mm.pte.at(to).kind.ne("none");
  return routine("mremap", {}, () => ({
    mmap_write_lock: down_write(mm.mmap_lock),
    check_prep: [
      "check_prep_vma(): -EFAULT without a VMA, -EEXIST if the target is used",
      when(any(mm.vma.at(from).not(), in_use), [goto("mmap_write_unlock")]),
    ],
    vma_start_write: down_write(mm.vma_lock),
    copy_vma: ["copy_vma(): the VMA at the new address", set(mm.vma.at(to), true)],
    start: mmu_notifier_invalidate_range_start(mm.subs, "MMU_NOTIFY_UNMAP, old", [callback]),
    move_ptes: ["move_ptes(): both page-table locks, TLB flushed", move_pte(mm, from, to)],
    end: [
      "mmu_notifier_invalidate_range_end()",
      mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
    ],
    unmap_source: ["unmap_source_vma()", set(mm.vma.at(from), false)],
    vma_end_write: ["vma_end_write_all()", up_write(mm.vma_lock)],
    mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(mm.mmap_lock)],
  }));
}
