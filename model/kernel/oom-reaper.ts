/**
 * The OOM reaper (mm/oom_kill.c: oom_reap_task_mm; mm/memory.c: zap_vma_for_reaping): takes the
 * pages of a dying process away without ever waiting for a notifier. For an mm with
 * `unstable: true`.
 *
 * mmap_lock is only tried. Each VMA is a window of its own (MMU_NOTIFY_CLEAR, not blockable): where
 * a driver refuses, the VMA is left alone, and the reaper comes again. From MMF_UNSTABLE on nobody
 * gets new anonymous pages.
 *
 * Omits    the order of the VMAs; shared and file mappings; how often it comes again.
 */
import {
  array,
  bool,
  choose,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import { type Folios, Frame, folio_put, Page, type PageOf } from "./folio.ts";
import { type Mm, not_declared } from "./mm.ts";
import { mmu_notifier_invalidate_range_end } from "./mmu-interval-notifier.ts";
import {
  mmu_notifier_invalidate_range_start_nonblock,
  type NonblockCallback,
} from "./mmu-notifier-range.ts";
import { down_read_trylock, up_read } from "./rwsem.ts";
import { zap_pte } from "./zap.ts";

/**
 * oom_reap_task_mm(): `page` walks over the VMAs, `callback` is the driver's for the place where it
 * stands, `failed` says that something was left.
 */
export function oom_reap_task_mm(
  mm: Mm,
  folios: Folios,
  page: Ref<PageOf>,
  callback: NonblockCallback,
  failed: Ref<boolean>,
): Routine {
  const locals = { visited: array(Page, bool), refused: bool, batch: Frame };
  return routine("oom_reap_task_mm", locals, (me) => {
    const left = exists(Page, (p) => me.visited.at(p).not());
    return {
      mmap_read_trylock: [
        "if (!mmap_read_trylock(mm)) return false",
        set(failed, true),
        down_read_trylock(mm.mmap_lock, [set(failed, false)], [ret()]),
      ],
      unstable: [
        "mm_flags_set(MMF_UNSTABLE, mm)",
        set(mm.unstable ?? not_declared("MMF_UNSTABLE", "unstable: true"), true),
      ],
      next: [
        "mas_for_each_rev(): the next VMA",
        choose(page, me.visited.at(page).not().or(left.not())),
        when(left.not(), [goto("mmap_read_unlock")]),
        set(me.visited.at(page), true),
        when(mm.vma.at(page).not(), [goto("next")]),
      ],
      start: mmu_notifier_invalidate_range_start_nonblock(
        mm.subs,
        [mm.sub],
        "MMU_NOTIFY_CLEAR",
        [callback],
        me.refused,
      ),
      refused: [
        "if (mmu_notifier_invalidate_range_start_nonblock()) return -EBUSY",
        when(me.refused, [set(failed, true), goto("next")]),
      ],
      zap: ["__zap_vma_range()", zap_pte(mm, folios, page, me.batch)],
      end: [
        "mmu_notifier_invalidate_range_end()",
        mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
        when(me.batch.eq(none), [goto("next")]),
      ],
      finish: [
        "tlb_finish_mmu(): flush, free the pages",
        flush_tlb_page(mm, page),
        folio_put(folios.at(me.batch)),
        set(me.batch, none),
        goto("next"),
      ],
      mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(mm.mmap_lock)],
    };
  });
}
