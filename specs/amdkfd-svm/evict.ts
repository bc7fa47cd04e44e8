/**
 * TTM evicts an svm_bo: amdgpu_ttm_bo_eviction_valuable() and svm_range_evict_svm_bo(), with the
 * buffer object's dma_resv held; everything else is only tried.
 */
import { actor, choose, goto, idle, none, range, set, size, when } from "mmrace";
import {
  dma_resv_set_locked,
  dma_resv_unlock,
  down_read_trylock,
  Frame,
  mutex_trylock,
  mutex_unlock,
  Page,
  up_read,
} from "mmrace/kernel";
import { xnack_on } from "./invalidate.ts";
import { vram_to_ram } from "./migrate.ts";
import { k } from "./state.ts";

const locals = { page: Page, block: Frame, retries: range(0, 3) };

export const evict = actor("evict", locals, (me) => {
  const prange = k.range.at(me.page);
  const resv = k.bo_resv.at(me.block);
  return {
    pick: [
      "ttm_bo_evict_first(): dma_resv_trylock(bo->resv)",
      idle(),
      choose(me.page, prange.svm_bo.ne(none).and(k.bo_resv.at(prange.svm_bo).owner.eq(none))),
      set(me.block, prange.svm_bo),
      dma_resv_set_locked(resv),
    ],
    mmap_trylock: [
      "if (!mmap_read_trylock(mm)) return -EBUSY",
      down_read_trylock(k.mm.mmap_lock, [], [goto("bo_unlock")]),
    ],
    migrate_trylock: [
      "if (!mutex_trylock(&prange->migrate_mutex)) return -EBUSY",
      when(prange.svm_bo.ne(me.block), [goto("mmap_unlock")]),
      mutex_trylock(prange.migrate_mutex, [set(me.retries, 3)], [goto("mmap_unlock")]),
    ],
    migrate: vram_to_ram(me.page, xnack_on(me.page)),
    tries: [
      "while (!r && prange->actual_loc && --retries)",
      when(prange.in_vram.and(k.mm.vma.at(me.page)), [
        set(me.retries, me.retries.minus(1)),
        when(me.retries.ne(0), [goto("migrate")]),
      ]),
    ],
    migrate_unlock: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(prange.migrate_mutex)],
    mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    bo_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(resv)],
  };
})
  .times(size("evictions"))
  .as("TTM eviction");
