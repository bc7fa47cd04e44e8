/** Rules about a lock that the call does not take: what must be held, what must not. */
import { actor, array, goto, scalarset, shared } from "mmrace";
import {
  dma_resv,
  dma_resv_lock,
  down_read,
  down_read_trylock,
  down_write,
  folio_lock,
  folio_lock_bit,
  folio_unlock,
  lockdep_assert_held,
  mmap_lock,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry_under,
  mmu_interval_set_seq,
  mutex,
  mutex_lock,
  mutex_unlock,
  rw_semaphore,
  spin_lock,
  spinlock,
  up_read,
  up_write,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const Frame = scalarset("Frame", 2);
const k = shared({
  mmap_lock: mmap_lock(),
  sem: rw_semaphore(),
  folio: array(Frame, folio_lock_bit()),
  update: mutex(),
  sub: mmu_interval_notifier(),
  resv: dma_resv(),
});

describe("mmap_lock and folio locks", () => {
  const wrong = (take: "read" | "write") =>
    actor("wrong", { f: Frame.any() }, (me) => ({
      lock: ["folio_lock(folio)", folio_lock(k.folio.at(me.f))],
      mmap:
        take === "read" ? ["mmap_read_lock(mm)", down_read(k.mmap_lock)] : down_write(k.mmap_lock),
    }));

  it.each(["read", "write"] as const)("mmap_lock for %s under a folio lock", (take) => {
    const outcome = run({ shared: k, actors: [wrong(take)] });
    expect(outcome.verdict).toBe("mmap_lock_under_folio_lock");
  });

  it("the right order, other semaphores, and trylocks are no findings", () => {
    const right = actor("right", { f: Frame.any() }, (me) => ({
      mmap: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
      lock: ["folio_lock(folio)", folio_lock(k.folio.at(me.f))],
      sem: ["down_read(&sem)", down_read(k.sem)],
      up: ["up", up_read(k.sem), folio_unlock(k.folio.at(me.f)), up_read(k.mmap_lock)],
      again: ["folio_lock(folio)", folio_lock(k.folio.at(me.f))],
      trylock: [
        "mmap_read_trylock(mm)",
        down_read_trylock(k.mmap_lock, [up_read(k.mmap_lock)], []),
      ],
      unlock: ["folio_unlock(folio)", folio_unlock(k.folio.at(me.f))],
    }));
    expect(run({ shared: k, actors: [right] })).toMatchObject(holds(2 * 8, 2 * 7));
  });

  it("an mmap_lock is an rw_semaphore in all else", () => {
    const reader = actor("reader", {}, () => ({
      down: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
      up: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
    }));
    const writer = actor("writer", {}, () => ({
      down: down_write(k.mmap_lock),
      up: ["mmap_write_unlock(mm)", up_write(k.mmap_lock)],
    }));
    const outcome = run({ shared: k, actors: [reader.times(2), writer] });
    expect(outcome).toMatchObject({ verdict: "holds", states: 3 ** 3 + 2 ** 2 - 1 });
  });
});

describe("the driver's lock around sequence numbers", () => {
  const reader = (locked: boolean) =>
    actor("reader", {}, () => ({
      begin: mmu_interval_read_begin(k.sub),
      take: ["take_lock()", ...(locked ? [mutex_lock(k.update)] : [])],
      retry: [
        "if (mmu_interval_read_retry()) goto begin",
        mmu_interval_read_retry_under(k.update, k.sub, [
          ...(locked ? [mutex_unlock(k.update)] : []),
          goto("begin"),
        ]),
      ],
      drop: [
        "release_lock()",
        ...(locked ? [mutex_unlock(k.update)] : []),
        mmu_interval_read_end(k.sub),
      ],
    }));
  const callback = (locked: boolean) =>
    actor("callback", {}, () => ({
      take: ["take_lock()", ...(locked ? [mutex_lock(k.update)] : [])],
      set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub, k.update)],
      drop: ["release_lock()", ...(locked ? [mutex_unlock(k.update)] : [])],
    }));

  it("held: no finding", () => {
    const actors = [callback(true)];
    expect(run({ shared: k, actors })).toMatchObject(holds(4, 3));
    expect(run({ shared: k, actors: [reader(true)] }).verdict).toBe("holds");
  });

  it("read_retry_without_driver_lock", () => {
    const outcome = run({ shared: k, actors: [reader(false)] });
    expect(outcome.verdict).toBe("read_retry_without_driver_lock");
  });

  it("set_seq_without_driver_lock", () => {
    const outcome = run({ shared: k, actors: [callback(false)] });
    expect(outcome.verdict).toBe("set_seq_without_driver_lock");
  });
});

describe("lockdep_assert_held()", () => {
  const locks = shared({
    m: mutex(),
    s: spinlock(),
    f: folio_lock_bit(),
    r: dma_resv(),
    w: rw_semaphore(),
  });
  it.each([
    ["mutex", locks.m, mutex_lock(locks.m)],
    ["spinlock", locks.s, spin_lock(locks.s)],
    ["folio lock", locks.f, folio_lock(locks.f)],
    ["dma_resv", locks.r, dma_resv_lock(locks.r)],
    ["rw_semaphore", locks.w, down_read(locks.w)],
  ] as const)("%s", (_, lock, take) => {
    const good = actor("good", {}, () => ({
      take: ["lock", take],
      check: ["lockdep_assert_held()", lockdep_assert_held(lock), goto("check")],
    }));
    const bad = actor("bad", {}, () => ({
      check: ["lockdep_assert_held()", lockdep_assert_held(lock)],
    }));
    expect(run({ shared: locks, actors: [good] })).toMatchObject(holds(2, 2));
    expect(run({ shared: locks, actors: [bad] }).verdict).toBe("lock_not_held");
  });
});
