/** What the actors of an implicit ODP memory region share: the parent, its children, the HCA. */
import {
  array,
  bool,
  type Expr,
  type Member,
  range,
  scalarset,
  shared,
  size,
  struct,
} from "mmrace";
import {
  Frame,
  folio,
  hmm_dma_map,
  type IntervalTree,
  mm_struct,
  mmu_interval_node,
  mutex,
  Page,
  type PageOf,
  refcount,
} from "mmrace/kernel";

/** Memory for child MRs; one that is not `live` is free memory. */
export const Mr = scalarset("Mr", size("mrs"));
export type MrOf = Member<"Mr">;

/** struct mlx5_ib_mr of a child with its struct ib_umem_odp. */
const child_mr = struct("mlx5_ib_mr", {
  live: bool,
  /** mmkey.usecount: one of the xarray, one of each fault that works on it. */
  usecount: refcount(4),
  /** odp->private: set until the mkey is revoked. */
  private: bool,
  umem_mutex: mutex(),
  notifier: mmu_interval_node(),
  map: hmm_dma_map(),
  npages: range(0, size("npages")),
  /** The mkey's table in the HCA: each valid entry holds the page's IO virtual address. */
  mtt: array(Page, bool),
  /** odp_destroy.work is queued. */
  work: bool,
});

/** The implicit parent. There is one granule, so its xarray and its KSM table have one slot. */
const implicit_mr = struct("implicit_mr", {
  /** In dev->odp_mkeys. */
  registered: bool.init(true),
  usecount: refcount(6, 1),
  umem_mutex: mutex(),
  /** imr->implicit_children[idx] */
  child: Mr,
  /** The child that the HCA's KSM entry names; none is the null mkey. */
  ksm: Mr,
});

export const k = shared({
  mm: mm_struct(3),
  folio: array(Frame, folio()),
  imr: implicit_mr,
  mr: array(Mr, child_mr),
  /** The DMA that the HCA has under way: through which child, to which page. */
  dma: struct("hca_dma", { mr: Mr, page: Page }),
});

/** The interval notifiers of the children. */
export const tree: IntervalTree<MrOf> = { members: Mr, at: (mr) => k.mr.at(mr).notifier };

/** The HCA has a DMA under way that used this entry. */
export function dma_uses(mr: Expr<MrOf>, page: Expr<PageOf>): Expr<boolean> {
  return k.dma.mr.eq(mr).and(k.dma.page.eq(page));
}
