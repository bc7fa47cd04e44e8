import { describe, expect, it } from "vitest";
import { lockdepScenario } from "../../counterexamples/render/index.ts";
import { expectGolden } from "./golden.ts";
import { abba, lanes, makeTrace, queuedWriter, stalePte, use } from "./traces.ts";

describe("lockdep scenario", () => {
  it("is printed like print_circular_lock_scenario() does", () => {
    const scenario = [
      " Possible unsafe locking scenario:",
      "",
      "       CPU0                    CPU1",
      "       ----                    ----",
      "  lock(mmap_lock);",
      "                               lock(dma_resv[bo0]);",
      "                               rlock(mmap_lock);",
      "  lock(dma_resv[bo0]);",
      "",
      " *** DEADLOCK ***",
    ];
    expect(lockdepScenario(abba)?.split("\n").slice(0, scenario.length)).toEqual(scenario);
  });

  it("shows three processes with a queued writer as recorded", () => {
    expectGolden("queued-writer.lockdep.txt", lockdepScenario(queuedWriter) ?? "");
  });

  it("leaves out processes that are no part of the cycle", () => {
    expect(lockdepScenario(queuedWriter)).not.toContain("migrate[1]");
  });

  it("shows a process that waits for itself in one column", () => {
    const lock = use("acquire", "svm->lock");
    const trace = makeTrace({
      lanes: lanes("gc"),
      violation: { kind: "deadlock", property: "deadlock", text: "" },
      steps: [{ pid: 1, text: "mutex_lock(&svm->lock)", locks: [lock] }],
      blocked: [{ pid: 1, label: "x", text: "mutex_lock()", waitsFor: [lock], holds: [lock] }],
    });
    expect(lockdepScenario(trace)?.split("\n").slice(2, 6)).toEqual([
      "       CPU0",
      "       ----",
      "  lock(svm->lock);",
      "  lock(svm->lock);",
    ]);
  });

  it("names a holder that has ended with the lock", () => {
    const lock = use("acquire", "svm->lock");
    const trace = makeTrace({
      lanes: lanes("gc", "fault"),
      violation: { kind: "deadlock", property: "deadlock", text: "" },
      steps: [{ pid: 1, text: "mutex_lock(&svm->lock)", locks: [lock] }],
      blocked: [
        { pid: 1, label: "done", text: "has ended", waitsFor: [], holds: [lock] },
        { pid: 2, label: "x", text: "mutex_lock(&svm->lock)", waitsFor: [lock], holds: [] },
      ],
    });
    const scenario = lockdepScenario(trace) ?? "";
    expect(scenario).toContain("  CPU0 is gc, has ended and still holds svm->lock\n");
    expect(scenario).toContain("  CPU1 is fault, waits for svm->lock, held by gc since step 1\n");
    expect(scenario).toMatch(/^ {2}lock\(svm->lock\);\n {31}lock\(svm->lock\);\n {2}has ended\n/m);
  });

  it("is not there for other violations", () => {
    expect(lockdepScenario(stalePte)).toBeUndefined();
  });
});
