/** System calls that take pages away, move them, or share them; and the copy on write. */
import { actor, choose, type Expr, set, size, when } from "mmrace";
import {
  do_wp_page,
  down_read,
  dup_mmap,
  MmId,
  type MmOf,
  madvise_dontneed,
  mremap as mremap_syscall,
  munmap as munmap_syscall,
  Page,
  type PageOf,
  store,
  up_read,
  versions,
} from "mmrace/kernel";
import { invalidate } from "./page-table.ts";
import { exists_now, k } from "./state.ts";

const callback = (at: { mm: Expr<MmOf>; page: Expr<PageOf> }) => invalidate(at.mm, at.page);

export const munmap = actor("munmap", { mm: MmId, page: Page }, (me) => ({
  call: ["munmap(page)", choose(me.mm, exists_now(me.mm)), choose(me.page)],
  munmap: munmap_syscall(k.mm.at(me.mm), k.folio, me.page, callback(me)),
}))
  .times(size("munmaps"))
  .as("munmap(), mmap_lock");

export const dontneed = actor("dontneed", { mm: MmId, page: Page }, (me) => ({
  call: ["madvise(page, MADV_DONTNEED)", choose(me.mm, exists_now(me.mm)), choose(me.page)],
  zap: madvise_dontneed(k.mm.at(me.mm), k.folio, me.page, callback(me)),
}))
  .times(size("dontneeds"))
  .as("madvise(), VMA lock only");

export const mremap = actor("mremap", { mm: MmId, from: Page, to: Page }, (me) => ({
  call: [
    "mremap(from, MREMAP_MAYMOVE, to)",
    choose(me.mm, exists_now(me.mm)),
    choose(me.from),
    choose(me.to, me.to.ne(me.from)),
  ],
  mremap: mremap_syscall(k.mm.at(me.mm), me.from, me.to, invalidate(me.mm, me.from)),
}))
  .times(size("mremaps"))
  .as("mremap()");

export const fork = actor("fork", { parent: MmId, child: MmId, page: Page }, (me) => ({
  call: [
    "fork()",
    choose(me.parent, me.parent.is("parent")),
    choose(me.child, me.child.is("child")),
  ],
  dup_mmap: dup_mmap(k.mm, k.folio, k.wrprotect, me, invalidate(me.parent, me.page)),
  wake_up: ["wake_up_new_task()", set(k.forked, true)],
}))
  .times(size("children"))
  .as("fork()");

export const cow_fault = actor("cow_fault", { mm: MmId, page: Page }, (me) => {
  const mm = k.mm.at(me.mm);
  const pte = mm.pte.at(me.page);
  const wrprotect = k.wrprotect.at(me.mm).at(me.page);
  return {
    call: ["the CPU stores to a shared page", choose(me.mm, exists_now(me.mm)), choose(me.page)],
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(mm.mmap_lock)],
    wp: do_wp_page(mm, k.folio, me.page, wrprotect, callback(me)),
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(mm.mmap_lock)],
    store: [
      "the store, unless it faults again",
      when(pte.kind.eq("present").and(wrprotect.not(), mm.last_write.at(me.page).lt(versions)), [
        store(mm, k.folio, me.page, pte.frame),
      ]),
    ],
  };
})
  .times(size("cow_faults"))
  .as("copy on write");
