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
import { claim, move_before, remove, replace, some, spec } from "mmrace";
import { k, munmap, set_dirty_at_once, worker, writeback } from "./scheme.ts";

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
  },
});
