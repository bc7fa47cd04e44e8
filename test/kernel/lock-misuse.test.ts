/** Misuse of locks: each kind is a finding of its own, and it is raised where it happens. */
import { actor, array, choose, type Effect, goto, type Routine, shared } from "mmrace";
import {
  __down_read,
  dma_resv,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  down_read_trylock,
  down_write,
  down_write_trylock,
  Frame,
  folio_lock,
  folio_lock_bit,
  folio as folio_struct,
  folio_unlock,
  handle_mm_fault,
  mm_struct,
  mmap_lock,
  mmu_interval_notifier,
  mmu_interval_read_retry_under,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
  Page,
  page_table_lock,
  rcu,
  rcu_read_lock,
  rw_semaphore,
  set_pte,
  spin_lock,
  spin_unlock,
  spinlock,
  up_read,
  up_write,
  vma_lock,
  vma_mark_detached,
  vma_start_write,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { repositoryFiles } from "../support/repository.ts";
import { kernelObjects } from "./object-docs.ts";
import { run } from "./run.ts";

const k = shared({
  m: mutex(),
  s: spinlock(),
  sem: rw_semaphore(),
  mmap_lock: mmap_lock(),
  folio: folio_lock_bit(),
  resv: dma_resv({ ctx: true }),
  ptl: page_table_lock(),
  rcu: rcu(),
  sub: mmu_interval_notifier(),
  subs: mmu_notifier_subscriptions(1),
});
const { m, s, sem, folio, resv, ptl, sub } = k;

type Row = readonly [rule: string, what: string, ...steps: Effect[]];
type Steps = Record<string, Routine | readonly [string, Effect<string>]>;
const sleepers: [string, Effect][] = [
  ["mutex_lock()", mutex_lock(m)],
  ["down_read()", down_read(sem)],
  ["folio_lock()", folio_lock(folio)],
  ["dma_resv_lock()", dma_resv_lock(resv)],
];
const locks: [string, Effect, Effect][] = [
  ["mutex", mutex_lock(m), mutex_unlock(m)],
  ["spinlock", spin_lock(s), spin_unlock(s)],
  ["page-table lock", spin_lock(ptl), spin_unlock(ptl)],
  ["folio lock", folio_lock(folio), folio_unlock(folio)],
  ["dma_resv", dma_resv_lock(resv), dma_resv_unlock(resv)],
  ["rw_semaphore, for read", down_read(sem), up_read(sem)],
];

const table: Row[] = [
  ...sleepers.flatMap(([name, call]): Row[] => [
    ["sleep_in_atomic", `${name} under a spinlock`, spin_lock(s), call],
    ["sleep_in_atomic", `${name} under a page-table lock`, spin_lock(ptl), call],
    ["sleep_in_atomic", `${name} in an RCU read section`, rcu_read_lock(k.rcu), call],
  ]),
  ...locks.flatMap(([name, lock, unlock]): Row[] => [
    ["recursive_lock", name, lock, lock],
    ["unlock_by_stranger", name, unlock],
    ["lock_held_on_exit", name, lock],
  ]),
  ["unlock_by_stranger", "rw_semaphore, for write", up_write(sem)],
  ["lock_held_on_exit", "rw_semaphore, for write", down_write_trylock(sem, [], [])],
  ["mmap_lock_under_folio_lock", "mmap_read_lock()", folio_lock(folio), down_read(k.mmap_lock)],
  [
    "read_retry_without_driver_lock",
    "mmu_interval_read_retry()",
    mmu_interval_read_retry_under(m, sub, []),
  ],
  ["set_seq_without_driver_lock", "mmu_interval_set_seq()", mmu_interval_set_seq(sub, m)],
];

describe("misuse of a lock", () => {
  const rows = table.map(([rule, what, ...effects]) => [rule, what, effects] as const);
  it.each(rows)("%s: %s", (rule, _, effects) => {
    const steps = Object.fromEntries(effects.map((e, i) => [`s${i}`, [`step ${i}`, e] as const]));
    const bad = actor("bad", {}, () => steps);
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });

  it.each([
    ["spinlock", s],
    ["page-table lock", ptl],
  ])("a notifier under a %s", (_, lock) => {
    const bad = actor("bad", {}, () => ({
      lock: ["spin_lock()", spin_lock(lock)],
      start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", []),
    }));
    const rule = lock === ptl ? "page_table_lock_across_notifier" : "sleep_in_atomic";
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });
});

describe("mmap_lock of an mm_struct under a folio lock", () => {
  const w = shared({ mm: mm_struct(1), folio: array(Frame, folio_struct()) });
  const sizes = { pages: 1, sys_frames: 1, vram_frames: 0, versions: 0 };
  const { mmap_lock: lock } = w.mm;
  const write = actor("write", {}, () => ({
    down: down_write(lock),
    up: ["up_write()", up_write(lock)],
  }));
  const fault = actor("fault", { frame: Frame }, (me) => ({
    down: ["down_read()", choose(me.frame), down_read(lock)],
    folio: ["folio_lock()", folio_lock(w.folio.at(me.frame).lock)],
    folio_up: ["folio_unlock()", folio_unlock(w.folio.at(me.frame).lock)],
    up: ["up_read()", up_read(lock)],
  }));
  const evict = (request: Steps, up: Effect) =>
    actor("evict", { frame: Frame }, (me) => ({
      folio: ["folio_lock()", choose(me.frame), folio_lock(w.folio.at(me.frame).lock)],
      ...request,
      up: ["up()", up],
      folio_up: ["folio_unlock()", folio_unlock(w.folio.at(me.frame).lock)],
    }));
  const rule = "mmap_lock_under_folio_lock";
  const busy = [goto<string>("folio_up")];

  it.each<[string, string, Steps, Effect]>([
    ["down_read()", rule, { down: ["down_read()", down_read(lock)] }, up_read(lock)],
    ["down_write()", rule, { down: down_write(lock) }, up_write(lock)],
    [
      "down_read_trylock()",
      "holds",
      { try: ["down_read_trylock()", down_read_trylock(lock, [], busy)] },
      up_read(lock),
    ],
    [
      "down_write_trylock()",
      "holds",
      { try: ["down_write_trylock()", down_write_trylock(lock, [], busy)] },
      up_write(lock),
    ],
    [
      "__down_read(), unchecked",
      "deadlock",
      { down: ["__down_read()", __down_read(lock)] },
      up_read(lock),
    ],
  ])("%s of it: %s", (_, verdict, request, up) => {
    const actors = [evict(request, up), fault, write];
    expect(run({ shared: w, sizes, actors }).verdict).toBe(verdict);
  });
});

it("a VMA leaves the tree once", () => {
  const v = shared({ mmap_lock: mmap_lock(), vma: vma_lock() });
  const bad = actor("bad", {}, () => ({
    mmap: down_write(v.mmap_lock),
    start: vma_start_write(v.vma, v.mmap_lock),
    detach: ["vma_mark_detached(vma)", vma_mark_detached(v.vma)],
    again: ["vma_mark_detached(vma)", vma_mark_detached(v.vma)],
  }));
  expect(run({ shared: v, actors: [bad] }).verdict).toBe("vma_detached_twice");
});

it("a fault on a device-private entry needs the driver's handler", () => {
  const mm = shared({ mm: mm_struct(1), folio: array(Frame, folio_struct()) });
  const sizes = { pages: 1, sys_frames: 1, vram_frames: 1, versions: 0 };
  const bad = actor("bad", { page: Page, frame: Frame, fresh: Frame }, (me) => ({
    map: [
      "a page in VRAM",
      choose(me.page),
      choose(me.frame, me.frame.is("vram")),
      set_pte(mm.mm.pte.at(me.page), "device_private", me.frame),
    ],
    fault: handle_mm_fault(mm.mm, mm.folio, me.page, me.fresh, {}),
  }));
  expect(run({ shared: mm, sizes, actors: [bad] }).verdict).toBe("fault_without_handler");
});

it("every finding that an object can raise is met in some test", () => {
  const tests = repositoryFiles(/^test\/kernel\/.*\.test\.ts$/).map((f) => f.text);
  const rules = new Set(kernelObjects().flatMap((o) => o.rules));
  const untested = [...rules].filter((rule) => !tests.some((text) => text.includes(`"${rule}"`)));
  expect(untested).toEqual([]);
});
