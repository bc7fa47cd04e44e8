/**
 * A thread that stores to a page of its address space, and faults as often as it must (mm/memory.c:
 * handle_pte_fault; arch do_user_addr_fault).
 *
 * Omits    loads; the fault under the per-VMA lock (see fault.ts); signals that are handled.
 */
import {
  type Actor,
  actor,
  any,
  choose,
  type Effect,
  type Expr,
  goto,
  type Ref,
  type Routine,
  type Steps,
  when,
} from "../index.ts";
import { do_anonymous_page, do_swap_page_device_private, migration_entry_wait } from "./fault.ts";
import { type Folios, Frame, type FrameOf, Page, type PageOf, versions } from "./folio.ts";
import { type FaultHandlers, fault_steps } from "./handle-fault.ts";
import { is_present, type Mm, store } from "./mm.ts";
import { wp_page_reuse } from "./mprotect.ts";
import { down_read, up_read } from "./rwsem.ts";

/** The locals of the faulting thread. */
export interface CpuFault {
  page: Ref<PageOf>;
  /** The folio of a device-private entry, locked; or a new one. */
  frame: Ref<FrameOf>;
}

/** What the page-table entry does not allow. */
function faults(mm: Mm, page: Expr<PageOf>): Expr<boolean> {
  const pte = mm.pte.at(page);
  const absent = mm.pmd_none ? is_present(mm, page).not() : pte.kind.ne("present");
  return pte.write ? any(absent, pte.write.not()) : absent;
}

/** SIGSEGV or SIGBUS: the thread ends. */
function bad_area(mm: Mm, { page }: CpuFault): Expr<boolean> {
  const no_vma = mm.vma.at(page).not();
  const read_only = mm.vm_write ? [mm.vm_write.at(page).not()] : [];
  const unstable = mm.unstable ? [mm.unstable.and(mm.pte.at(page).kind.eq("none"))] : [];
  return read_only.length + unstable.length > 0 ? any(no_vma, ...read_only, ...unstable) : no_vma;
}

/**
 * The thread touches one page. `migrate_to_ram` is the driver's callback for device-private
 * entries, if there are any; `handlers` are for the kinds that the mm was asked to have;
 * `marked` may mark steps of the fault on a device-private entry, with rarely().
 */
export function cpu_fault_actor(
  mm: Mm,
  folios: Folios,
  migrate_to_ram?: (fault: CpuFault) => Routine,
  handlers: (fault: CpuFault) => FaultHandlers = () => ({}),
  marked: (do_swap_page: Routine) => Routine = (call) => call,
): Actor<{ page: typeof Page; frame: typeof Frame }, Record<string, unknown>> {
  return actor("cpu_fault", { page: Page, frame: Frame }, (me): Steps => {
    const pte = mm.pte.at(me.page);
    const unlock: Effect<string> = goto("mmap_read_unlock");
    const { jumps, steps } = fault_steps(mm, me.page, handlers(me), unlock);
    const swap: Steps = migrate_to_ram
      ? {
          swap: marked(
            do_swap_page_device_private(mm, folios, me.page, me.frame, migrate_to_ram(me)),
          ),
          swap_done: ["do_swap_page() returns", unlock],
        }
      : {};
    const reuse = mm.vm_write ? [wp_page_reuse(mm, me.page)] : [];
    return {
      touch: ["the CPU stores to a page", choose(me.page)],
      store: [
        "store through the page table, or fault",
        when<string>(faults(mm, me.page), [goto("mmap_read_lock")]),
        when(mm.last_write.at(me.page).lt(versions), [store(mm, folios, me.page, pte.frame)]),
        goto<string>("done"),
      ],
      mmap_read_lock: ["mmap_read_lock(mm)", down_read(mm.mmap_lock)],
      handle_pte_fault: [
        "handle_pte_fault(): SIGSEGV if there is no VMA",
        when<string>(bad_area(mm, me), [up_read(mm.mmap_lock), goto("done")]),
        when<string>(pte.kind.eq("none"), [goto("anonymous")]),
        when<string>(pte.kind.eq("migration"), [goto("entry_wait")]),
        when<string>(pte.kind.eq("present"), [...reuse, unlock]),
        ...jumps,
      ],
      ...swap,
      ...steps,
      entry_wait: migration_entry_wait(mm, folios, me.page),
      entry_done: ["migration_entry_wait() returns", unlock],
      anonymous: ["do_anonymous_page()", do_anonymous_page(mm, folios, me.page, me.frame)],
      mmap_read_unlock: [
        "mmap_read_unlock(mm): try the store again",
        up_read(mm.mmap_lock),
        goto<string>("store"),
      ],
    };
  });
}
