/**
 * The life of a child MR: created by the fault that needs it, taken out of the xarray by the
 * notifier that empties it, freed by a work item.
 */
import {
  actor,
  all,
  assert,
  block,
  choose,
  type Effect,
  type Expr,
  each,
  exists,
  forall,
  goto,
  idle,
  lockEvent,
  none,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
  size,
  wait,
  when,
} from "mmrace";
import {
  hmm_dma_unmap_pfn,
  mmu_interval_notifier_insert,
  mmu_interval_notifier_remove,
  mutex_lock,
  mutex_unlock,
  Page,
  type Refcount,
  refcount_dec_and_test,
  refcount_inc,
  refcount_set,
} from "mmrace/kernel";
import { dma_uses, k, Mr, type MrOf } from "./state.ts";

/** The wait queue of an mkey. */
function waits_for(usecount: Refcount) {
  return { class: usecount.path, index: [...usecount.indexes] };
}

/** Whoever touches the memory of a child relies on this. */
export function is_live(mr: Expr<MrOf>, who: string): Effect {
  return assert("use_after_free", k.mr.at(mr).live, `${who} touches an MR that was freed`);
}

/** mutex_lock(&odp->umem_mutex) of a child. */
export function umem_lock(mr: Expr<MrOf>, who: string): Effect {
  return block(is_live(mr, who), mutex_lock(k.mr.at(mr).umem_mutex));
}

/** mlx5r_deref_odp_mkey(): nobody frees here, the last one wakes mlx5r_deref_wait_odp_mkey(). */
export function deref_child(mr: Expr<MrOf>): Effect {
  return block(is_live(mr, "deref"), refcount_dec_and_test(k.mr.at(mr).usecount, []));
}
export const deref_parent: Effect = refcount_dec_and_test(k.imr.usecount, []);

/** mlx5r_umr_update_xlt(imr, INDIRECT): the command completes when nothing uses the old entry. */
export const update_ksm: Effect = block(
  wait(k.dma.mr.eq(none).or(k.dma.mr.eq(k.imr.child))),
  set(k.imr.ksm, k.imr.child),
);

/** mlx5_ib_dereg_mr() of a child (drivers/infiniband/hw/mlx5/mr.c, core/umem_odp.c). */
export function dereg_mr(mr: Ref<MrOf>): Routine {
  const m = k.mr.at(mr);
  const unused = forall(Page, (p) => dma_uses(mr, p).not());
  return routine("mlx5_ib_dereg_mr", {}, () => ({
    revoke_lock: ["mlx5_revoke_mr(): mutex_lock(&umem_odp->umem_mutex)", umem_lock(mr, "dereg")],
    revoke: [
      "mlx5r_umr_revoke_mr(mr); umem_odp->private = NULL",
      wait(unused),
      each(Page, (p) => [set(m.mtt.at(p), false)]),
      set(m.private, false),
    ],
    revoke_unlock: ["mutex_unlock(&umem_odp->umem_mutex)", mutex_unlock(m.umem_mutex)],
    unmap_lock: ["ib_umem_odp_free(): mutex_lock(&umem_mutex)", umem_lock(mr, "dereg")],
    unmap: [
      "ib_umem_odp_unmap_dma_pages(start, end)",
      each(Page, (p) => [hmm_dma_unmap_pfn(m.map, p, [])]),
      set(m.npages, 0),
    ],
    unmap_unlock: ["mutex_unlock(&umem_mutex)", mutex_unlock(m.umem_mutex)],
    notifier_remove: mmu_interval_notifier_remove(k.mm.subs, m.notifier),
    free: [
      "hmm_dma_map_free(); kfree(umem_odp); kfree(mr)",
      assert("freed_while_locked", m.umem_mutex.owner.eq(none), "a child is freed while locked"),
      assert(
        "dma_mapping_leaked",
        forall(Page, (p) => m.map.iova.at(p).eq(none)),
        "hmm_dma_map_free() with an address that is still linked",
      ),
      set(m.live, false),
      set(m.usecount.count, 0),
      set(m.work, false),
      set(mr, none),
    ],
  }));
}

/**
 * implicit_get_child_mr(): allocates, inserts its notifier, and puts it into the xarray unless
 * somebody else did: then theirs is used. `mr` ends with a reference, or as none (-ENOMEM).
 */
export function get_child(mr: Ref<MrOf>, created: Ref<boolean>): Routine {
  const m = k.mr.at(mr);
  const { child } = k.imr;
  const is_free = (r: Expr<MrOf>) => k.mr.at(r).live.not();
  return routine("implicit_get_child_mr", { loser: Mr }, (me) => ({
    alloc: [
      "ib_umem_odp_alloc_child(): -ENOMEM",
      choose(mr, is_free(mr).or(exists(Mr, is_free).not())),
      when(m.live, [set(mr, none), ret()]),
      set(m.live, true),
    ],
    insert: [
      "mmu_interval_notifier_insert(&umem_odp->notifier)",
      mmu_interval_notifier_insert(k.mm.subs, m.notifier),
    ],
    init: [
      "refcount_set(&mr->mmkey.usecount, 2); odp->private = mr",
      refcount_set(m.usecount, 2),
      set(m.private, true),
    ],
    cmpxchg: [
      "xa_cmpxchg(&imr->implicit_children, idx, NULL, mr)",
      when(child.eq(none), [set(child, mr), set(created, true), ret()]),
      set(me.loser, mr),
      refcount_inc(k.mr.at(child).usecount),
      set(mr, child),
    ],
    dereg_loser: dereg_mr(me.loser),
  }));
}

/** free_implicit_child_mr_work(), on system_dfl_wq: several may run at a time. */
export const free_work = actor("free_work", { mr: Mr }, (me) => {
  const m = k.mr.at(me.mr);
  return {
    work: [
      "process_one_work(): free_implicit_child_mr_work()",
      idle(),
      choose(me.mr, k.mr.at(me.mr).work),
      set(m.work, false),
    ],
    deref: ["mlx5r_deref_wait_odp_mkey(): deref", deref_child(me.mr)],
    deref_wait: [
      "wait_event(mmkey->wait, usecount == 0)",
      lockEvent({ op: "wait", mode: "exclusive", lock: "wait", ...waits_for(m.usecount) }),
      wait(m.usecount.count.eq(0)),
    ],
    parent_lock: ["mutex_lock(&odp_imr->umem_mutex)", mutex_lock(k.imr.umem_mutex)],
    update_ksm: ["mlx5r_umr_update_xlt(mr->parent, idx, INDIRECT)", update_ksm],
    parent_unlock: ["mutex_unlock(&odp_imr->umem_mutex)", mutex_unlock(k.imr.umem_mutex)],
    dereg: dereg_mr(me.mr),
    deref_parent: ["mlx5r_deref_odp_mkey(&imr->mmkey)", deref_parent, goto("work")],
  };
})
  .times(size("workers"))
  .as("free_implicit_child_mr_work()");

/** mlx5_ib_dereg_mr() of the parent: the user gives the region back. */
export const dereg = actor("dereg", { mr: Mr }, (me) => ({
  erase: ["xa_erase(&dev->odp_mkeys, imr)", set(k.imr.registered, false)],
  deref: ["mlx5r_deref_wait_odp_mkey(): deref", deref_parent],
  deref_wait: [
    "wait_event(mmkey->wait, usecount == 0)",
    lockEvent({ op: "wait", mode: "exclusive", lock: "wait", ...waits_for(k.imr.usecount) }),
    wait(k.imr.usecount.count.eq(0)),
  ],
  revoke: [
    "mlx5_revoke_mr(imr): the HCA knows the region no more",
    wait(k.dma.mr.eq(none)),
    set(k.imr.ksm, none),
  ],
  next_child: [
    "xa_for_each(): xa_erase(&mr->implicit_children, idx)",
    when(k.imr.child.eq(none), [goto("done")]),
    set(me.mr, k.imr.child),
    set(k.imr.child, none),
  ],
  dereg_child: dereg_mr(me.mr),
}))
  .times(size("deregs"))
  .as("ibv_dereg_mr()");

/** Neither the HCA nor the xarray leads to free memory. */
export const names_live_children = forall(Mr, (m) =>
  k.mr.at(m).live.or(all(k.imr.ksm.ne(m), k.imr.child.ne(m))),
);
