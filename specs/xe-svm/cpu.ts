/** What the CPU does to the pages: it faults on them, and two system calls take them away. */
import { bool, none, type Routine, ret, routine, size, when } from "mmrace";
import {
  alloc_locked_page,
  type CpuFault,
  cpu_fault_actor,
  dontneed_actor,
  Frame,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  munmap_actor,
} from "mmrace/kernel";
import { xe_svm_invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

/**
 * drm_pagemap_migrate_to_ram() (drivers/gpu/drm/drm_pagemap.c); the fault page is locked already.
 */
function migrate_to_ram({ page, frame: fault_page }: CpuFault): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("drm_pagemap_migrate_to_ram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    const callback = xe_svm_invalidate(page, "other");
    return {
      collect: migrate_vma_collect(k.mm, k.folio, m, "device_private", callback, fault_page),
      cpages: ["if (!migrate.cpages) return 0", when(me.src.eq(none), [ret()])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
    };
  });
}

export const cpu_fault = cpu_fault_actor(k.mm, k.folio, migrate_to_ram)
  .times(size("cpu_faults"))
  .as("do_swap_page()");

export const munmap = munmap_actor(k.mm, k.folio, (p) => xe_svm_invalidate(p, "unmap")).times(
  size("munmaps"),
);

export const dontneed = dontneed_actor(k.mm, k.folio, (p) => xe_svm_invalidate(p, "other")).times(
  size("dontneeds"),
);
