/**
 * A driver moves pages into a fresh buffer object, which from then on belongs to these pages, while
 * a CPU fault moves them back and so drops the last reference of the object.
 *
 * Claim    The driver unlocks a buffer object that is still there, because it holds a reference of
 *          its own over the migration, which consumes the first one.
 * Source   "drm/xe/svm: Fix a potential bo UAF" (2025); drivers/gpu/drm/xe/xe_svm.c:
 *          xe_drm_pagemap_populate_mm, xe_svm_devmem_release; drivers/gpu/drm/drm_pagemap.c:
 *          drm_pagemap_migrate_to_devmem, drm_pagemap_zdd_put.
 * Omits    the protocol of the migrations (migrate_vma_*), of which only the moments count at which
 *          the pages begin and cease to be device pages; several pages, each of which holds the
 *          same zdd; eviction, which takes the lock of the object.
 */
import {
  actor,
  bool,
  idle,
  move_after,
  move_before,
  none,
  remove,
  set,
  shared,
  spec,
  wait,
} from "mmrace";
import {
  drm_gem_lock,
  drm_gem_object,
  drm_gem_object_get,
  drm_gem_object_put,
  drm_gem_unlock,
} from "mmrace/kernel";

const k = shared({
  bo: drm_gem_object(),
  device_private: bool, // the pages are in the buffer object
});

const populate = actor("populate", {}, () => ({
  create: ["xe_bo_create_locked()", drm_gem_lock(k.bo)],
  get: ["xe_bo_get(bo)", drm_gem_object_get(k.bo)],
  migrate: [
    "drm_pagemap_migrate_to_devmem(): the pages own the first reference",
    set(k.device_private, true),
  ],
  unlock: ["xe_bo_unlock(bo)", drm_gem_unlock(k.bo)],
  put: ["xe_bo_put(bo)", drm_gem_object_put(k.bo)],
})).as("GPU fault worker");

const cpu_fault = actor("cpu_fault", {}, () => ({
  fault: ["a CPU faults on a device page", idle(), wait(k.device_private)],
  migrate: ["drm_pagemap_migrate_to_ram()", set(k.device_private, false)],
  release: [
    "the last page is freed: drm_pagemap_zdd_put(), xe_svm_devmem_release()",
    drm_gem_object_put(k.bo),
  ],
}));

export default spec({
  name: "xe-svm-bo-uaf-after-migrate",
  doc: "the pages that were moved into a buffer object own it, and go away with it",
  race: { year: 2025, subsystem: "drm/xe SVM", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { populate, cpu_fault },
  always: {
    device_pages_have_their_object: k.device_private.implies(k.bo.refcount.count.gt(0)),
  },
  at_rest: {
    pages_own_the_only_reference: k.bo.refcount.count.eq(0).or(k.device_private),
  },
  reachable: {
    pages_left_before_the_unlock: k.device_private.not().and(k.bo.resv.owner.ne(none)),
  },
  bugs: {
    no_reference_over_the_unlock: {
      doc: "the only reference is the one that the migration gives to the pages",
      from: "drm/xe/svm: Fix a potential bo UAF",
      breaks: "use_after_free",
      order: ["populate.migrate", "cpu_fault.migrate", "cpu_fault.release"],
      change: [remove(populate, "get"), remove(populate, "put")],
    },
  },
  mutants: {
    reference_taken_after_the_migration: {
      doc: "too late: the pages may have gone already",
      from: "xe_drm_pagemap_populate_mm()",
      breaks: "use_after_free",
      change: [move_after(populate, "get", "migrate")],
    },
    reference_put_before_the_unlock: {
      doc: "too early: it may be the last one",
      from: "xe_drm_pagemap_populate_mm()",
      breaks: "use_after_free",
      change: [move_before(populate, "put", "unlock")],
    },
    reference_kept: {
      doc: "the buffer object outlives its pages for ever",
      from: "xe_drm_pagemap_populate_mm()",
      breaks: "pages_own_the_only_reference",
      change: [remove(populate, "put")],
    },
  },
});
