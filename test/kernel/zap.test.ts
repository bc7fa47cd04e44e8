/** munmap() and madvise(MADV_DONTNEED), with the locks that each really holds. */
import { actor, choose, every, forall, idle, move_after, some } from "mmrace";
import {
  cpu_fault_actor,
  down_read,
  madvise_dontneed,
  munmap as munmap_syscall,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
  up_read,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { invalidate, is_mapped, k, setup, sizes } from "./world.ts";

const munmap = actor("munmap", { page: Page }, (me) => ({
  call: ["munmap(page)", idle(), choose(me.page, is_mapped(me.page))],
  munmap: munmap_syscall(k.mm, k.folio, me.page, invalidate(me.page)),
}));
const dontneed = actor("dontneed", { page: Page }, (me) => ({
  call: ["madvise(page, MADV_DONTNEED)", idle(), choose(me.page, is_mapped(me.page))],
  zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
}));
const always = {
  no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  no_lost_page: no_lost_page(k.mm, k.folio),
};
const at_rest = {
  no_leaked_reference: no_leaked_reference(k.mm, k.folio),
  unmapped: forall(Page, (p) => is_mapped(p).not()),
};
const one = { ...sizes, sys_frames: 1 };

describe("zap", () => {
  // Every step is taken once but the queue of the two write locks; without contention they are
  // fast. mmap_write_lock, vma_start_write, detach, vma_end_write, downgrade; itree_start, three of
  // the callback, zap, end, finish; mmap_read_unlock. setup and call before.
  it("munmap() alone is a chain", () => {
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), munmap],
      always,
      at_rest,
    });
    expect(outcome).toMatchObject({ ...holds(16, 15), findings: expect.anything() });
    const queue = ["mmap_write_lock.slow", "vma_start_write.slow"];
    expect(outcome.findings).toEqual(queue.map((l) => `label_never_fired munmap.munmap.${l}`));
  });

  // mmap_lock was downgraded: who faults behind the zap must not find the VMA any more.
  it("misuse: munmap() that detaches the VMA after the zap leaves a page behind", () => {
    const actors = [munmap, cpu_fault_actor(k.mm, k.folio).times(2)];
    const input = { shared: k, sizes, actors, always };
    const unmapped_is_empty = forall(Page, (p) => k.mm.vma.at(p).or(is_mapped(p).not()));
    expect(run({ ...input, at_rest: { unmapped_is_empty } }).verdict).toBe("holds");
    const change = [move_after(munmap, "munmap.detach", "munmap.unmap.finish")];
    const outcome = run({ ...input, at_rest: { unmapped_is_empty }, change });
    expect(outcome.verdict).toBe("unmapped_is_empty");
  });

  // A device-private page is put under the page-table lock: nothing is left for `finish`.
  it("a device-private page is freed before the end of the window", () => {
    const actors = [setup("device_private"), munmap];
    const freed_early = every(munmap, (m) => m.at("munmap.unmap.end").implies(no_reference_left));
    const outcome = run({
      shared: k,
      sizes: one,
      actors,
      always: { ...always, freed_early },
      at_rest,
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 15, transitions: 14 });
  });
  const no_reference_left = forall(Page, (p) => is_mapped(p).not());

  // lock_vma, lookup, itree_start, callback, zap, end, finish, vma_end_read.
  it("madvise() alone is a chain", () => {
    const actors = [setup("present"), dontneed];
    const outcome = run({ shared: k, sizes: one, actors, always, at_rest });
    expect(outcome).toMatchObject(holds(13, 12));
  });

  it("madvise() runs while mmap_lock is held for write", () => {
    const write_locked = some(munmap, (m) => m.at("munmap.vma_start_write"));
    const beside_a_writer = some(dontneed, (d) => d.at("zap.zap")).and(write_locked);
    const zapping = some(dontneed, (d) => d.at("zap.zap"));
    const both_zap = some(munmap, (m) => m.at("munmap.unmap")).and(zapping);
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), munmap, dontneed],
      always: { ...always, one_at_a_time: both_zap.not() },
      at_rest,
      reachable: { beside_a_writer },
    });
    // Only the VMA lock keeps them apart: vma_start_write() waits for the reader.
    expect(outcome).toMatchObject({ verdict: "holds", states: 100 });
  });

  it("a reader of mmap_lock sees the VMA or no page: nothing in between is mapped", () => {
    const reader = actor("reader", { page: Page }, (me) => ({
      pick: ["any page", choose(me.page)],
      lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      look: ["vma_lookup()"],
      unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    }));
    // munmap() downgrades: a reader may be inside while the pages are zapped, without a VMA.
    const zapped_beside_a_reader = some(reader, (r) =>
      r.at("look").and(some(munmap, (m) => m.at("munmap.unmap"))),
    );
    const vma_gone = every(munmap, (m) =>
      m.at("munmap.unmap").implies(forall(Page, (p) => k.mm.vma.at(p).not())),
    );
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), munmap, reader],
      always: { ...always, vma_gone },
      at_rest,
      reachable: { zapped_beside_a_reader },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 75 });
  });
});
