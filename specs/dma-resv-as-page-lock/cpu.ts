/** The CPU fault, which tries for the dma_resv with the folio locked; and two system calls. */
import {
  actor,
  bool,
  choose,
  goto,
  none,
  type Ref,
  type Routine,
  retry,
  routine,
  size,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  dma_resv_trylock,
  dma_resv_unlock,
  do_anonymous_page,
  do_swap_page_device_private,
  down_read,
  Frame,
  type FrameOf,
  madvise_dontneed,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  migration_entry_wait,
  munmap as munmap_syscall,
  Page,
  type PageOf,
  store,
  up_read,
  versions,
} from "mmrace/kernel";
import { invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

/** migrate_to_ram(): nothing moves unless the dma_resv is to be had at once. */
function migrate_to_ram(page: Ref<PageOf>, fault_page: Ref<FrameOf>): Routine {
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
        expected: 2,
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
      resv_unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.resv)],
      return: ["return to do_swap_page()"],
    };
  });
}

export const cpu_fault = actor("cpu_fault", { page: Page, frame: Frame }, (me) => {
  const pte = k.mm.pte.at(me.page);
  const last = k.mm.last_write.at(me.page);
  return {
    touch: ["the CPU stores to a page", choose(me.page)],
    access: [
      "store through the page table, or fault",
      when(pte.kind.ne("present"), [goto("mmap_read_lock")]),
      when(last.lt(versions), [store(k.mm, k.folio, me.page, pte.frame)]),
      goto("done"),
    ],
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    handle_pte_fault: [
      "handle_pte_fault(): SIGSEGV if there is no VMA",
      when(k.mm.vma.at(me.page).not(), [up_read(k.mm.mmap_lock), goto("done")]),
      when(pte.kind.eq("none"), [goto("anonymous")]),
      when(pte.kind.eq("migration"), [goto("entry_wait")]),
      when(pte.kind.eq("present"), [goto("mmap_read_unlock")]),
    ],
    swap: do_swap_page_device_private(
      k.mm,
      k.folio,
      me.page,
      me.frame,
      migrate_to_ram(me.page, me.frame),
    ),
    swap_done: ["do_swap_page() returns", goto("mmap_read_unlock")],
    entry_wait: migration_entry_wait(k.mm, k.folio, me.page),
    entry_done: ["migration_entry_wait() returns", goto("mmap_read_unlock")],
    anonymous: ["do_anonymous_page()", do_anonymous_page(k.mm, k.folio, me.page, me.frame)],
    mmap_read_unlock: [
      "mmap_read_unlock(mm): try the store again",
      up_read(k.mm.mmap_lock),
      goto("access"),
    ],
  };
})
  .times(size("cpu_faults"))
  .as("CPU fault");

export const munmap = actor("munmap", { page: Page }, (me) => ({
  call: ["munmap(page)", choose(me.page)],
  munmap: munmap_syscall(k.mm, k.folio, me.page, invalidate(me.page)),
}))
  .times(size("munmaps"))
  .as("munmap(), mmap_lock");

export const dontneed = actor("dontneed", { page: Page }, (me) => ({
  call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
  zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
}))
  .times(size("dontneeds"))
  .as("madvise(), VMA lock only");
