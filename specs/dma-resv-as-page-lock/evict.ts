/**
 * Eviction: the dma_resv first, as TTM does; then the folio, which it may only try. Beside xe's
 * (xe-svm/evict.ts) the dma_resv is another: the VM's, which is waited for.
 */
import { actor, bool, choose, idle, size } from "mmrace";
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
import { invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

const locals = { page: Page, src: Frame, dst: Frame, moved: bool };

export const evict = actor("evict", locals, (me) => {
  const folio = k.folio.at(me.src);
  return {
    pick: [
      "ttm_bo_evict_first(): a buffer object with pages",
      idle(),
      choose(me.src, me.src.is("vram").and(folio.ref.count.gt(0))),
    ],
    resv_lock: ["dma_resv_lock(bo->resv)", dma_resv_lock(k.resv)],
    ...migrate_device_pfn_lock(folio, "resv_unlock"),
    unmap: try_to_migrate(k.mm, k.folio, me, invalidate(me.page)),
    finalize: migrate_copy_and_finalize(k.mm, k.folio, me, me.moved, {
      alloc: alloc_locked_page(k.folio, me.dst),
      fault_page: false,
    }),
    resv_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.resv)],
  };
})
  .times(size("evictions"))
  .as("TTM eviction");
