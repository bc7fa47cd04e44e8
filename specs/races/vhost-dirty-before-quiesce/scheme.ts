/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  local_of,
  ret,
  routine,
  set,
  shared,
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

export const k = shared({
  rcu: rcu(),
  mmu_lock: spinlock(), // vq->mmu_lock
  map: bool.init(true), // vq->maps[VHOST_ADDR_USED]
  pinned: bool.init(true), // its pages
  stored: bool, // in memory
  disk: bool, // what the file says
  dirty: bool, // PG_dirty
});

export const worker = actor("worker", { map: bool }, (me) => ({
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

export const munmap = actor("munmap", {}, () => ({
  start: vhost_invalidate_vq_start(),
  zap: ["zap_pte_range(), mmu_notifier_invalidate_range_end()"],
})).as("the guest's memory goes");

export const writeback = actor("writeback", {}, () => ({
  find: ["write_cache_pages(): a dirty page", idle(), wait(k.dirty)],
  mkclean: vhost_invalidate_vq_start(),
  clean: ["folio_clear_dirty_for_io(): folio_test_clear_dirty()", set(k.dirty, false)],
  write: ["->writepage()", set(k.disk, k.stored), goto("find")],
})).as("flusher thread");

/** Under mmu_lock; `call` is the label of the notifier. */
export const set_dirty_at_once = (call: string) =>
  [
    "if (map) vhost_set_map_dirty(): set_page_dirty()",
    when(local_of(`${call}.map`, bool), [set(k.dirty, true)]),
  ] as const;
