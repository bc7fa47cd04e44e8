/** What the CPU does: it faults on pages, and system calls take pages away, move or share them. */
import {
  actor,
  assert,
  bool,
  choose,
  type Effect,
  type Expr,
  goto,
  none,
  type Ref,
  type Routine,
  range,
  rare,
  ret,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  do_anonymous_page,
  do_swap_page_device_private,
  do_swap_page_unlocked,
  down_read,
  Frame,
  type FrameOf,
  folio_lock,
  folio_unlock,
  MmId,
  type MmOf,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  migration_entry_wait,
  Page,
  type PageOf,
  type Pte,
  reverse_map,
  store,
  try_to_migrate_all,
  up_read,
  versions,
} from "mmrace/kernel";
import { invalidate, unmap_by_rmap } from "./page-table.ts";
import { exists_now, gpu_mapped, k } from "./state.ts";

interface Fault {
  mm: Ref<MmOf>;
  page: Ref<PageOf>;
  /** The fault page. */
  frame: Ref<FrameOf>;
}

/** A CPU fault that migrates nothing and is retried must have lost a race: CPU PTE elsewhere. */
function page_moved(pte: Pte, frame: Expr<FrameOf>): Effect {
  return assert(
    "retry_means_that_the_page_moved",
    pte.kind.eq("device_private").and(pte.frame.eq(frame)).not(),
    "the CPU fault is retried although the page is where it was: it will fault for ever",
  );
}

/** migrate_vma_*() back to system memory; the fault page is locked and referenced. */
function migrate_fault_page({ mm, page, frame }: Fault): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool, at_mm: MmId, at_page: Page };
  return routine("migrate_to_ram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    const at = { mm: me.at_mm, page: me.at_page };
    const callback = invalidate(mm, page);
    return {
      collect: migrate_vma_collect(k.mm.at(mm), k.folio, m, "device_private", callback, frame),
      cpages: [
        "if (!migrate.cpages) return 0; /* fault again */",
        when(me.src.eq(none), [page_moved(k.mm.at(mm).pte.at(page), frame), ret()]),
      ],
      unmap: try_to_migrate_all(k.mm, k.folio, at, me.src, invalidate(me.at_mm, me.at_page)),
      finalize: migrate_copy_and_finalize(k.mm.at(mm), k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
        rmap: reverse_map(k.mm, k.folio, at, me.src),
      }),
    };
  });
}

/** When the CPU fault that holds the page's lock believes that there is nothing left to do. */
interface Predicate {
  text: string;
  gives_up: (fault: Fault) => Expr<boolean>;
}

/** As first posted: a device page that the GPU does not map has been moved by somebody else. */
const unless_gpu_mapped: Predicate = {
  text: "if (!gpu_mapped(page)) return 0; /* fault again */",
  gives_up: ({ frame }) => gpu_mapped(frame).not(),
};

/** As corrected: the CPU's entry decides. */
const unless_cpu_mapped: Predicate = {
  text: "if (!pte_same(*vmf->pte, vmf->orig_pte)) return 0;",
  gives_up: ({ mm, page, frame }) => {
    const pte = k.mm.at(mm).pte.at(page);
    return pte.kind.eq("device_private").and(pte.frame.eq(frame)).not();
  },
};

/** As first posted: do_swap_page() gives a reference; the page is locked, then asked. */
function lock_check_migrate(fault: Fault, { text, gives_up }: Predicate): Routine {
  const { frame } = fault;
  return routine("migrate_to_ram_v1", { at_mm: MmId, at_page: Page }, (me) => ({
    lock_page: ["folio_lock(page)", folio_lock(k.folio.at(frame).lock)],
    still_mapped: [text, when(gives_up(fault), [retry(), goto("give_up")])],
    gpu_unmap: unmap_by_rmap(frame, { mm: me.at_mm, page: me.at_page }),
    migrate: migrate_fault_page(fault),
    migrated: ["migrated, or not", goto("unlock_page")],
    give_up: [
      "somebody else has moved the page",
      rare(),
      page_moved(k.mm.at(fault.mm).pte.at(fault.page), frame),
    ],
    unlock_page: ["folio_unlock(page)", folio_unlock(k.folio.at(frame).lock)],
  }));
}

/** Accesses of a thread after its first. */
const more = size("more_cpu_faults");

const locals = { mm: MmId, page: Page, frame: Frame, served: range(0, more) };

const cpu_fault_actor = (name: string, do_swap_page: (fault: Fault) => Routine) =>
  actor(name, locals, (me) => {
    const mm = k.mm.at(me.mm);
    const pte = mm.pte.at(me.page);
    const writable = pte.kind.eq("present").and(k.wrprotect.at(me.mm).at(me.page).not());
    return {
      touch: ["the CPU touches a page", choose(me.mm, exists_now(me.mm)), choose(me.page)],
      access: [
        "store through the page table, or load if write-protected, or fault",
        when(pte.kind.ne("present"), [goto("mmap_read_lock")]),
        when(writable.and(mm.last_write.at(me.page).lt(versions)), [
          store(mm, k.folio, me.page, pte.frame),
        ]),
        goto("next"),
      ],
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(mm.mmap_lock)],
      handle_pte_fault: [
        "handle_pte_fault(): SIGSEGV if there is no VMA",
        when(mm.vma.at(me.page).not(), [up_read(mm.mmap_lock), goto("next")]),
        when(pte.kind.eq("none"), [goto("anonymous")]),
        when(pte.kind.eq("migration"), [goto("entry_wait")]),
        when(pte.kind.eq("present"), [goto("mmap_read_unlock")]),
      ],
      swap: do_swap_page(me),
      swap_done: ["do_swap_page() returns", goto("mmap_read_unlock")],
      entry_wait: migration_entry_wait(mm, k.folio, me.page),
      entry_done: ["migration_entry_wait() returns", goto("mmap_read_unlock")],
      anonymous: ["do_anonymous_page()", do_anonymous_page(mm, k.folio, me.page, me.frame)],
      mmap_read_unlock: [
        "mmap_read_unlock(mm): try the access again",
        up_read(mm.mmap_lock),
        goto("access"),
      ],
      next: [
        "and another access",
        when(me.served.lt(more), [set(me.served, me.served.plus(1)), goto("touch")]),
      ],
    };
  });

export const cpu_fault = cpu_fault_actor("cpu_fault", (fault) =>
  do_swap_page_device_private(
    k.mm.at(fault.mm),
    k.folio,
    fault.page,
    fault.frame,
    migrate_fault_page(fault),
  ),
)
  .times(size("cpu_faults"))
  .as("CPU fault");

const swap_by_page_lock = (predicate: Predicate) => (fault: Fault) =>
  do_swap_page_unlocked(
    k.mm.at(fault.mm),
    k.folio,
    fault.page,
    fault.frame,
    lock_check_migrate(fault, predicate),
  );

export const cpu_fault_v1 = cpu_fault_actor("cpu_fault_v1", swap_by_page_lock(unless_gpu_mapped))
  .times(0)
  .as("CPU fault, as first posted");

export const cpu_fault_v2 = cpu_fault_actor("cpu_fault_v2", swap_by_page_lock(unless_cpu_mapped))
  .times(0)
  .as("CPU fault, page lock and CPU entry");
