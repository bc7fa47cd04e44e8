/**
 * A userptr bind marks its pages dirty under the notifier lock, while migration of such a page
 * holds its folio lock and calls the notifier.
 *
 * Claim    Under the notifier lock nobody asks for a folio lock: migrate_pages_batch() takes them
 *          the other way round. hmm_range_fault() has marked the pages already.
 * Source   commit 2577b202458c "drm/xe/userptr: fix notifier vs folio deadlock";
 *          drivers/gpu/drm/xe/xe_hmm.c: xe_hmm_userptr_populate_range, xe_mark_range_accessed
 *          (both gone by 7.3, see drm_gpusvm_get_pages); xe_userptr.c: xe_vma_userptr_invalidate;
 *          mm/migrate.c: migrate_pages_batch.
 * Omits    mmap_lock; fences of jobs; pages other than the one; that it may migrate again.
 */
import {
  actor,
  bool,
  claim,
  goto,
  insert_after,
  insert_before,
  remove,
  retry,
  routine,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  down_read,
  down_write,
  folio_lock,
  folio_lock_bit,
  folio_unlock,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const k = shared({
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(),
  notifier_lock: rw_semaphore(), // vm->userptr.notifier_lock
  folio: folio_lock_bit(),
  cpu_pte: bool.init(true), // still the page that is going to move
  gpu_pte: bool, // leads to that page
});

const bind = actor("bind", { pinned: bool }, (me) => ({
  again: mmu_interval_read_begin(k.sub),
  range_fault: ["hmm_range_fault()", set(me.pinned, k.cpu_pte)],
  lock: ["down_read(&vm->userptr.notifier_lock)", down_read(k.notifier_lock)],
  read_retry: [
    "if (mmu_interval_read_retry()) goto again",
    when(mmu_interval_read_retry(k.sub), [up_read(k.notifier_lock), retry(), goto("again")]),
  ],
  map: ["write the device PTE", set(k.gpu_pte, me.pinned)],
  unlock: [
    "up_read(&vm->userptr.notifier_lock)",
    up_read(k.notifier_lock),
    mmu_interval_read_end(k.sub),
  ],
})).as("VM_BIND of a userptr");

const invalidate = routine("xe_vma_userptr_invalidate", {}, () => ({
  lock: down_write(k.notifier_lock),
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
  zap: ["xe_vm_invalidate_vma(): zap the device PTE", set(k.gpu_pte, false)],
  unlock: ["up_write(&vm->userptr.notifier_lock)", up_write(k.notifier_lock)],
}));

const migrate = actor("migrate", {}, () => ({
  folio_lock: ["migrate_folio_unmap(): folio_lock(src)", folio_lock(k.folio)],
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  unmap: ["try_to_migrate_one(): ptep_clear_flush()", set(k.cpu_pte, false)],
  end: ["mmu_notifier_invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
  folio_unlock: ["move_to_new_folio(); folio_unlock(src)", folio_unlock(k.folio)],
})).as("migrate_pages_batch()");

/** xe_mark_range_accessed(): set_page_dirty_lock() of every page. */
const mark = {
  dirty: ["xe_mark_range_accessed(): folio_lock()", folio_lock(k.folio)] as const,
  dirtied: ["  folio_mark_dirty(); folio_unlock()", folio_unlock(k.folio)] as const,
};

export default spec({
  name: "xe-folio-lock-under-notifier-lock",
  doc: "pages of a userptr are marked dirty under the lock that its notifier takes",
  race: { year: 2025, subsystem: "drm/xe userptr", class: "deadlock" },
  configs: { ci: {} },
  shared: k,
  actors: { bind, migrate },
  always: {
    no_stale_gpu_pte: claim(
      "the device maps the page only while the CPU does",
      k.gpu_pte.implies(k.cpu_pte),
    ),
  },
  reachable: {
    bind_maps_the_page: k.gpu_pte,
    bind_loses_the_race: some(bind, (b) =>
      b.at("read_retry").and(k.sub.read.at(b.proc).eq("stale")),
    ),
  },
  bugs: {
    marks_dirty_under_the_notifier_lock: {
      doc: "xe_mark_range_accessed() asks for the folio lock with the notifier lock held",
      from: "2577b202458c",
      breaks: "deadlock",
      order: ["bind.lock", "bind.read_retry", "migrate.folio_lock", "migrate.start.cb.lock"],
      change: [insert_after(bind, "map", mark)],
    },
  },
  mutants: {
    marks_dirty_before_read_retry: {
      doc: "the same lock order, a few lines earlier",
      from: "2577b202458c",
      breaks: "deadlock",
      change: [insert_before(bind, "read_retry", mark)],
    },
    maps_without_read_retry: {
      doc: "the pages may have gone since hmm_range_fault()",
      from: "Documentation/mm/hmm.rst",
      breaks: "no_stale_gpu_pte",
      change: [remove(bind, "read_retry")],
    },
  },
  variants: {
    marks_dirty_without_the_notifier_lock: {
      doc: "after it was released the folio lock may be taken",
      from: "2577b202458c",
      change: [insert_after(bind, "unlock", mark)],
    },
  },
});
