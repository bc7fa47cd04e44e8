/** The CPU fault, which tries for the dma_resv with the folio locked; and two system calls. */
import { bool, goto, none, type Routine, retry, routine, size, when } from "mmrace";
import {
  alloc_locked_page,
  type CpuFault,
  cpu_fault_actor,
  dma_resv_trylock,
  dma_resv_unlock,
  dontneed_actor,
  Frame,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  munmap_actor,
} from "mmrace/kernel";
import { invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

/** migrate_to_ram(): nothing moves unless the dma_resv is to be had at once. */
function migrate_to_ram({ page, frame: fault_page }: CpuFault): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("migrate_to_ram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      resv_lock: [
        "if (!dma_resv_trylock(bo->resv)) return 0; /* fault again */",
        dma_resv_trylock(k.resv, [], [retry(), goto("return")]),
      ],
      collect: migrate_vma_collect(
        k.mm,
        k.folio,
        m,
        "device_private",
        invalidate(page),
        fault_page,
      ),
      cpages: ["if (!migrate.cpages) goto unlock", when(me.src.eq(none), [goto("resv_unlock")])],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
      resv_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.resv)],
      return: ["return to do_swap_page()"],
    };
  });
}

export const cpu_fault = cpu_fault_actor(k.mm, k.folio, migrate_to_ram)
  .times(size("cpu_faults"))
  .as("CPU fault");

export const munmap = munmap_actor(k.mm, k.folio, invalidate).times(size("munmaps"));

export const dontneed = dontneed_actor(k.mm, k.folio, invalidate).times(size("dontneeds"));
