/**
 * Eviction of device memory for somebody else: the page of a block is moved to system memory,
 * whether or not anybody wants it, in at most three passes.
 *
 * Claim    When eviction returns 0, nothing refers to the block any more (P11). It ends, whatever
 *          references come and go meanwhile, because the passes are counted. A page that was moved
 *          already, and is kept by a stray reference, is not moved a second time, because its folio
 *          is marked (S28).
 * Source   drivers/gpu/drm/drm_pagemap.c: drm_pagemap_evict_to_ram,
 *          drm_pagemap_retire_migrated_pages, drm_pagemap_skip_retired_pages;
 *          mm/migrate_device.c: migrate_device_pfn_lock, migrate_device_unmap,
 *          migrate_vma_check_page, migrate_device_pages, migrate_device_finalize.
 * Omits    more than one page; the contents (see page-centric); the CPU's faults, whose references
 *          are stray ones here; failing allocations; the mm that is gone (mmget_not_zero()).
 */
import {
  actor,
  assert,
  bool,
  claim,
  type Effect,
  eventually,
  every,
  goto,
  idle,
  not,
  range,
  remove,
  replace,
  retry,
  schedule_of,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import { folio_lock_bit, folio_trylock, folio_unlock } from "mmrace/kernel";

const k = shared({
  folio: folio_lock_bit(),
  /** A device-private entry refers to the page, a migration entry, or none. */
  mapped: bool.init(true),
  migration_entry: bool,
  /** References beside that of the entry: eviction's own, and one of somebody else. */
  evictor: bool,
  stray: bool,
  /** DRM_PAGEMAP_ZDD_FLAG_MIGRATED */
  migrated: bool,
  /** complete(&devmem_allocation->detached): the last reference is gone, the block is free. */
  detached: bool,
});

/** folio_put(): the last one frees the page, and with it the block. */
const freed_if_last: Effect = when(
  k.mapped.not().and(k.migration_entry.not(), k.evictor.not(), k.stray.not()),
  [set(k.detached, true)],
);

const evict = actor("evict", { retry_count: range(0, 2), moves: bool }, (me) => ({
  begin: ["retry_count = 2", set(me.retry_count, 2)],
  get: [
    "migrate_device_pfns(): folio_try_get()",
    set(me.moves, false),
    when(k.detached, [goto("detached")]),
    set(k.evictor, true),
  ],
  trylock: ["  folio_trylock()", folio_trylock(k.folio, [], [goto("put")])],
  unmap: [
    "  migrate_device_unmap(): try_to_migrate()",
    when(k.mapped, [set(k.mapped, false), set(k.migration_entry, true)]),
  ],
  check: [
    "  migrate_vma_check_page(): lets one more reference of a device page pass",
    set(me.moves, true),
  ],
  skip: [
    "drm_pagemap_skip_retired_pages()",
    when(k.migrated, [set(me.moves, false)]),
    when(me.moves.not(), [goto("finalize")]),
  ],
  copy: [
    "copy_to_ram()",
    assert("copied_twice", k.migrated.not(), "a page that was moved already is moved again"),
  ],
  pages: [
    "migrate_device_pages(): folio_migrate_mapping() counts references once more",
    when(k.stray, [set(me.moves, false), goto("finalize")]),
  ],
  retire: ["drm_pagemap_retire_migrated_pages()", set(k.migrated, true)],
  finalize: [
    "migrate_device_finalize(): remove_migration_ptes(), to the copy or back",
    when(k.migration_entry, [
      set(k.migration_entry, false),
      when(me.moves.not(), [set(k.mapped, true)]),
    ]),
  ],
  unlock: ["  folio_unlock(src)", folio_unlock(k.folio)],
  put: ["  folio_put(src)", set(k.evictor, false), freed_if_last],
  detached: [
    "if (completion_done(&devmem_allocation->detached)) return 0",
    when(k.detached, [goto("evicted")]),
  ],
  again: [
    "if (retry_count--) goto retry; return -EBUSY",
    when(me.retry_count.eq(0), [goto("done")]),
    set(me.retry_count, me.retry_count.minus(1)),
    retry(),
    goto("get"),
  ],
  evicted: ["the block is given to somebody else"],
})).as("drm_pagemap_evict_to_ram()");

/** do_swap_page(), another migration, a walk over physical memory: a reference for a while. */
const somebody = actor("somebody", {}, () => ({
  get: ["folio_try_get()", idle(), wait(k.detached.not()), set(k.stray, true)],
  put: ["folio_put()", set(k.stray, false), freed_if_last, goto("get")],
})).as("transient references");

const retries_for_ever = replace(evict, "again", ["goto retry", retry(), goto("get")]);

export default spec({
  name: "evict-to-ram",
  doc: "eviction of a page that somebody keeps for a while, or that nobody wants",
  configs: { ci: {} },
  shared: k,
  actors: { evict, somebody },
  always: {
    evicted_means_free: claim(
      "when eviction has returned 0, nothing refers to the block",
      some(evict, (t) => t.at("evicted")).implies(
        not(k.mapped).and(k.migration_entry.not(), k.evictor.not(), k.stray.not()),
      ),
    ),
    freed_once_unmapped: claim(
      "a block that is free is not mapped",
      k.detached.implies(k.mapped.not().and(k.migration_entry.not())),
    ),
  },
  at_rest: {
    no_leaked_block: claim(
      "in the end the block is free, or the CPU still maps its page",
      k.detached.or(k.mapped),
    ),
  },
  reachable: {
    block_is_evicted: some(evict, (t) => t.at("evicted")),
    moved_page_is_kept: k.migrated.and(k.stray, k.evictor.not()),
    moved_page_is_met_again: some(evict, (t) => t.at("skip")).and(k.migrated),
  },
  liveness: {
    eviction_ends: eventually(
      every(evict, (t) => t.at("done")),
      "eviction ends, with the block or without it",
    ),
  },
  mutants: {
    not_marked: {
      doc: "a page that is moved already, and was kept by a stray reference, is moved again",
      from: "S28, B11",
      breaks: "copied_twice",
      change: [remove(evict, "skip")],
    },
    detached_not_asked: {
      doc: "eviction has moved its pages, and does not ask whether the block is free",
      from: "P11",
      breaks: "evicted_means_free",
      change: [
        replace(evict, "detached", ["if (moved) return 0", when(k.migrated, [goto("evicted")])]),
      ],
    },
    retries_for_ever: {
      doc: "passes are not counted",
      from: "S28, P5e",
      breaks: "eviction_ends",
      change: [retries_for_ever],
    },
  },
  variants: {
    retries_for_ever_few_references: {
      doc: "passes are not counted, and transient references come to an end",
      from: "S28, P5e",
      change: [retries_for_ever, schedule_of(somebody, { finite: true })],
    },
  },
});
