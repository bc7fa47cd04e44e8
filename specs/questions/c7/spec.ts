/**
 * drm_pagemap evicts a buffer object by way of the address space that created it. A forked child
 * still has its pages, the creator has exited.
 *
 * Claim    An allocation fails only when nothing can be evicted, and eviction uses no freed
 *          mm_struct, if a dead creator counts like a busy page (the walk goes on), and the
 *          allocation holds a reference to the mm_struct.
 * Source   drivers/gpu/drm/drm_pagemap.c: drm_pagemap_evict_to_ram, drm_pagemap_devmem_init;
 *          drivers/gpu/drm/xe/xe_bo.c: xe_bo_move; drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_evict_cb,
 *          ttm_bo_evict_alloc; ttm_bo_util.c: ttm_lru_walk_for_evict; drivers/gpu/drm/drm_gpusvm.c:
 *          drm_gpusvm_fini; kernel/fork.c: mmput, __mmdrop; mm/memory.c: copy_nonpresent_pte.
 * Omits    locks (the walk holds the reservation of the object, nobody else wants it); retries of
 *          drm_pagemap_evict_to_ram(), which see the same dead mm; dmem cgroups.
 */
import {
  actor,
  assert,
  bool,
  claim,
  every,
  goto,
  insert_before,
  range,
  replace,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { refcount, refcount_dec_and_test } from "mmrace/kernel";

const k = shared({
  mm_users: range(0, 2).init(1), // of the creator's mm
  mm_count: refcount(4, 3), // its users as a whole, gpusvm->mm, devmem_allocation->mm
  mm_freed: bool,
  devmem_holds_mm: bool.init(true), // mmgrab(devmem_allocation->mm), which 7.3 has not
  /** Who maps the device pages of the SVM buffer object. */
  creator_maps: bool.init(true),
  child_maps: bool.init(true), // since fork()
  svm_bo_in_vram: bool.init(true),
  other_bo_in_vram: bool.init(true),
});

const free_mm = set(k.mm_freed, true);
const mmdrop = refcount_dec_and_test(k.mm_count, [free_mm]);
/** folio_free(), zdd destroy, devmem_release(): the last device page gives the object back. */
const last_page = when(k.creator_maps.or(k.child_maps).not(), [
  set(k.svm_bo_in_vram, false),
  when(k.devmem_holds_mm, [set(k.devmem_holds_mm, false), mmdrop]),
]);

const creator = actor("creator", {}, () => ({
  mmput: [
    "exit_mm(): mmput(mm)",
    set(k.mm_users, k.mm_users.minus(1)),
    when(k.mm_users.gt(0), [goto("exit_files")]),
  ],
  exit_mmap: [
    "exit_mmap(): the device pages are put",
    set(k.creator_maps, false),
    last_page,
    mmdrop,
  ],
  exit_files: ["exit_files(): xe_vm_close_and_put(): drm_gpusvm_fini(): mmdrop(mm)", mmdrop],
})).as("the process that made the VM exits");

const child = actor("child", {}, () => ({
  munmap: ["munmap(), or a CPU fault", set(k.child_maps, false), last_page],
})).as("a forked child, some time later");

const allocate = actor("allocate", {}, () => ({
  walk: [
    "ttm_lru_walk_for_evict(): the SVM buffer object is the first of the LRU",
    when(k.svm_bo_in_vram.not(), [goto("done")]),
  ],
  mmget: [
    "xe_svm_bo_evict(): drm_pagemap_evict_to_ram(): mmget_not_zero(devmem->mm)",
    when(k.svm_bo_in_vram.not(), [goto("done")]),
    assert("no_use_of_a_freed_mm", k.mm_freed.not(), "devmem_allocation->mm is gone"),
    when(k.mm_users.eq(0), [goto("efault")]),
    set(k.mm_users, k.mm_users.plus(1)),
  ],
  migrate: [
    "migrate_device_pfns(), ..., migrate_device_finalize(): completion_done(&detached)",
    set(k.creator_maps, false),
    set(k.child_maps, false),
    last_page,
  ],
  mmput: [
    "mmput_async(); return 0",
    set(k.mm_users, k.mm_users.minus(1)),
    when(k.mm_users.eq(0), [mmdrop]),
    goto("done"),
  ],
  efault: ["-EBUSY: xe_bo_move(): -ENOSPC: the walk goes on /* -EFAULT in 7.3 */"],
  next_bo: ["ttm_bo_evict_cb(): the next buffer object", set(k.other_bo_in_vram, false)],
})).as("an allocation of VRAM by somebody else");

export default spec({
  name: "c7-evict-without-creator",
  doc: "C7: eviction of SVM memory whose creator has exited",
  configs: { ci: {} },
  shared: k,
  actors: { creator, child, allocate },
  always: {
    somebody_maps_what_is_in_vram: claim(
      "the SVM buffer object goes with its last page",
      k.svm_bo_in_vram.implies(k.creator_maps.or(k.child_maps)),
    ),
  },
  at_rest: {
    allocation_evicts_what_it_can: claim(
      "an allocation that ends has evicted something",
      every(allocate, (a) => a.at("done")).implies(k.svm_bo_in_vram.and(k.other_bo_in_vram).not()),
    ),
    mm_struct_is_freed: k.mm_freed,
  },
  reachable: {
    creator_is_gone_and_the_child_has_the_pages: some(allocate, (a) => a.at("efault")).and(
      k.child_maps,
    ),
    pages_move_to_ram: some(allocate, (a) => a.at("mmput")),
  },
  variants: {
    as_in_7_3: {
      doc: "-EFAULT is no -EBUSY for xe_bo_move() and ttm_bo_evict_cb(): the walk ends with it",
      from: "C7",
      breaks: "allocation_goes_on_to_the_next_object",
      change: [
        replace(allocate, "efault", [
          "-EFAULT: ttm_lru_walk_for_evict(): return -EFAULT; the allocation fails",
          assert("allocation_goes_on_to_the_next_object", k.other_bo_in_vram.not(), "-EFAULT"),
        ]),
      ],
    },
    mm_not_referenced_as_in_7_3: {
      doc: "drm_pagemap_devmem_init() takes no reference, and drm_gpusvm_fini() drops the last one",
      from: "C7",
      breaks: "no_use_of_a_freed_mm",
      change: [
        insert_before(creator, "mmput", {
          devmem_init: [
            "drm_pagemap_devmem_init(): devmem_allocation->mm = mm, no mmgrab()",
            when(k.devmem_holds_mm, [set(k.devmem_holds_mm, false), mmdrop]),
          ],
        }),
      ],
    },
  },
});
