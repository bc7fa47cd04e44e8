/** mlx5_ib_invalidate_range() (drivers/infiniband/hw/mlx5/odp.c), and who makes core mm call it. */
import {
  actor,
  any,
  assert,
  choose,
  type Expr,
  goto,
  none,
  type Ref,
  type Routine,
  routine,
  set,
  size,
  wait,
  when,
} from "mmrace";
import {
  hmm_dma_unmap_pfn,
  invalidate_range_end_itree,
  invalidate_range_start_itree,
  type Listeners,
  madvise_dontneed,
  mmu_interval_set_seq,
  munmap as munmap_syscall,
  mutex_unlock,
  Page,
  type PageOf,
  refcount_inc_not_zero,
} from "mmrace/kernel";
import { deref_parent, umem_lock } from "./child.ts";
import { dma_uses, k, Mr, type MrOf, tree } from "./state.ts";

/** The callback, for the child whose interval it is. A refusal (non-blockable) is not modelled. */
function invalidate_range(mr: Expr<MrOf>, page: Expr<PageOf>): Routine {
  const m = k.mr.at(mr);
  const pfn = m.map.pfn_list.at(page);
  return routine("mlx5_ib_invalidate_range", {}, () => ({
    umem_lock: ["mutex_lock(&umem_odp->umem_mutex)", umem_lock(mr, "a notifier")],
    set_seq: [
      "mmu_interval_set_seq(); if (!npages || !private) goto out",
      mmu_interval_set_seq(m.notifier.sub),
      when(any(m.npages.eq(0), m.private.not()), [goto("out")]),
    ],
    zap: [
      "mlx5r_umr_update_xlt(mr, ZAP) where HMM_PFN_VALID",
      wait(pfn.valid.not().or(dma_uses(mr, page).not())),
      assert("umr_on_a_freed_mkey", m.private, "a translation of a revoked mkey is updated"),
      when(pfn.valid, [set(m.mtt.at(page), false)]),
    ],
    unmap: [
      "ib_umem_odp_unmap_dma_pages(umem_odp, start, end)",
      hmm_dma_unmap_pfn(m.map, page, [set(m.npages, m.npages.minus(1))]),
    ],
    inc_not_zero: [
      "if (npages) goto out; refcount_inc_not_zero(&imr->usecount)",
      when(m.npages.gt(0), [goto("out")]),
      refcount_inc_not_zero(k.imr.usecount, [], [goto("out")]),
    ],
    cmpxchg: [
      "xa_cmpxchg(&imr->implicit_children, idx, mr, NULL)",
      when(k.imr.child.ne(mr), [deref_parent, goto("out")]),
      set(k.imr.child, none),
    ],
    queue_work: [
      "queue_work(system_dfl_wq, &mr->odp_destroy.work)",
      assert("work_queued_twice", m.work.not(), "INIT_WORK() on a work item that is queued"),
      set(m.work, true),
    ],
    out: ["mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(m.umem_mutex)],
  }));
}

/** All children hear of it. */
function children(owner: Ref<MrOf>, page: Expr<PageOf>): Listeners {
  return {
    kind: "listeners",
    start: (event) =>
      invalidate_range_start_itree(k.mm.subs, tree, event, owner, invalidate_range(owner, page)),
    end: invalidate_range_end_itree(k.mm.subs, tree),
  };
}

export const munmap = actor("munmap", { page: Page, mr: Mr }, (me) => ({
  call: ["munmap(page)", choose(me.page)],
  munmap: munmap_syscall(k.mm, k.folio, me.page, children(me.mr, me.page)),
}))
  .times(size("munmaps"))
  .as("munmap(), mmap_lock");

export const dontneed = actor("dontneed", { page: Page, mr: Mr }, (me) => ({
  call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
  zap: madvise_dontneed(k.mm, k.folio, me.page, children(me.mr, me.page)),
}))
  .times(size("dontneeds"))
  .as("madvise(), VMA lock only");
