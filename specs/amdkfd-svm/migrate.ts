/**
 * drivers/gpu/drm/amd/amdkfd/kfd_migrate.c: from and to VRAM. Callers hold mmap_lock and
 * prange->migrate_mutex.
 */
import {
  bool,
  choose,
  type Expr,
  exists,
  goto,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  Frame,
  type FrameOf,
  type Listeners,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  mutex_lock,
  mutex_unlock,
  type PageOf,
  zone_device_page_init,
} from "mmrace/kernel";
import { k, vram_is_free } from "./state.ts";

/** svm_range_vram_node_free(): the range's reference to its svm_bo; PL serializes. */
function vram_node_free(page: Expr<PageOf>): Routine {
  const range = k.range.at(page);
  return routine("svm_range_vram_node_free", {}, () => ({
    range_lock: ["mutex_lock(&prange->lock)", mutex_lock(range.lock)],
    unref: [
      "svm_range_bo_unref(prange->svm_bo); mutex_unlock(&prange->lock)",
      set(range.svm_bo, none),
      mutex_unlock(range.lock),
    ],
  }));
}

/**
 * svm_migrate_ram_to_vram(). Failing is fine: the page stays where it is. A range that has an
 * svm_bo uses the same VRAM again.
 */
export function ram_to_vram(page: Ref<PageOf>, to: Listeners): Routine {
  const range = k.range.at(page);
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("svm_migrate_ram_to_vram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    const has_bo = range.svm_bo.ne(none);
    const may_be = me.dst.eq(range.svm_bo).and(has_bo);
    const is_full = exists(Frame, vram_is_free).not();
    return {
      node_new: [
        "svm_range_vram_node_new(): -ENOMEM if VRAM is full",
        choose(me.dst, may_be.or(has_bo.not().and(vram_is_free(me.dst).or(is_full)))),
        when(has_bo.not().and(vram_is_free(me.dst).not()), [ret()]),
        set(range.svm_bo, me.dst),
      ],
      collect: migrate_vma_collect(k.mm, k.folio, m, "present", to),
      cpages: [
        "if (!migrate.cpages) goto out",
        set(me.moved, false),
        when(me.src.eq(none), [goto("out")]),
      ],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: zone_device_page_init(k.folio.at(me.dst)),
        fault_page: false,
      }),
      out: [
        "if (mpages) prange->actual_loc = best_loc; else if (!prange->actual_loc) free the svm_bo",
        when(me.moved, [set(range.in_vram, true)]),
        when(range.in_vram, [ret()]),
      ],
      node_free: vram_node_free(page),
    };
  });
}

/** svm_migrate_vram_to_ram(). `fault_page` is locked by do_swap_page(). */
export function vram_to_ram(page: Ref<PageOf>, to: Listeners, fault_page?: Expr<FrameOf>): Routine {
  const range = k.range.at(page);
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("svm_migrate_vram_to_ram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      is_in_vram: [
        "if (!prange->actual_loc || !vma_lookup(mm, addr)) return",
        when(range.in_vram.not().or(k.mm.vma.at(page).not()), [ret()]),
      ],
      collect: migrate_vma_collect(k.mm, k.folio, m, "device_private", to, fault_page),
      cpages: ["if (!migrate.cpages) return", when(me.src.eq(none), [ret()])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: fault_page !== undefined,
      }),
      out: [
        "prange->vram_pages -= mpages; if (!vram_pages) actual_loc = 0",
        when(me.moved.not(), [ret()]),
        set(range.in_vram, false),
      ],
      node_free: vram_node_free(page),
    };
  });
}
