/** The OOM reaper, exit_mmap() and khugepaged. */
import {
  actor,
  bool,
  choose,
  type Expr,
  exists,
  forall,
  idle,
  none,
  remove,
  replace,
  routine,
  set,
  some,
  wait,
} from "mmrace";
import {
  collapse_huge_page,
  cpu_fault_actor,
  cpu_tlb_fill,
  cpu_tlb_store,
  exit_mmap,
  mmu_interval_set_seq,
  mutex_lock,
  mutex_trylock,
  mutex_unlock,
  no_free_while_in_cpu_tlb,
  oom_reap_task_mm,
  Page,
  type PageOf,
  zap_device_pte,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { rich_world, sizes } from "./rich-world.ts";
import { type Outcome, run } from "./run.ts";

const unmet = (outcome: Outcome) => outcome.findings.filter((f) => !f.startsWith("label_never"));

describe("the OOM reaper", () => {
  const { k, ...claims } = rich_world({ unstable: true, tlb: true });
  const locals = { page: Page, failed: bool };
  /** The driver's callback, under its lock. */
  const taken = (page: Expr<PageOf>) => [
    mmu_interval_set_seq(k.mm.sub),
    zap_device_pte(k.gpu, page),
    mutex_unlock(k.update),
  ];
  const reaper = actor("oom_reaper", locals, (me) => ({
    reap: oom_reap_task_mm(
      k.mm,
      k.folio,
      me.page,
      (refused) =>
        routine("invalidate", {}, () => ({
          trylock: [
            "if (!mutex_trylock(&driver->update)) return false",
            mutex_trylock(k.update, taken(me.page), [set(refused, true)]),
          ],
        })),
      me.failed,
    ),
  }));
  const driver = actor("driver", {}, () => ({
    lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
    unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
  }));
  const always = {
    ...claims.always,
    no_free_while_in_cpu_tlb: no_free_while_in_cpu_tlb(k.mm, k.folio),
  };

  it("reaps, or leaves what the driver refuses; nobody gets a new page afterwards", () => {
    const mapped = exists(Page, (p) => k.mm.pte.at(p).kind.eq("present"));
    const done = some(reaper, (r) => r.at("done"));
    const outcome = run({
      shared: k,
      sizes,
      actors: [reaper, driver, cpu_fault_actor(k.mm, k.folio), cpu_tlb_fill(k.mm)],
      always,
      at_rest: claims.at_rest,
      reachable: {
        refused: some(reaper, (r) => r.at("done").and(r.local.failed)).and(mapped),
        reaped: done.and(mapped.not()),
      },
    });
    expect(outcome.verdict).toBe("holds");
    expect(unmet(outcome)).toEqual([]);
    expect(outcome.states).toBe(975);
  });

  it("misuse: the driver agrees without its lock: the device keeps a page that is free", () => {
    const maps = actor("device", { page: Page }, (me) => ({
      map: [
        "outside any window, the device maps what the CPU maps",
        idle(),
        choose(me.page, k.mm.pte.at(me.page).kind.eq("present")),
        wait(k.mm.subs.active_invalidate_ranges.eq(0)),
        set(k.gpu.pte.at(me.page), k.mm.pte.at(me.page).frame),
      ],
    }));
    const no_free_while_the_gpu_maps = forall(Page, (p) => {
      const frame = k.gpu.pte.at(p);
      return frame.ne(none).implies(k.folio.at(frame).ref.count.gt(0));
    });
    const input = {
      shared: k,
      sizes: { ...sizes, sys_frames: 1 },
      actors: [claims.setup, maps, reaper, driver],
      always: { ...always, no_free_while_the_gpu_maps },
    };
    expect(run(input).verdict).toBe("holds");
    const change = [
      replace(reaper, "reap.start.cb.trylock", [
        "if (!mutex_trylock(&driver->update)) return true",
        mutex_trylock(k.update, taken(reaper.me.page), []),
      ]),
    ];
    expect(run({ ...input, change }).verdict).toBe("no_free_while_the_gpu_maps");
  });
});

describe("exit_mmap()", () => {
  const { k, invalidate, setup, ...claims } = rich_world({});
  const exit = actor("exit", { page: Page }, (me) => ({
    call: ["mmput(): the last user has gone", choose(me.page)],
    exit: exit_mmap(k.mm, k.folio, me.page, invalidate(me.page)),
  }));

  // call; release: start, three of the callback, end; mmap_read_lock; start, callback, two of zap,
  // end; unlock, lock, clear, two of finish, unlock. setup before.
  it("is a chain, and nothing is left", () => {
    const gone = forall(Page, (p) => k.mm.pte.at(p).frame.eq(none).and(k.mm.vma.at(p).not()));
    const outcome = run({
      shared: k,
      sizes: { ...sizes, sys_frames: 1 },
      actors: [setup, exit],
      always: claims.always,
      at_rest: {
        ...claims.at_rest,
        gone: some(exit, (e) => e.at("done"))
          .implies(gone)
          .or(gone),
      },
    });
    expect(outcome.states).toBe(49);
  });
});

describe("khugepaged", () => {
  const { k, invalidate, ...claims } = rich_world({ pmd: true, tlb: true });
  const khugepaged = actor("khugepaged", { page: Page }, (me) => ({
    scan: ["collapse_scan_pmd()", idle(), choose(me.page, k.mm.pte.at(me.page).kind.eq("present"))],
    collapse: collapse_huge_page(k.mm, k.folio, me.page, invalidate(me.page)),
  }));
  const cpu = cpu_fault_actor(k.mm, k.folio);
  const hardware = [cpu_tlb_fill(k.mm), cpu_tlb_store(k.mm, k.folio)];
  const input = {
    shared: k,
    sizes: { ...sizes, sys_frames: 3 },
    actors: [khugepaged, cpu, ...hardware],
    always: claims.always,
    at_rest: claims.at_rest,
  };

  it("no store gets lost between the end of the window and the new PMD", () => {
    const copying = some(khugepaged, (t) => t.at("collapse.copy_write"));
    const outcome = run({
      ...input,
      reachable: { cpu_waits: copying.and(some(cpu, (c) => c.at("mmap_read_lock"))) },
    });
    expect(outcome.verdict).toBe("holds");
    expect(unmet(outcome)).toEqual([]);
    expect(outcome.states).toBe(1250);
  });

  it("with the PMD left in place, one does", () => {
    const change = [remove(khugepaged, "collapse.collapse_flush")];
    expect(run({ ...input, change }).verdict).toBe("no_lost_page");
  });
});
