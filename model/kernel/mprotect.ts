/**
 * mprotect() of one page (mm/mprotect.c: do_mprotect_pkey, mprotect_fixup, change_pud_range,
 * change_pte_range), for an mm with write permission. The VMA changes first, then the driver is
 * told (MMU_NOTIFY_PROTECTION_VMA), then the entry changes under the page-table lock; the CPU's TLB
 * is flushed after the end of the window.
 *
 * Entries only lose the permission, whatever kind they are: a writable migration entry becomes a
 * readable one, a device-private one likewise; a device-exclusive one stays as it is
 * (change_softleaf_pte). They get it back by a write fault (do_wp_page: wp_page_reuse).
 *
 * Omits    the page tables that are not there, for which no notifier is called;
 *          can_change_pte_writable(), which gives the permission back at once; PROT_NONE; splitting
 *          and merging of VMAs.
 */
import {
  block,
  type Effect,
  type Expr,
  goto,
  type Ref,
  type Routine,
  routine,
  set,
  type Value,
  when,
} from "../index.ts";
import { flush_tlb_page } from "./cpu-tlb.ts";
import type { PageOf } from "./folio.ts";
import { type Listeners, listeners } from "./listeners.ts";
import { type Mm, not_declared, pte_is } from "./mm.ts";
import { down_write, up_write } from "./rwsem.ts";

/** vma->vm_flags & VM_WRITE. */
export function vm_write(mm: Mm, page: Expr<PageOf>): Ref<boolean> {
  return mm.vm_write?.at(page) ?? not_declared("VM_WRITE", "write: true");
}

/** pte_write(), is_writable_migration_entry(), is_writable_device_private_entry(). */
export function pte_write(mm: Mm, page: Expr<PageOf>): Ref<boolean> {
  return mm.pte.at(page).write ?? not_declared("write permission", "write: true");
}

/** change_pte_range() for one entry, under the page-table lock. */
function change_pte(mm: Mm, page: Expr<PageOf>): Effect {
  const loses = pte_is(mm.pte.at(page), "present", "protnone", "migration", "device_private");
  return when(loses.and(vm_write(mm, page).not()), [set(pte_write(mm, page), false)]);
}

/** `write`: PROT_READ | PROT_WRITE, else PROT_READ. `to` hears of it. */
export function mprotect(
  mm: Mm,
  page: Ref<PageOf>,
  write: Value<boolean>,
  to: Routine | Listeners,
): Routine {
  const { start, end } = listeners(mm, to);
  const same = vm_write(mm, page).eq(write);
  return routine("mprotect", {}, () => ({
    mmap_write_lock: down_write(mm.mmap_lock),
    vma_lookup: [
      "-ENOMEM without a VMA; same flags: nothing to do",
      when(mm.vma.at(page).not().or(same), [goto("mmap_write_unlock")]),
    ],
    vma_start_write: down_write(mm.vma_lock),
    vm_flags: ["vma_flags_reset_once(); vma_set_page_prot()", set(vm_write(mm, page), write)],
    start: start("MMU_NOTIFY_PROTECTION_VMA"),
    change_pte_range: ["change_pte_range()", change_pte(mm, page)],
    end: ["mmu_notifier_invalidate_range_end()", end],
    flush: ["tlb_finish_mmu()", flush_tlb_page(mm, page)],
    vma_end_write: ["vma_end_write_all()", up_write(mm.vma_lock)],
    mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(mm.mmap_lock)],
  }));
}

/**
 * do_wp_page() on an entry that nobody shares (wp_page_reuse): it becomes writable, no notifier.
 * Only if the VMA is writable: otherwise it is SIGSEGV. Caller holds mmap_lock or the VMA lock.
 */
export function wp_page_reuse(mm: Mm, page: Expr<PageOf>): Effect {
  const reuse = mm.pte.at(page).kind.eq("present").and(vm_write(mm, page));
  return block(when(reuse, [set(pte_write(mm, page), true)]));
}
