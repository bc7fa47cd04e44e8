/**
 * An invalidation inside an invalidation, a lock that is read from start to end of each, and a
 * writer that queues in between.
 *
 * Claim    An unmap that splits a huge page on its way calls the notifiers twice, nested, and gets
 *          to its end whoever registers a region meanwhile: nothing is locked from start to end,
 *          invalidations are counted, and the new region waits with its page faults only.
 * Source   commit f25a546e6529 "RDMA/odp: Use mmu_interval_notifier_insert()" (Fixes ca748c39ea3f),
 *          linux-rdma <20191112202231.3856-6-jgg@ziepe.ca> with the call tree; mm/memory.c:
 *          zap_page_range, unmap_page_range; mm/huge_memory.c: __split_huge_pmd;
 *          mm/mmu_notifier.c. KVM met the same with an rwsem (52ac8b358b0c).
 * Omits    umem_mutex (a section under it is one step); mmap_lock; page faults in the older form.
 */
import {
  actor,
  array,
  bool,
  choose,
  claim,
  count_of,
  eventually,
  every,
  goto,
  type Member,
  move_before,
  type Ref,
  replace,
  retry,
  routine,
  scalarset,
  set,
  shared,
  some,
  spec,
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

const k = shared({
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

const unmap = actor("unmap", { umem: Umem, split_umem: Umem }, (me) => ({
  start: start("MMU_NOTIFY_UNMAP", me.umem),
  split_start: start("__split_huge_pmd()", me.split_umem),
  split_end: ["  mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
  zap: ["zap_pte_range()", set(k.pte, false)],
  end: ["mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
})).as("zap_page_range()");

const reg = actor("reg", { umem: Umem, present: bool }, (me) => {
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
const unmap_5_3 = actor("unmap_5_3", {}, () => ({
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
const reg_5_3 = actor("reg_5_3", {}, () => ({
  add: add_umem_to_per_mm(k.umem_rwsem, set(k.mapped, false)),
}))
  .times(0)
  .as("registers a region");

export default spec({
  name: "odp-nested-start-rwsem",
  doc: "a nested invalidation asks again for a lock for which a writer waits",
  race: {
    year: 2019,
    subsystem: "RDMA ODP",
    class: "deadlock",
    bug_in_fix_of: "odp-deferred-add-purgatory",
  },
  configs: { ci: {} },
  shared: k,
  actors: { unmap, reg, unmap_5_3, reg_5_3 },
  always: {
    no_stale_device_pte: claim("the device maps what the CPU maps", k.mapped.implies(k.pte)),
  },
  reachable: {
    registered_between_two_starts: some(unmap, (u) => u.at("split_start")).and(
      some(reg, (r) => r.at("read_begin.wait_event")),
    ),
    region_maps_the_page: k.mapped,
  },
  liveness: {
    unmap_ends: eventually(
      every(unmap, (u) => u.at("done")),
      "the unmap gets to its end",
    ),
    registration_ends: eventually(
      every(reg, (r) => r.at("done")),
      "the region is registered, and its page fault ends",
    ),
  },
  bugs: {
    umem_rwsem_from_start_to_end: {
      doc: "umem_rwsem is read from start to end, and the nested start queues behind a writer",
      from: "f25a546e6529, Fixes ca748c39ea3f",
      breaks: "deadlock",
      order: ["unmap_5_3.start.down_read", "reg_5_3.add.down_write.fast"],
      change: [
        ...[count_of(unmap, 0), count_of(reg, 0)],
        ...[count_of(unmap_5_3, 1), count_of(reg_5_3, 1)],
      ],
    },
  },
  mutants: {
    inserted_into_a_frozen_tree: {
      doc: "a region that comes inside the window counts as not being invalidated",
      from: "mm/mmu_notifier.c: __mmu_interval_notifier_insert()",
      breaks: "no_stale_device_pte",
      change: [
        replace(reg, "insert", [
          "interval_tree_insert()",
          choose(reg.me.umem),
          set(k.umem.at(reg.me.umem).place, "in_tree"),
        ]),
      ],
    },
    window_closes_before_the_zap: {
      doc: "the region maps the page again before its entry is cleared",
      from: "Documentation/mm/mmu_notifier.rst",
      breaks: "no_stale_device_pte",
      change: [move_before(unmap, "end", "zap")],
    },
  },
});
