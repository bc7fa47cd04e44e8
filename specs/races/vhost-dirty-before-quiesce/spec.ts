/**
 * vhost stores to a page of the guest through a kernel mapping; the notifier takes the mapping away
 * and marks the page dirty, and write-back cleans the page before the last store.
 *
 * Claim    No store is lost: the page is marked dirty once nobody can store through the mapping any
 *          more. Write-back may clean it earlier, because it finds no mapping to wait for.
 * Source   "vhost: correctly set dirty pages in MMU notifiers callback" (V5 8/9, Fixes
 *          7f466032dc9e), linux-mm <20190809054851.20118-9-jasowang@redhat.com>;
 *          drivers/vhost/vhost.c: vhost_invalidate_vq_start, vhost_put_used (reverted in 2019, gone
 *          by 7.3), with RCU; patch 7/9 lets the worker hold mmu_lock, which excludes the race too;
 *          mm/rmap.c: page_mkclean_one; mm/page-writeback.c: folio_clear_dirty_for_io.
 * Omits    invalidate_count, and mapping anew, which it forbids; the path without a mapping
 *          (copy_to_user() dirties the page by itself); other virtqueues; PG_writeback.
 */
import {
  actor,
  assert,
  bool,
  claim,
  goto,
  idle,
  local_of,
  move_before,
  remove,
  replace,
  ret,
  routine,
  set,
  shared,
  some,
  spec,
  swap,
  wait,
  when,
} from "mmrace";
import {
  rcu,
  rcu_read_lock,
  rcu_read_unlock,
  spin_lock,
  spin_unlock,
  spinlock,
  synchronize_rcu,
} from "mmrace/kernel";

const k = shared({
  rcu: rcu(),
  mmu_lock: spinlock(), // vq->mmu_lock
  map: bool.init(true), // vq->maps[VHOST_ADDR_USED]
  pinned: bool.init(true), // its pages
  stored: bool, // in memory
  disk: bool, // what the file says
  dirty: bool, // PG_dirty
});

const worker = actor("worker", { map: bool }, (me) => ({
  begin: ["vhost_put_used(): rcu_read_lock()", rcu_read_lock(k.rcu)],
  load: [
    "map = rcu_dereference(vq->maps[VHOST_ADDR_USED])",
    set(me.map, k.map),
    when(k.map.not(), [goto("end")]),
  ],
  store: [
    "memcpy(used->ring + idx, head, size)",
    assert("store_to_released_page", k.pinned, "the pages have been put"),
    set(k.stored, true),
  ],
  end: ["rcu_read_unlock()", rcu_read_unlock(k.rcu)],
})).as("vhost worker");

const vhost_invalidate_vq_start = () =>
  routine("vhost_invalidate_vq_start", { map: bool }, (me) => ({
    lock: ["spin_lock(&vq->mmu_lock)", spin_lock(k.mmu_lock)],
    unpublish: [
      "map = vq->maps[index]; rcu_assign_pointer(vq->maps[index], NULL)",
      set(me.map, k.map),
      set(k.map, false),
    ],
    unlock: [
      "spin_unlock(&vq->mmu_lock); if (!map) return",
      spin_unlock(k.mmu_lock),
      when(me.map.not(), [ret()]),
    ],
    sync: synchronize_rcu(k.rcu),
    dirty: ["vhost_set_map_dirty(): set_page_dirty()", set(k.dirty, true)],
    put: ["vhost_map_unprefetch(): put_page()", set(k.pinned, false)],
  }));

const munmap = actor("munmap", {}, () => ({
  start: vhost_invalidate_vq_start(),
  zap: ["zap_pte_range(), mmu_notifier_invalidate_range_end()"],
})).as("the guest's memory goes");

const writeback = actor("writeback", {}, () => ({
  find: ["write_cache_pages(): a dirty page", idle(), wait(k.dirty)],
  mkclean: vhost_invalidate_vq_start(),
  clean: ["folio_clear_dirty_for_io(): folio_test_clear_dirty()", set(k.dirty, false)],
  write: ["->writepage()", set(k.disk, k.stored), goto("find")],
})).as("flusher thread");

/** Under mmu_lock; `call` is the label of the notifier. */
const set_dirty_at_once = (call: string) =>
  [
    "if (map) vhost_set_map_dirty(): set_page_dirty()",
    when(local_of(`${call}.map`, bool), [set(k.dirty, true)]),
  ] as const;

export default spec({
  name: "vhost-dirty-before-quiesce",
  doc: "a page is marked dirty while a worker may still store to it",
  race: { year: 2019, subsystem: "vhost metadata", class: "lost write / lost update" },
  configs: { ci: {} },
  shared: k,
  actors: { worker, munmap, writeback },
  at_rest: {
    no_store_is_lost: claim("what was stored has been written", k.stored.implies(k.disk)),
    pages_are_put: k.pinned.not(),
  },
  reachable: {
    stored_after_the_mapping_is_gone: k.map.not().and(some(worker, (w) => w.at("store"))),
    notifier_waits_for_the_store: some(munmap, (m) => m.at("start.sync.wait")).and(
      some(worker, (w) => w.at("store")),
    ),
  },
  bugs: {
    marked_dirty_at_once: {
      doc: "set_page_dirty() under mmu_lock, then synchronize_rcu()",
      from: "vhost: correctly set dirty pages in MMU notifiers callback (Fixes 7f466032dc9e)",
      breaks: "no_store_is_lost",
      order: ["worker.load", "munmap.start.dirty", "writeback.clean", "worker.store"],
      change: [
        move_before(munmap, "start.dirty", "start.unlock"),
        replace(munmap, "start.dirty", set_dirty_at_once("start")),
        move_before(writeback, "mkclean.dirty", "mkclean.unlock"),
        replace(writeback, "mkclean.dirty", set_dirty_at_once("mkclean")),
      ],
    },
  },
  mutants: {
    nobody_waits: {
      doc: "the pages are put while the worker has the mapping",
      from: "vhost_invalidate_vq_start()",
      breaks: "store_to_released_page",
      change: [remove(munmap, "start.sync.start"), remove(munmap, "start.sync.wait")],
    },
    cleaned_after_it_is_written: {
      doc: "write-back clears a dirty bit that was set for a later store",
      from: "folio_clear_dirty_for_io()",
      breaks: "no_store_is_lost",
      change: [swap(writeback, "clean", "write")],
    },
  },
});
