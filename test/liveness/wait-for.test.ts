/** Deadlocks of every kind of wait while others go on: who waits for whom, as lockdep prints it. */
import { actor, goto, idle, lockEvent, routine, type SpecInput, shared, spec, wait } from "mmrace";
import {
  complete as complete_one,
  completion,
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv_add_fence,
  flush_work,
  folio_lock,
  folio_lock_bit,
  folio_unlock,
  folio_wait_locked,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
  queue_work,
  wait_for_completion,
  work_struct,
  worker,
} from "mmrace/kernel";
import { expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { lockdepScenario } from "../../counterexamples/render/index.ts";
import { replay } from "../../model/ir/index.ts";

const k = shared({
  lock: mutex(),
  other: mutex(),
  folio: folio_lock_bit(),
  fence: dma_fence_slot(),
  done: completion(),
  work: work_struct(),
  subs: mmu_notifier_subscriptions(1),
  sub: mmu_interval_notifier(),
});

const timer = actor("timer", {}, () => ({ tick: ["timer", idle(), goto("tick")] }));
const take = ["mutex_lock(&lock)", mutex_lock(k.lock)] as const;
const drop = ["mutex_unlock(&lock)", mutex_unlock(k.lock)] as const;

/** The scenario of the partial deadlock, in one line each. */
function told(actors: SpecInput["actors"]): string[] {
  const all = [...Object.values(actors), timer];
  const model = spec({ name: "w", configs: { ci: {} }, shared: k, actors: all }).build();
  const { verdict, moves = [], start } = check(model, { liveness: true });
  if (verdict.kind !== "violated") return [verdict.kind];
  expect(verdict.violation.property).toBe("partial_deadlock");
  const scenario = lockdepScenario(replay(model, "", "", moves, verdict.violation, start)) ?? "";
  expect(scenario).toContain(" *** DEADLOCK ***");
  const text = scenario.slice(scenario.indexOf("  CPU0 is")).replace(/\n {2,}(?!CPU)/g, " ");
  return text.trim().split(/\n */);
}

it("locks", () => {
  const first = actor("first", {}, () => ({
    take,
    both: ["mutex_lock(&other)", mutex_lock(k.other)],
    out: ["unlock", mutex_unlock(k.other), mutex_unlock(k.lock)],
  }));
  const second = actor("second", {}, () => ({
    take: ["mutex_lock(&other)", mutex_lock(k.other)],
    both: take,
    out: ["unlock", mutex_unlock(k.lock), mutex_unlock(k.other)],
  }));
  const lines = told([first, second]);
  expect(lines[0]).toMatch(/^CPU0 is first, waits for other, held by second/);
  expect(lines[1]).toMatch(/^CPU1 is second, waits for lock, held by first/);
});

it("a folio, also one that a migration entry points to", () => {
  const fault = actor("fault", {}, () => ({
    take,
    wait: ["softleaf_entry_wait_on_locked()", folio_wait_locked(k.folio)],
    drop,
  }));
  const migrate = actor("migrate", {}, () => ({
    folio: ["folio_lock()", folio_lock(k.folio)],
    take,
    drop,
    out: ["folio_unlock()", folio_unlock(k.folio)],
  }));
  const lines = told([fault, migrate]);
  expect(lines[0]).toMatch(/^CPU0 is fault, waits for folio, held by migrate/);
  expect(lines[1]).toMatch(/^CPU1 is migrate, waits for lock, held by fault/);
});

it("a fence", () => {
  const evict = actor("evict", {}, () => ({
    take,
    add: ["dma_resv_add_fence()", dma_resv_add_fence(k.fence)],
    wait: ["dma_fence_wait()", dma_fence_wait(k.fence)],
    drop,
  }));
  const signaller = actor("signaller", {}, () => ({
    start: ["the fence is there", wait(k.fence.pending)],
    take,
    signal: ["dma_fence_signal()", dma_fence_signal(k.fence)],
    drop,
  }));
  const lines = told([evict, signaller]);
  expect(lines[0]).toContain("CPU0 is evict, waits for fence");
  expect(lines[0]).toContain("which signaller would end at dma_fence_signal()");
  expect(lines[1]).toMatch(/^CPU1 is signaller, waits for lock, held by evict/);
});

it("a completion", () => {
  const waiter = actor("waiter", {}, () => ({
    take,
    wait: ["wait_for_completion()", wait_for_completion(k.done)],
    drop,
  }));
  const completer = actor("completer", {}, () => ({
    take,
    complete: ["complete()", complete_one(k.done)],
    drop,
  }));
  const lines = told([waiter, completer]);
  expect(lines[0]).toContain("CPU0 is waiter, waits for done");
  expect(lines[0]).toContain("which completer would end at complete()");
  expect(lines[1]).toMatch(/^CPU1 is completer, waits for lock, held by waiter/);
});

it("a work", () => {
  const flusher = actor("flusher", {}, () => ({
    queue: ["queue_work()", queue_work(k.work)],
    take,
    flush: flush_work(k.work),
    drop,
  }));
  const collect = routine("collect", {}, () => ({ take, drop }));
  const lines = told([flusher, worker("kworker", { gc: [k.work, collect] })]);
  expect(lines[0]).toMatch(/^CPU0 is flusher, waits for work, held by kworker/);
  expect(lines[1]).toMatch(/^CPU1 is kworker, waits for lock, held by flusher/);
});

it("an epoch", () => {
  const reader = actor("reader", {}, () => ({
    take,
    begin: mmu_interval_read_begin(k.sub),
    drop,
  }));
  const invalidate = routine("invalidate", {}, () => ({
    set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub)],
    take,
    drop,
  }));
  const zap = actor("zap", {}, () => ({
    start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
    end: ["invalidate_range_end()", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
  }));
  const lines = told([reader, zap]);
  expect(lines[0]).toContain("CPU0 is reader, waits for sub");
  expect(lines[0]).toContain("which zap would end at invalidate_range_end()");
  expect(lines[1]).toMatch(/^CPU1 is zap, waits for lock, held by reader/);
});

it("an event that the waiting process itself would bring about", () => {
  const alone = actor("alone", {}, () => ({
    add: ["dma_resv_add_fence()", dma_resv_add_fence(k.fence)],
    wait: [
      "dma_fence_wait() in reclaim",
      lockEvent({ op: "wait", mode: "exclusive", lock: "dma_fence", class: "fence", index: [] }),
      wait(k.fence.pending.not()),
    ],
    signal: ["dma_fence_signal()", dma_fence_signal(k.fence)],
  }));
  expect(told([alone])[0]).toContain("which itself would end at dma_fence_signal()");
});
