/**
 * Other designs: what the source has since 6.16, and an explicit region. NOTES.md has the results.
 */
import {
  all,
  type Change,
  choose,
  count_of,
  type Effect,
  type Expr,
  goto,
  idle,
  insert_before,
  none,
  remove,
  replace,
  ret,
  type Steps,
  set,
  type Variant,
  wait,
  when,
} from "mmrace";
import { hmm_dma_map_pfn, type PageOf } from "mmrace/kernel";
import { free_work } from "./child.ts";
import { dontneed, munmap } from "./invalidate.ts";
import { pagefault, prefetch } from "./pagefault.ts";
import { dma_uses, k, type MrOf } from "./state.ts";

type Leaf = readonly [text: string, ...effects: Effect[]];

/**
 * hmm_vma_handle_pte() writes straight into the list of the umem, without umem_mutex. Since 6.16 it
 * reads the entry, keeps HMM_PFN_INOUT_FLAGS of it, and writes it back (`sticky`). Nothing is left
 * to take under the mutex.
 */
function shares_pfn_list(who: typeof pagefault, sticky: boolean): Change[] {
  const { me } = who;
  const pfn = k.mr.at(me.mr).map.pfn_list.at(me.page);
  const write = [set(pfn.frame, me.frame), set(pfn.valid, me.valid)];
  const found = me.err.eq("ok");
  const steps: Steps = sticky
    ? {
        read_pfn: [
          "tmp = *hmm_pfn & HMM_PFN_INOUT_FLAGS",
          when(found, [set(me.inout, pfn.dma_mapped)]),
        ],
        write_pfn: [
          "*hmm_pfn = tmp | new_pfn_flags",
          when(found, [...write, set(pfn.dma_mapped, me.inout)]),
        ],
      }
    : { write_pfn: ["*hmm_pfn = new_pfn_flags", when(found, write)] };
  return [
    insert_before(who, "handle.real_mr.map.mmap_read_unlock", steps),
    remove(who, "handle.real_mr.map.take"),
  ];
}

const shared_list = [...shares_pfn_list(pagefault, true), ...shares_pfn_list(prefetch, true)];

/** 5.10 to 6.15: what is mapped for DMA is in dma_list, and the notifier goes by that alone. */
function by_dma_list(mr: Expr<MrOf>, page: Expr<PageOf>): Record<"zap" | "unmap", Leaf> {
  const m = k.mr.at(mr);
  const mapped = m.map.pfn_list.at(page).dma_mapped;
  return {
    zap: [
      "mlx5r_umr_update_xlt(mr, ZAP) where dma_list[idx]",
      wait(mapped.not().or(dma_uses(mr, page).not())),
      when(mapped, [set(m.mtt.at(page), false)]),
    ],
    unmap: [
      "ib_umem_odp_unmap_dma_pages(): dma_list[idx] = 0",
      when(mapped, [set(m.map.iova.at(page), none), set(m.npages, m.npages.minus(1))]),
      set(mapped, false),
    ],
  };
}

const in_munmap = by_dma_list(munmap.me.mr, munmap.me.page);
const in_dontneed = by_dma_list(dontneed.me.mr, dontneed.me.page);
const dma_list = [
  replace(munmap, "munmap.unmap.start.cb.zap", in_munmap.zap),
  replace(munmap, "munmap.unmap.start.cb.unmap", in_munmap.unmap),
  replace(dontneed, "zap.zap.start.cb.zap", in_dontneed.zap),
  replace(dontneed, "zap.zap.start.cb.unmap", in_dontneed.unmap),
];

/** The user asks for the prefetch of a page that is mapped, while no fault is being handled. */
const one_walker = replace(prefetch, "start", [
  "ibv_advise_mr(): PREFETCH, after the fault is done",
  idle(),
  choose(
    prefetch.me.page,
    all(
      k.imr.usecount.count.eq(1),
      k.imr.ksm.ne(none),
      k.mr.at(k.imr.ksm).mtt.at(prefetch.me.page),
    ),
  ),
  set(prefetch.me.fault, true),
]);

/**
 * dma_iova_link() fails on an address that is linked (-EEXIST): populate_mtt() returns -EFAULT, the
 * HCA's table is left alone.
 */
function link_may_fail(who: typeof pagefault): Change {
  const { me } = who;
  const m = k.mr.at(me.mr);
  const pfn = m.map.pfn_list.at(me.page);
  const iova = m.map.iova.at(me.page);
  return replace(who, "handle.real_mr.populate", [
    "populate_mtt(): hmm_dma_map_pfn() where HMM_PFN_VALID",
    when(me.err.eq("efault"), [ret()]),
    when(pfn.valid.not(), [goto("unlock")]),
    when(pfn.dma_mapped.not(), [
      when(iova.ne(none), [goto("unlock")]),
      set(iova, pfn.frame),
      set(pfn.dma_mapped, true),
      set(m.npages, m.npages.plus(1)),
    ]),
  ]);
}

const link_fails = [link_may_fail(pagefault), link_may_fail(prefetch)];

/** populate_mtt() counts every entry that it writes, also one that was written before. */
function counts_every_update(who: typeof pagefault): Change {
  const { me } = who;
  const m = k.mr.at(me.mr);
  const pfn = m.map.pfn_list.at(me.page);
  return replace(who, "handle.real_mr.populate", [
    "populate_mtt(): hmm_dma_map_pfn() where HMM_PFN_VALID; npages++",
    when(me.err.eq("efault"), [ret()]),
    when(pfn.valid.not(), [goto("unlock")]),
    hmm_dma_map_pfn(m.map, me.page, []),
    set(m.npages, m.npages.plus(1)),
  ]);
}

/** The notifier leaves an empty child where it is: the region is as old as its registration. */
const keeps_children: Change[] = (["inc_not_zero", "cmpxchg", "queue_work"] as const).flatMap(
  (label) => [
    remove(munmap, `munmap.unmap.start.cb.${label}`),
    remove(dontneed, `zap.zap.start.cb.${label}`),
  ],
);

export const variants: Record<string, Variant> = {
  pfn_list_shared_since_5_10: {
    doc: "5.10 to 6.15: hmm_range_fault() writes into a shared list; dma_list is under umem_mutex",
    from: "C5; 36f30e486dce",
    breaks: "no_stale_mtt",
    change: [
      ...shares_pfn_list(pagefault, false),
      ...shares_pfn_list(prefetch, false),
      ...dma_list,
    ],
  },
  pfn_list_shared: {
    doc: "6.16 and later: hmm_range_fault() writes into the list that umem_mutex protects",
    from: "C5",
    breaks: "dma_linked_twice",
    change: shared_list,
  },
  pfn_list_shared_link_fails: {
    doc: "the same, and linking an address twice is an error that the fault returns",
    from: "C5",
    breaks: "no_stale_mtt",
    change: [...shared_list, ...link_fails],
  },
  pfn_list_shared_one_walker: {
    doc: "the same with one walker at a time: a flag that was cleared comes back",
    from: "C5",
    breaks: "dma_mapped_while_the_hca_uses_it",
    change: [...shared_list, one_walker],
  },
  npages_counted_per_update: {
    doc: "6.16 and later: populate_mtt() counts an entry each time that it writes it",
    from: "drivers/infiniband/hw/mlx5/odp.c: populate_mtt()",
    breaks: "npages_is_exact",
    change: [counts_every_update(pagefault), counts_every_update(prefetch)],
  },
  explicit_region: {
    doc: "one region as old as its registration; teardown waits for the callbacks",
    from: "S03",
    config: "two_notifiers",
    change: [...keeps_children, count_of(free_work, 0)],
  },
};
