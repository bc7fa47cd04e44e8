/**
 * TTM evicts a buffer object of SVM: xe_bo_move() and drm_pagemap_evict_to_ram(), without
 * mmap_lock.
 */
import { actor, bool, choose, idle, none, size } from "mmrace";
import {
  alloc_locked_page,
  dma_resv_lock,
  dma_resv_unlock,
  Frame,
  migrate_copy_and_finalize,
  migrate_device_pfn_lock,
  Page,
  try_to_migrate,
} from "mmrace/kernel";
import { xe_svm_invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

const locals = { page: Page, src: Frame, dst: Frame, moved: bool };

export const evict = actor("evict", locals, (me) => {
  const folio = k.folio.at(me.src);
  const resv = k.bo.at(me.src).resv;
  return {
    pick: [
      "ttm_bo_evict_first(): dma_resv_trylock(bo->resv)",
      idle(),
      choose(me.src, me.src.is("vram").and(folio.ref.count.gt(0), resv.owner.eq(none))),
      dma_resv_lock(resv),
    ],
    ...migrate_device_pfn_lock(folio, "bo_unlock"),
    unmap: try_to_migrate(k.mm, k.folio, me, xe_svm_invalidate(me.page, "other")),
    finalize: migrate_copy_and_finalize(k.mm, k.folio, me, me.moved, {
      alloc: alloc_locked_page(k.folio, me.dst),
      fault_page: false,
    }),
    bo_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(resv)],
  };
})
  .times(size("evictions"))
  .as("TTM eviction");
