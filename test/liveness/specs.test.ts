/** The schemes whose point is progress: who starves whom, told by the loop of a counterexample. */
import type { Spec } from "mmrace";
import { describe, expect, it } from "vitest";
import { check, lockReport } from "../../checker/index.ts";
import { replay, validate } from "../../model/ir/index.ts";
import doSwapPage from "../../specs/do-swap-page/spec.ts";
import epoch from "../../specs/epoch-starvation/spec.ts";
import rangeFault from "../../specs/hmm-range-fault-starvation/spec.ts";
import evictFence from "../../specs/kfd-evict-fence/spec.ts";
import userptr from "../../specs/userptr-fence-reclaim/spec.ts";

function told(spec: Spec, variant?: string) {
  const config = spec.variants.find((v) => v.name === variant)?.config;
  const model = spec.build({ ...(variant ? { variant } : {}), ...(config ? { config } : {}) });
  expect(validate(model)).toEqual([]);
  const { verdict, moves = [], start, loopFrom, findings } = check(model, { liveness: true });
  if (verdict.kind !== "violated") return { verdict: verdict.kind, findings };
  const trace = replay(model, "", "", moves, verdict.violation, start, loopFrom);
  const loop = loopFrom === undefined ? [] : trace.steps.slice(loopFrom - 1);
  return {
    verdict: verdict.violation.property,
    movers: [...new Set(loop.map((s) => s.process))].sort(),
    waiting: trace.blocked.map((x) => `${trace.lanes[x.pid - 1]?.name} at ${x.label}`),
    steps: trace.steps.map((s) => `${s.process} ${s.label}`),
  };
}

describe("do-swap-page", () => {
  it("sleeps on the lock: every fault ends", () => {
    expect(told(doSwapPage)).toEqual({ verdict: "holds", findings: [] });
  });

  it("a reference put after the unlock can fail the next migration, and so on", () => {
    const found = told(doSwapPage, "put_after_unlock");
    expect(found).toMatchObject({ verdict: "every_fault_ends" });
    expect(found.steps).toContain("migrate unlock");
  });

  it("before 6.1: a freed page is used", () => {
    expect(told(doSwapPage, "no_reference")).toMatchObject({ verdict: "use_after_free" });
  });

  it("6.1: two threads keep each other's migration from succeeding", () => {
    const found = told(doSwapPage, "reference_first");
    expect(found).toMatchObject({ verdict: "every_fault_ends", movers: ["fault[0]", "fault[1]"] });
  });

  it("6.15: the one who spins starves the work that the lock holder waits for", () => {
    const found = told(doSwapPage, "trylock_spins");
    expect(found).toMatchObject({
      verdict: "every_fault_ends",
      movers: ["range_fault"],
      waiting: ["migrate at flush_work"],
    });
    expect(told(doSwapPage, "trylock_spins_preempted")).toMatchObject({ verdict: "holds" });
  });
});

describe("epoch-starvation", () => {
  it("finitely many invalidations let every fault and every bind through", () => {
    expect(told(epoch)).toEqual({ verdict: "holds", findings: [] });
  });

  it("two threads that take turns keep the epoch open", () => {
    expect(told(epoch, "storm")).toMatchObject({
      verdict: "every_bind_ends",
      movers: ["dontneed[0]", "dontneed[1]"],
      waiting: ["gpu_fault at read_begin.wait_event", "bind at vm_lock"],
    });
  });
});

describe("hmm-range-fault-starvation", () => {
  it("ends by its deadline, or when invalidations end", () => {
    expect(told(rangeFault)).toEqual({ verdict: "holds", findings: [] });
    expect(told(rangeFault, "finitely_many")).toMatchObject({ verdict: "holds" });
  });

  it("is starved without one", () => {
    const found = told(rangeFault, "no_deadline");
    expect(found).toMatchObject({ verdict: "every_fault_ends", movers: ["dontneed", "gpu_fault"] });
  });

  it("needs no claim for that: the loop passes its retry mark", () => {
    const model = { ...rangeFault.build({ variant: "no_deadline" }), liveness: [] };
    const { verdict } = check(model, { liveness: true });
    expect(verdict).toMatchObject({
      violation: { text: "gpu_fault retries for ever; again and again: dontneed" },
    });
  });
});

describe("kfd-evict-fence", () => {
  it("skips the buffer instead of waiting", () => {
    expect(told(evictFence)).toEqual({ verdict: "holds", findings: [] });
  });

  it("deadlocks with a fence, and lockdep sees no cycle", () => {
    const found = told(evictFence, "eviction_fence");
    expect(found).toMatchObject({
      verdict: "deadlock",
      waiting: ["evict at migrate", "restore at resv_lock", "evict_work at mmap_lock"],
    });
    const { cycles, other } = lockReport(evictFence.build({ variant: "eviction_fence" }));
    expect(cycles).toEqual([]);
    expect(other?.moves.length).toBeGreaterThan(0);
  });
});

describe("userptr-fence-reclaim", () => {
  it("atomic allocations keep the way to the fence free", () => {
    expect(told(userptr)).toEqual({ verdict: "holds", findings: [] });
  });

  it("an allocation that reclaims waits for its own fence", () => {
    const found = told(userptr, "allocates_with_reclaim");
    expect(found).toMatchObject({ verdict: "deadlock" });
    expect(found.waiting).toContain("complete_noio at alloc.reclaim.invalidate");
  });
});
