/**
 * TTM asks amdkfd whether a buffer object that is behind a range may be evicted; amdkfd moves its
 * pages to system memory, in three passes, and answers.
 *
 * Claim    When the answer is yes, no page of the block is referred to any more (P11): the block
 *          is thrown away (AMDGPU_GEM_CREATE_DISCARDABLE) and given to somebody else. That holds
 *          if a range of which something is left after the last pass is an answer of no. In 7.3
 *          (`as_in_7_3`) svm_range_evict_svm_bo() then says "Migration failed during eviction"
 *          and returns 0 all the same.
 * Source   drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_evict_svm_bo; kfd_migrate.c:
 *          svm_migrate_vram_to_ram, svm_migrate_vma_to_ram, svm_migrate_folio_free,
          svm_migrate_to_ram; mm/memory.c: do_swap_page;
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_ttm.c: amdgpu_ttm_bo_eviction_valuable,
 *          amdgpu_evict_flags; drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_evict;
 *          mm/migrate_device.c: migrate_vma_collect_pmd, migrate_vma_check_page,
 *          migrate_device_pages, migrate_device_finalize.
 *          A fault of the CPU is enough for that: it locks the page and waits for migrate_mutex,
 *          which the eviction holds, and the three passes fail at the lock of the page
 *          (`cpu_fault_as_in_7_3`).
 * Omits    more than one page and range; mmap_lock, which both may hold for reading, and
 *          svms->lock; an mm that is gone, whose pages go with exit_mmap(); the steps of the
 *          migration by the fault, which holds the page locked; how long another reference to a
 *          device page lives in fact: here as long as three passes take.
 */
import {
  actor,
  bool,
  claim,
  count_of,
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
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  folio_lock_bit,
  folio_trylock,
  folio_unlock,
  mutex,
  mutex_lock,
  mutex_trylock,
  mutex_unlock,
} from "mmrace/kernel";

const k = shared({
  folio: folio_lock_bit(),
  /** A device-private entry refers to the page, a migration entry, or none. */
  mapped: bool.init(true),
  migration_entry: bool,
  /** References beside that of the entry: the migration's own, and one of somebody else. */
  migration: bool,
  stray: bool,
  fault: bool, // that of do_swap_page()
  migrate_mutex: mutex(),
  actual_loc: bool.init(true), // prange->actual_loc: something of the range is in VRAM
  /** The page was freed: svm_migrate_folio_free() has dropped its reference of svm_bo. */
  freed: bool,
});

/** folio_put(): the last one frees the page. */
const freed_if_last: Effect = when(
  k.mapped.not().and(k.migration_entry.not(), k.migration.not(), k.stray.not(), k.fault.not()),
  [set(k.freed, true)],
);

const evict = actor("evict", { retries: range(0, 3), moves: bool, busy: bool }, (me) => ({
  trylock: [
    "svm_range_evict_svm_bo(): mutex_trylock(&prange->migrate_mutex), or return -EBUSY",
    mutex_trylock(k.migrate_mutex, [], [goto("done")]),
    set(me.retries, 3),
  ],
  collect: [
    "migrate_vma_collect_pmd(): folio_get(), folio_trylock()",
    set(me.moves, false),
    when(k.mapped.not(), [goto("again")]),
    folio_trylock(k.folio, [], [goto("again")]),
    set(k.migration, true),
    set(k.mapped, false),
    set(k.migration_entry, true),
  ],
  check: [
    "migrate_vma_check_page(), migrate_device_pages(): a reference too many: it stays",
    set(me.moves, k.stray.not().and(k.fault.not())),
  ],
  finalize: [
    "migrate_device_finalize(): remove_migration_ptes(), to the copy or back",
    set(k.migration_entry, false),
    when(me.moves.not(), [set(k.mapped, true)]),
  ],
  unlock: ["  folio_unlock(src)", folio_unlock(k.folio)],
  put: [
    "  folio_put(src); prange->vram_pages -= mpages; if (!vram_pages) actual_loc = 0",
    set(k.migration, false),
    when(me.moves, [set(k.actual_loc, false)]),
    freed_if_last,
  ],
  again: [
    "while (!r && prange->actual_loc && --retries)",
    when(k.actual_loc.not(), [goto("answer")]),
    set(me.retries, me.retries.minus(1)),
    when(me.retries.gt(0), [retry(), goto("collect")]),
  ],
  answer: [
    "if (!r && prange->actual_loc) r = -EBUSY; /* not in 7.3 */",
    when(k.actual_loc, [set(me.busy, true)]),
  ],
  unlock_range: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(k.migrate_mutex)],
  leave: ["if (r < 0) return false", when(me.busy, [goto("done")])],
  last: [
    "kref_read(&svm_bo->kref) == 1, or return -EBUSY /* 7.3 warns */",
    when(k.freed.not(), [goto("done")]),
  ],
  evicted: ["ttm_bo_evict(): the block is thrown away, and given to somebody else"],
})).as("eviction by TTM");

/** do_swap_page(), another migration, a walk over physical memory: a reference for a while. */
const somebody = actor("somebody", {}, () => ({
  get: ["folio_try_get()", idle(), wait(k.freed.not()), set(k.stray, true)],
  put: ["folio_put()", set(k.stray, false), freed_if_last, goto("get")],
})).as("transient references");

const cpu_fault = actor("cpu_fault", {}, () => ({
  trylock: [
    "do_swap_page(): if (trylock_page(vmf->page)) get_page(vmf->page)",
    idle(),
    wait(k.mapped),
    folio_trylock(k.folio, [], [goto("trylock")]),
    set(k.fault, true),
  ],
  lock_range: [
    "svm_migrate_to_ram(): mutex_lock(&prange->migrate_mutex)",
    mutex_lock(k.migrate_mutex),
  ],
  look: [
    "if (!prange->actual_loc) goto out_unlock_prange",
    when(k.actual_loc.not(), [goto("unlock_range")]),
  ],
  move: [
    "svm_migrate_vram_to_ram(): it stays if somebody else refers to it",
    when(k.stray.not(), [set(k.mapped, false), set(k.actual_loc, false)]),
  ],
  unlock_range: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(k.migrate_mutex)],
  unlock: ["unlock_page(vmf->page)", folio_unlock(k.folio)],
  put: ["put_page(vmf->page)", set(k.fault, false), freed_if_last, goto("trylock")],
})).as("fault of the CPU");

export default spec({
  name: "kfd-evict-success",
  doc: "amdkfd says that the block behind a range may be evicted",
  configs: { ci: {} },
  shared: k,
  actors: { evict, cpu_fault, somebody },
  always: {
    evicted_means_free: claim(
      "when the block is thrown away, nothing refers to its page",
      some(evict, (t) => t.at("evicted")).implies(
        not(k.mapped).and(k.migration_entry.not(), k.migration.not(), k.stray.not(), k.fault.not()),
      ),
    ),
    freed_once_unmapped: claim(
      "a page that is free is not mapped",
      k.freed.implies(k.mapped.not().and(k.migration_entry.not())),
    ),
  },
  liveness: {
    eviction_ends: eventually(
      every(evict, (t) => t.at("done")),
      "eviction ends, with the block or without it",
    ),
  },
  reachable: {
    block_is_evicted: some(evict, (t) => t.at("evicted")),
    answer_is_no: some(evict, (t) => t.at("leave").and(t.local.busy)),
    moved_page_is_kept: k.actual_loc.not().and(k.stray, k.migration.not()),
  },
  mutants: {
    references_not_asked: {
      doc: "something that is not in VRAM any more may still be referred to",
      from: "P11",
      breaks: "evicted_means_free",
      change: [remove(evict, "last")],
    },
  },
  variants: {
    as_in_7_3: {
      doc: "what is left after three passes is told, and no error",
      from: "kfd_svm.c: svm_range_evict_svm_bo",
      breaks: "evicted_means_free",
      change: [
        replace(evict, "answer", ["if (prange->actual_loc) pr_info_once(); return r /* 0 */"]),
        remove(evict, "last"),
      ],
    },
    cpu_fault_as_in_7_3: {
      doc: "the same, with no other reference than that of a fault of the CPU",
      from: "kfd_migrate.c: svm_migrate_to_ram",
      breaks: "evicted_means_free",
      change: [
        replace(evict, "answer", ["if (prange->actual_loc) pr_info_once(); return r /* 0 */"]),
        remove(evict, "last"),
        count_of(somebody, 0),
      ],
    },
  },
});
