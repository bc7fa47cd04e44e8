/**
 * drm_pagemap_migrate_to_devmem() owns the reference of the allocation that it is given, also when
 * it fails; except for its first return.
 *
 * Claim    No buffer object is leaked, whatever the result, if the first return releases it too.
 *          With the operations of the one driver in the tree that return is never taken.
 * Source   drivers/gpu/drm/drm_pagemap.c: drm_pagemap_migrate_to_devmem;
 *          drivers/gpu/drm/xe/xe_svm.c: xe_drm_pagemap_populate_mm, xe_svm_devmem_release.
 * Omits    everything but the references: locks, pages, the runtime power reference, which goes
 *          the same way.
 */
import {
  actor,
  bool,
  claim,
  either,
  goto,
  idle,
  remove,
  replace,
  set,
  shared,
  spec,
  wait,
} from "mmrace";
import { refcount, refcount_dec_and_test, refcount_inc } from "mmrace/kernel";

const k = shared({
  bo: refcount(3, 1), // xe_bo_create_locked()
  pages_in_vram: bool,
});

const put = refcount_dec_and_test(k.bo, []);

const populate = actor("populate", {}, () => ({
  get: ["xe_bo_get(bo): for drm_pagemap_migrate_to_devmem()", refcount_inc(k.bo)],
  has_ops: [
    "if (!ops->populate_devmem_pfn || ...) return -EOPNOTSUPP",
    either({ complete: [goto("vma_lookup")], incomplete: [] }),
  ],
  release: ["devmem_release(): xe_bo_put_async() /* not in 7.3 */", put, goto("put")],
  vma_lookup: [
    "vma_lookup(), kvcalloc(), drm_pagemap_zdd_alloc()",
    either({ ok: [goto("migrate")], failed: [] }),
  ],
  err_out: ["err_out: devmem_release(): xe_bo_put_async()", put, goto("put")],
  migrate: [
    "zdd->devmem_allocation = devmem_allocation; migrate_vma_setup() ... finalize()",
    either({ moved: [set(k.pages_in_vram, true), goto("put")], nothing_moved: [] }),
  ],
  zdd_put: ["drm_pagemap_zdd_put(zdd): devmem_release(): xe_bo_put_async()", put],
  put: ["xe_bo_unlock(bo); xe_bo_put(bo)", put],
})).as("xe_drm_pagemap_populate_mm()");

const last_page = actor("last_page", {}, () => ({
  folio_free: [
    "drm_pagemap_folio_free(): drm_pagemap_zdd_put(): devmem_release()",
    idle(),
    wait(k.pages_in_vram),
    set(k.pages_in_vram, false),
    put,
  ],
})).as("munmap() of all of it");

const not_released = replace(populate, "release", [
  "return -EOPNOTSUPP, and nothing else",
  goto("put"),
]);

export default spec({
  name: "c10-devmem-reference",
  doc: "C10: drm_pagemap_migrate_to_devmem() and the reference that it is given",
  configs: { ci: {} },
  shared: k,
  actors: { populate, last_page },
  at_rest: {
    no_leaked_buffer_object: claim(
      "the buffer object is freed, or pages in VRAM hold it",
      k.bo.count.eq(0).or(k.pages_in_vram),
    ),
  },
  reachable: {
    pages_hold_the_buffer_object: k.bo.count.eq(1).and(k.pages_in_vram),
  },
  variants: {
    as_in_7_3: {
      doc: "an allocation without all operations: the reference is not consumed",
      from: "C10",
      breaks: "no_leaked_buffer_object",
      change: [not_released],
    },
    as_in_7_3_with_xe: {
      doc: "the same with the operations of xe, which are complete",
      from: "C10",
      change: [
        not_released,
        replace(populate, "has_ops", ["all operations are there", goto("vma_lookup")]),
        remove(populate, "release"),
      ],
    },
  },
  mutants: {
    released_twice: {
      doc: "err_out behind the point where the zdd owns the reference",
      from: "P7",
      breaks: "use_after_free",
      change: [
        replace(populate, "zdd_put", [
          "drm_pagemap_zdd_put(zdd); goto err_out",
          put,
          goto("err_out"),
        ]),
      ],
    },
  },
});
