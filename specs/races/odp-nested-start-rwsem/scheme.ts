/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  array,
  bool,
  choose,
  goto,
  type Member,
  type Ref,
  retry,
  routine,
  scalarset,
  set,
  shared,
  when,
} from "mmrace";
import {
  add_umem_to_per_mm,
  down_read_recursive,
  ib_umem_notifier_invalidate_range_end,
  ib_umem_notifier_invalidate_range_start,
  invalidate_range_end_itree,
  invalidate_range_start_itree,
  mmu_interval_node,
  mmu_interval_notifier_insert,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_subscriptions,
  rw_semaphore,
  up_read_recursive,
} from "mmrace/kernel";

const Umem = scalarset("Umem", 1);

export const k = shared({
  subs: mmu_notifier_subscriptions(2),
  umem: array(Umem, mmu_interval_node()),
  umem_rwsem: rw_semaphore(), // per_mm->umem_rwsem, in the older form
  pte: bool.init(true),
  mapped: bool, // in the device
});
const tree = { members: Umem, at: k.umem.at };

type Region = Ref<Member<"Umem">>;
const mlx5_ib_invalidate_range = (umem: Region) =>
  routine("mlx5_ib_invalidate_range", {}, () => ({
    cb: [
      "mmu_interval_set_seq(); unmap from the device",
      mmu_interval_set_seq(k.umem.at(umem).sub),
      set(k.mapped, false),
    ],
  }));
const start = (event: string, umem: Region) =>
  invalidate_range_start_itree(k.subs, tree, event, umem, mlx5_ib_invalidate_range(umem));

export const unmap = actor("unmap", { umem: Umem, split_umem: Umem }, (me) => ({
  start: start("MMU_NOTIFY_UNMAP", me.umem),
  split_start: start("__split_huge_pmd()", me.split_umem),
  split_end: ["  mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
  zap: ["zap_pte_range()", set(k.pte, false)],
  end: ["mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
})).as("zap_page_range()");

export const reg = actor("reg", { umem: Umem, present: bool }, (me) => {
  const { sub } = k.umem.at(me.umem);
  return {
    insert: [
      "ib_umem_odp_get(): mmu_interval_notifier_insert()",
      choose(me.umem),
      mmu_interval_notifier_insert(k.subs, k.umem.at(me.umem)),
    ],
    read_begin: mmu_interval_read_begin(sub),
    range_fault: ["ib_umem_odp_map_dma_and_lock(): hmm_range_fault()", set(me.present, k.pte)],
    map: [
      "under umem_mutex: if (mmu_interval_read_retry()) try again; map",
      when(mmu_interval_read_retry(sub), [retry(), goto("read_begin")]),
      set(k.mapped, me.present),
      mmu_interval_read_end(sub),
    ],
  };
}).as("registers a region, and faults");

/** From 4.20 to 5.4. */
const callback = routine("invalidate_range_start_trampoline", {}, () => ({
  cb: ["mlx5_ib_invalidate_range()"],
}));
export const unmap_5_3 = actor("unmap_5_3", {}, () => ({
  start: ib_umem_notifier_invalidate_range_start(k.umem_rwsem, callback),
  split_start: [
    "__split_huge_pmd(): invalidate_range_start(): down_read(&per_mm->umem_rwsem)",
    down_read_recursive(k.umem_rwsem),
  ],
  split_end: ["  invalidate_range_end(): up_read()", up_read_recursive(k.umem_rwsem)],
  zap: ["zap_pte_range()", set(k.pte, false)],
  end: [
    "invalidate_range_end(): up_read(&per_mm->umem_rwsem)",
    ib_umem_notifier_invalidate_range_end(k.umem_rwsem),
  ],
}))
  .times(0)
  .as("zap_page_range()");
export const reg_5_3 = actor("reg_5_3", {}, () => ({
  add: add_umem_to_per_mm(k.umem_rwsem, set(k.mapped, false)),
}))
  .times(0)
  .as("registers a region");
