/** What the process and the kernel do with the page meanwhile. */
import { actor, choose, goto, idle, none, rare, ret, routine, set, size, when } from "mmrace";
import {
  down_read,
  down_write,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  up_read,
  up_write,
} from "mmrace/kernel";
import { alloc_frame, Frame, k, set_pte } from "./state.ts";

/** i915_gem_userptr_invalidate(): no lock, no wait. */
const invalidate = routine("i915_gem_userptr_invalidate", {}, () => ({
  set_seq: [
    "mmu_interval_set_seq()",
    when(k.sub.seq_is_current.not(), [set(k.seq, k.seq.plus(1))]),
    mmu_interval_set_seq(k.sub),
  ],
}));

const start = (event: string) => mmu_notifier_invalidate_range_start(k.subs, event, [invalidate]);
const end = mmu_notifier_invalidate_range_end(k.subs, [k.sub]);

/** Another page at the same address: what madvise() did, shows. */
export const dontneed = actor("dontneed", {}, () => ({
  call: ["madvise(page, MADV_DONTNEED)", idle()],
  start: start("MMU_NOTIFY_CLEAR"),
  zap: ["zap_page_range(): the reference of the entry is dropped", set(k.parent.frame, none)],
  end: ["mmu_notifier_invalidate_range_end()", end],
}))
  .times(size("dontneeds"))
  .as("madvise(), VMA lock only");

export const munmap = actor("munmap", {}, () => ({
  call: ["munmap()", idle()],
  mmap_write_lock: down_write(k.mmap_lock),
  start: start("MMU_NOTIFY_UNMAP"),
  zap: ["unmap_region(): zap, the VMA is gone", set(k.parent.frame, none), set(k.vma, false)],
  end: ["mmu_notifier_invalidate_range_end()", end],
  mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(k.mmap_lock)],
}))
  .times(size("munmaps"))
  .as("munmap()");

export const fork = actor("fork", { copy: Frame }, (me) => ({
  mmap_write_lock: down_write(k.mmap_lock),
  start: start("MMU_NOTIFY_PROTECTION_PAGE"),
  copy_pte: [
    "copy_present_ptes(): pinned, so the child gets a copy; else both read-only",
    alloc_frame(me.copy),
    when(k.parent.frame.eq(none), [goto("end")]),
    when(k.pins.at(k.parent.frame).gt(0), [set(k.child, me.copy)]).otherwise([
      set(k.parent.write, false),
      set(k.child, k.parent.frame),
    ]),
    set(k.written.at(k.child), false),
  ],
  end: ["mmu_notifier_invalidate_range_end()", end],
  mmap_write_unlock: ["mmap_write_unlock(oldmm)", up_write(k.mmap_lock)],
}))
  .times(size("forks"))
  .as("fork()");

/** The page is moved to another one, as compaction does; not when somebody else refers to it. */
export const compaction = actor("compaction", { src: Frame, dst: Frame }, (me) => ({
  call: ["compact_zone()", idle(), choose(me.src, k.parent.frame.eq(me.src))],
  isolate: [
    "isolate_migratepages_block(): more references than mappings: skip it",
    when(k.pins.at(me.src).gt(0), [goto("done")]),
  ],
  lock: [
    "migrate_pages(): folio_trylock(src)",
    when(k.locked.at(me.src), [goto("done")]),
    set(k.locked.at(me.src), true),
  ],
  alloc: ["dst = alloc, locked", alloc_frame(me.dst), set(k.locked.at(me.dst), true)],
  start: start("MMU_NOTIFY_CLEAR"),
  move: [
    "try_to_migrate(); folio_expected_ref_count(): -EAGAIN when it is pinned, else move",
    when(k.parent.frame.eq(me.src).and(k.child.ne(me.src), k.pins.at(me.src).eq(0)), [
      set(k.written.at(me.dst), k.written.at(me.src)),
      set(k.parent.frame, me.dst),
      set(k.locked.at(me.src), false),
      set(me.src, none),
    ]),
  ],
  end: ["mmu_notifier_invalidate_range_end()", end],
  unlock: [
    "folio_unlock(dst)",
    set(k.locked.at(me.dst), false),
    when(me.src.eq(none), [goto("done")]),
  ],
  failed: ["folio_unlock(src): the page stays where it is", set(k.locked.at(me.src), false)],
}))
  .times(size("compactions"))
  .as("compaction");

/**
 * handle_mm_fault(FAULT_FLAG_WRITE), with mmap_lock held: in the end the entry is writable, if
 * there is a VMA and nobody takes the entry away.
 */
export const handle_mm_fault = routine("handle_mm_fault", { copy: Frame }, (me) => ({
  fault: [
    "handle_mm_fault(): do_anonymous_page(), or do_wp_page(): wp_page_reuse()",
    alloc_frame(me.copy),
    when(k.vma.not(), [ret()]),
    when(k.parent.frame.eq(none), [...set_pte(me.copy), ret()]),
    when(k.parent.write.or(k.child.ne(k.parent.frame)), [set(k.parent.write, true), ret()]),
  ],
  start: start("MMU_NOTIFY_CLEAR"),
  wp_page_copy: [
    "wp_page_copy(): pte_same(): set_pte_at(copy)",
    alloc_frame(me.copy),
    when(k.parent.frame.eq(none).or(k.parent.write), [goto("end")]),
    set(k.written.at(me.copy), k.written.at(k.parent.frame)),
    ...set_pte(me.copy),
  ],
  end: ["mmu_notifier_invalidate_range_end()", end],
}));

/** Stores of the process: whatever the entry says, in the end it is writable. */
export const cpu = actor("cpu", {}, () => ({
  store: [
    "the process stores to its page, or faults",
    idle(),
    when(k.parent.frame.ne(none).and(k.parent.write), [goto("done")]),
  ],
  mmap_read_lock: ["lock_mm_and_find_vma(): mmap_read_lock(mm)", down_read(k.mmap_lock)],
  fault: handle_mm_fault,
  unlock: ["mmap_read_unlock(mm)", rare(), up_read(k.mmap_lock)],
}))
  .times(size("stores"))
  .as("the process");
