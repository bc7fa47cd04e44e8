/**
 * The HCA's page faults and prefetches: pagefault_implicit_mr() and pagefault_real_mr()
 * (drivers/infiniband/hw/mlx5/odp.c), ib_umem_odp_map_dma_and_lock()
 * (drivers/infiniband/core/umem_odp.c).
 */
import {
  actor,
  bool,
  choose,
  either,
  goto,
  idle,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  down_read,
  Frame,
  type FrameOf,
  type HmmResult,
  hmm_dma_map_pfn,
  hmm_range_fault_into,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  refcount_inc,
  up_read,
} from "mmrace/kernel";
import { deref_child, deref_parent, get_child, umem_lock, update_ksm } from "./child.ts";
import { k, Mr, type MrOf } from "./state.ts";

const locals = {
  page: Page,
  /** HMM_PFN_REQ_FAULT; without it the page tables are only looked at. */
  fault: bool,
  mr: Mr,
  /** This fault put a child into the xarray. */
  created: bool,
  /** What hmm_range_fault() found: private until it is taken under umem_mutex. */
  frame: Frame,
  valid: bool,
  /** Sticky flags of an entry that a walk has read and not written back yet (see variants.ts). */
  inout: bool,
  err: hmm_result,
};

interface Fault {
  page: Ref<PageOf>;
  fault: Ref<boolean>;
  mr: Ref<MrOf>;
  created: Ref<boolean>;
  frame: Ref<FrameOf>;
  valid: Ref<boolean>;
  err: Ref<HmmResult>;
}

/** ib_umem_odp_map_dma_and_lock(): on success the caller owns umem_mutex. */
function map_dma_and_lock(f: Fault): Routine {
  const m = k.mr.at(f.mr);
  const { sub } = m.notifier;
  const pfn = m.map.pfn_list.at(f.page);
  return routine("ib_umem_odp_map_dma_and_lock", {}, () => ({
    read_begin: mmu_interval_read_begin(sub),
    mmap_read_lock: ["mmap_read_lock(owning_mm)", down_read(k.mm.mmap_lock)],
    range_fault: hmm_range_fault_into(k.mm, k.folio, sub, f.page, f.fault, f, f.err),
    mmap_read_unlock: [
      "mmap_read_unlock(owning_mm); -EBUSY: retry",
      up_read(k.mm.mmap_lock),
      when(f.err.eq("ebusy"), [retry(), goto("read_begin")]),
      when(f.err.eq("efault"), [mmu_interval_read_end(sub), ret()]),
    ],
    umem_lock: ["mutex_lock(&umem_odp->umem_mutex)", umem_lock(f.mr, "a fault")],
    read_retry: [
      "if (mmu_interval_read_retry()) { mutex_unlock(); goto retry; }",
      when(mmu_interval_read_retry(sub), [mutex_unlock(m.umem_mutex), retry(), goto("read_begin")]),
      mmu_interval_read_end(sub),
    ],
    take: [
      "pfn_list[idx] = private pfn, flags kept",
      when(f.valid, [set(pfn.frame, f.frame), set(pfn.valid, true)]),
    ],
  }));
}

/** pagefault_real_mr() on the child: HCA entries are written under umem_mutex. */
function pagefault_real_mr(f: Fault): Routine {
  const m = k.mr.at(f.mr);
  const pfn = m.map.pfn_list.at(f.page);
  return routine("pagefault_real_mr", {}, () => ({
    map: map_dma_and_lock(f),
    populate: [
      "populate_mtt(): hmm_dma_map_pfn() where HMM_PFN_VALID",
      when(f.err.eq("efault"), [ret()]),
      when(pfn.valid.not(), [goto("unlock")]),
      hmm_dma_map_pfn(m.map, f.page, [set(m.npages, m.npages.plus(1))]),
    ],
    update_mtt: ["mlx5r_umr_update_xlt(mr, idx, np)", set(m.mtt.at(f.page), true)],
    unlock: ["mutex_unlock(&odp->umem_mutex)", mutex_unlock(m.umem_mutex)],
  }));
}

/** pagefault_mr() on an implicit region; the caller has a reference to the parent and puts it. */
function pagefault_implicit_mr(f: Fault): Routine {
  const { child } = k.imr;
  return routine("pagefault_implicit_mr", {}, () => ({
    find_mkey: [
      "find_odp_mkey(): refcount_inc(&imr->mmkey.usecount)",
      when(k.imr.registered.not(), [goto("out")]),
      refcount_inc(k.imr.usecount),
    ],
    xa_load: [
      "xa_load(&imr->implicit_children, idx); refcount_inc()",
      when(child.ne(none), [
        refcount_inc(k.mr.at(child).usecount),
        set(f.mr, child),
        goto("real_mr"),
      ]),
    ],
    get_child: get_child(f.mr, f.created),
    got_child: ["if (IS_ERR(mtt)) goto out", when(f.mr.eq(none), [goto("deref_parent")])],
    real_mr: pagefault_real_mr(f),
    deref: [
      "mlx5r_deref_odp_mkey(&mtt->mmkey)",
      deref_child(f.mr),
      when(f.created.not(), [goto("deref_parent")]),
    ],
    parent_lock: ["mutex_lock(&odp_imr->umem_mutex)", mutex_lock(k.imr.umem_mutex)],
    update_ksm: ["mlx5r_umr_update_xlt(imr, idx, INDIRECT)", update_ksm],
    parent_unlock: ["mutex_unlock(&odp_imr->umem_mutex)", mutex_unlock(k.imr.umem_mutex)],
    deref_parent: ["mlx5r_deref_odp_mkey(&imr->mmkey)", deref_parent],
    out: ["mlx5_ib_page_fault_resume()", set(f.mr, none)],
  }));
}

export const pagefault = actor("pagefault", locals, (me) => ({
  start: [
    "page fault EQ: the HCA has no translation of the page",
    idle(),
    choose(me.page, k.imr.ksm.eq(none).or(k.mr.at(k.imr.ksm).mtt.at(me.page).not())),
    set(me.fault, true),
  ],
  handle: pagefault_implicit_mr(me),
}))
  .times(size("faults"))
  .as("mlx5_ib_eqe_pf_action()");

export const prefetch = actor("prefetch", locals, (me) => ({
  start: [
    "ibv_advise_mr(): PREFETCH or PREFETCH_NO_FAULT",
    choose(me.page),
    either({ prefetch: [set(me.fault, true)], no_fault: [] }),
  ],
  handle: pagefault_implicit_mr(me),
}))
  .times(size("prefetches"))
  .as("mlx5_ib_prefetch_mr_work()");
