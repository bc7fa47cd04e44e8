/** The per-VMA lock: readers fail instead of waiting, the writer waits for readers. */
import { actor, bool, every, goto, shared, some, when } from "mmrace";
import {
  down_read,
  down_write,
  lock_vma_under_rcu,
  mmap_lock,
  up_read,
  up_write,
  vma_end_read,
  vma_end_write_all,
  vma_is_write_locked,
  vma_lock,
  vma_mark_detached,
  vma_start_read,
  vma_start_write,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ mmap_lock: mmap_lock(), vma: vma_lock() });
const reader = actor("reader", {}, () => ({
  start: ["if (!vma_start_read(vma)) return", vma_start_read(k.vma, [], [goto("done")])],
  end: ["vma_end_read(vma)", vma_end_read(k.vma)],
}));
const writer = actor("writer", {}, () => ({
  mmap: down_write(k.mmap_lock),
  start: vma_start_write(k.vma, k.mmap_lock),
  write: ["change the VMA"],
  unlock: ["mmap_write_unlock(mm)", vma_end_write_all(k.vma), up_write(k.mmap_lock)],
}));
const excluded = every(writer, (w) =>
  w
    .at("write", "unlock")
    .implies(vma_is_write_locked(k.vma).and(every(reader, (r) => r.at("end").not()))),
);
/** The page fault handler: the VMA lock, or mmap_lock when that fails. */
const fault = actor("fault", { locked: bool }, (me) => ({
  vma: lock_vma_under_rcu(k.vma, me.locked),
  failed: ["if (!vma) goto lock_mmap", when(me.locked.not(), [goto("mmap_lock")])],
  vma_end_read: ["handle_mm_fault(); vma_end_read(vma)", vma_end_read(k.vma), goto("done")],
  mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  mmap_unlock: ["handle_mm_fault(); mmap_read_unlock(mm)", up_read(k.mmap_lock)],
}));

describe("per-VMA lock", () => {
  // Nothing but a writer makes a reader fail.
  it.each([1, 2, 3])("%i readers", (n) => {
    const outcome = run({ shared: k, actors: [reader.times(n)] });
    expect(outcome).toMatchObject(holds(3 ** n, 2 * n * 3 ** (n - 1)));
  });

  // Of each reader 3 places. The writer at mmap or start: any, twice 3^n. Waiting: somebody was
  // inside, and since then readers fail: any but "all before", as in rwsem, and now also those who
  // failed. With the VMA locked, twice, nobody is inside: 2^n each; behind: 3^n.
  it.each([1, 2, 3])("a writer and %i readers", (n) => {
    const waiting = 3 ** n - 1;
    const states = 2 * 3 ** n + waiting + 2 * 2 ** n + 3 ** n;
    const outcome = run({ shared: k, actors: [reader.times(n), writer], always: { excluded } });
    expect(outcome).toMatchObject({ verdict: "holds", states });
  });

  it("a second vma_start_write() in one mmap_lock section is free", () => {
    const twice = actor("twice", {}, () => ({
      mmap: down_write(k.mmap_lock),
      start: vma_start_write(k.vma, k.mmap_lock),
      again: vma_start_write(k.vma, k.mmap_lock),
      unlock: ["mmap_write_unlock(mm)", vma_end_write_all(k.vma), up_write(k.mmap_lock)],
    }));
    const outcome = run({ shared: k, actors: [twice, reader] });
    // mmap, start, wait, again, unlock, behind: with any reader, but nobody inside from `again` on,
    // and somebody who was inside before `wait`.
    const states = 3 + 3 + (3 - 1) + 2 + 2 + 3;
    expect(outcome).toMatchObject({ verdict: "holds", states });
  });

  it("a fault falls back to mmap_lock; nobody waits for the VMA but the writer", () => {
    const alone = every(writer, (w) =>
      w.at("write").implies(every(fault, (f) => f.at("vma_end_read", "mmap_unlock").not())),
    );
    const outcome = run({
      shared: k,
      actors: [fault.times(2), writer],
      always: { alone },
      reachable: { falls_back: some(fault, (f) => f.at("mmap_unlock")) },
    });
    // A fault gets mmap_lock behind the only writer: the writer never queues for it.
    const findings = ["label_never_fired writer.mmap.slow"];
    expect(outcome).toMatchObject({ verdict: "holds", states: 197, findings });
  });

  it("munmap(): a detached VMA is not found any more", () => {
    const munmap = actor("munmap", {}, () => ({
      mmap: down_write(k.mmap_lock),
      start: vma_start_write(k.vma, k.mmap_lock),
      detach: ["vma_mark_detached(vma)", vma_mark_detached(k.vma)],
      unlock: ["mmap_write_downgrade(mm)", vma_end_write_all(k.vma), up_write(k.mmap_lock)],
      free: ["free the VMA"],
    }));
    const not_in_use = every(munmap, (m) =>
      m.at("unlock", "free", "done").implies(every(fault, (f) => f.at("vma_end_read").not())),
    );
    const outcome = run({ shared: k, actors: [fault.times(2), munmap], always: { not_in_use } });
    const findings = ["label_never_fired munmap.mmap.slow"];
    expect(outcome).toMatchObject({ verdict: "holds", states: 205, findings });
    // Nor by somebody who has looked it up long before.
    const late = every(munmap, (m) =>
      m.at("unlock", "free", "done").implies(every(reader, (r) => r.at("end").not())),
    );
    const found = run({ shared: k, actors: [reader.times(2), munmap], always: { late } });
    expect(found.verdict).toBe("holds");
  });

  it.each([
    ["unlock_by_stranger", [vma_end_read(k.vma)]],
    ["lock_held_on_exit", [vma_start_read(k.vma, [], [])]],
    ["vma_not_write_locked", [vma_mark_detached(k.vma)]],
  ])("misuse: %s", (rule, effects) => {
    const bad = actor("bad", {}, () => ({ a: ["a", ...effects] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });

  it("misuse: vma_write_without_mmap_lock, also with mmap_lock for read", () => {
    const bare = actor("bare", {}, () => ({ start: vma_start_write(k.vma, k.mmap_lock) }));
    expect(run({ shared: k, actors: [bare] }).verdict).toBe("vma_write_without_mmap_lock");
    const reads = actor("reads", {}, () => ({
      mmap: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
      start: vma_start_write(k.vma, k.mmap_lock),
    }));
    expect(run({ shared: k, actors: [reads] }).verdict).toBe("vma_write_without_mmap_lock");
  });

  it("misuse: a reader that write-locks waits for itself", () => {
    const bad = actor("bad", {}, () => ({
      read: ["vma_start_read(vma)", vma_start_read<never>(k.vma, [], [])],
      mmap: down_write(k.mmap_lock),
      start: vma_start_write(k.vma, k.mmap_lock),
    }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe("deadlock");
  });
});
