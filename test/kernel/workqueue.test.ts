/** Work items: queued once, run by one worker, flushed, cancelled, disabled. */
import { actor, every, type Routine, range, routine, set, shared, some } from "mmrace";
import {
  cancel_work,
  cancel_work_sync,
  disable_work_sync,
  enable_work,
  flush_work,
  mutex,
  mutex_lock,
  mutex_unlock,
  queue_work,
  work_struct,
  worker,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ work: work_struct(), other: work_struct(), m: mutex(), ran: range(0, 3) });

/** The work function: counts how often it ran. */
const count = routine("func", {}, () => ({ run: ["ran++", set(k.ran, k.ran.plus(1))] }));
const kworker = worker("kworker", { work: [k.work, count] });
const user = (
  name: string,
  steps: Record<string, ReturnType<typeof queue_work>[]>,
  call?: Routine,
) =>
  actor(name, {}, () => ({
    ...Object.fromEntries(Object.entries(steps).map(([l, e]) => [l, [l, ...e]] as const)),
    ...(call ? { call } : {}),
  }));
const queue = { queue: [queue_work(k.work)] };

describe("queue_work()", () => {
  // Not queued, queued, running, returning, returned.
  it("runs it once", () => {
    const outcome = run({
      shared: k,
      actors: [user("q", queue), kworker],
      at_rest: { once: k.ran.eq(1) },
    });
    expect(outcome).toMatchObject(holds(5, 4));
  });

  it("queued twice before it starts, it runs once; queued while it runs, twice", () => {
    const twice = user("q", { first: [queue_work(k.work)], second: [queue_work(k.work)] });
    const outcome = run({
      shared: k,
      actors: [twice, kworker],
      at_rest: { once_or_twice: k.ran.ge(1).and(k.ran.le(2)) },
      reachable: { once: k.ran.eq(1), twice: k.ran.eq(2) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("misuse: a run for each queue_work(), but a pending work is queued once", () => {
    const twice = user("q", { first: [queue_work(k.work)], second: [queue_work(k.work)] });
    const at_rest = { a_run_for_each: k.ran.eq(2) };
    expect(run({ shared: k, actors: [twice, kworker], at_rest }).verdict).toBe("a_run_for_each");
  });

  it("one worker runs its works one after the other, in any order", () => {
    const both = worker("kworker", { work: [k.work, count], other: [k.other, count] });
    const one_at_a_time = k.work.running.and(k.other.running).not();
    const outcome = run({
      shared: k,
      actors: [user("q", { both: [queue_work(k.work), queue_work(k.other)] }), both],
      always: { one_at_a_time },
      at_rest: { both_ran: k.ran.eq(2) },
      reachable: {
        work_first: k.work.running.and(k.other.pending),
        other_first: k.other.running.and(k.work.pending),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });
});

describe("flush_work()", () => {
  it("returns when the instance that was queued has run", () => {
    const flushes = user("flushes", queue, flush_work(k.work));
    const ran = every(flushes, (f) => f.at("done").implies(k.ran.ge(1)));
    const outcome = run({ shared: k, actors: [flushes, kworker], always: { ran } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 10, findings: [] });
  });

  it("does not wait for a later one", () => {
    const flushes = user("flushes", queue, flush_work(k.work));
    const outcome = run({
      shared: k,
      actors: [flushes, user("again", queue), kworker],
      reachable: { still_pending: some(flushes, (f) => f.at("done").and(k.work.pending)) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("waits for the second instance when it runs and is queued again", () => {
    const second = user("second", { ...queue }, flush_work(k.work));
    const ran_since = every(second, (s) => s.at("done").implies(k.ran.ge(1)));
    const outcome = run({
      shared: k,
      actors: [user("first", queue), second, kworker],
      always: { ran_since },
      reachable: {
        both: some(second, (s) => s.at("call.wait").and(k.work.pending, k.work.running)),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("of nothing returns at once", () => {
    const flushes = user("flushes", {}, flush_work(k.work));
    expect(run({ shared: k, actors: [flushes] })).toMatchObject({ verdict: "holds", states: 2 });
  });

  it("by the work itself is a deadlock", () => {
    const itself = worker("kworker", { work: [k.work, flush_work(k.work)] });
    expect(run({ shared: k, actors: [user("q", queue), itself] }).verdict).toBe("deadlock");
  });

  it("under a lock that the work takes is a deadlock", () => {
    const takes = routine("func", {}, () => ({
      lock: ["mutex_lock(&m)", mutex_lock(k.m)],
      unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
    }));
    const flushes = actor("flushes", {}, () => ({
      queue: ["queue_work()", queue_work(k.work)],
      lock: ["mutex_lock(&m)", mutex_lock(k.m)],
      flush: flush_work(k.work),
      unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
    }));
    const actors = [flushes, worker("kworker", { work: [k.work, takes] })];
    expect(run({ shared: k, actors }).verdict).toBe("deadlock");
  });
});

describe("cancel_work_sync() and disable_work_sync()", () => {
  const idle_now = k.work.pending.or(k.work.running).not();

  it("on return it is neither queued nor running", () => {
    const cancels = user("cancels", queue, cancel_work_sync(k.work));
    const gone = every(cancels, (c) => c.at("done").implies(idle_now));
    const outcome = run({
      shared: k,
      actors: [cancels, kworker],
      always: { gone },
      reachable: {
        in_time: some(cancels, (c) => c.at("done").and(k.ran.eq(0))),
        too_late: some(cancels, (c) => c.at("done").and(k.ran.eq(1))),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 11, findings: [] });
  });

  it("nobody queues it meanwhile, but afterwards", () => {
    const cancels = user("cancels", queue, cancel_work_sync(k.work));
    const not_meanwhile = every(cancels, (c) => c.at("call.wait").and(k.work.pending).not());
    const outcome = run({
      shared: k,
      actors: [cancels, user("again", queue), kworker],
      always: { not_meanwhile },
      reachable: { queued_after: some(cancels, (c) => c.at("done").and(k.work.pending)) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("disabled, it stays so until enable_work()", () => {
    const disables = user("disables", queue, disable_work_sync(k.work));
    const gone = every(disables, (d) => d.at("done").implies(idle_now));
    const actors = [disables, user("again", queue), kworker];
    expect(run({ shared: k, actors, always: { gone } }).verdict).toBe("holds");
    const enables = actor("enables", {}, () => ({
      off: disable_work_sync(k.work),
      on: ["enable_work()", enable_work(k.work)],
      queue: ["queue_work()", queue_work(k.work)],
    }));
    const ran = { ran: k.ran.eq(1) };
    expect(run({ shared: k, actors: [enables, kworker], at_rest: ran }).verdict).toBe("holds");
  });

  it("cancel_work() alone does not wait for a running instance", () => {
    const cancels = user("cancels", { ...queue, cancel: [cancel_work(k.work)] });
    const gone = every(cancels, (c) => c.at("done").implies(idle_now));
    expect(run({ shared: k, actors: [cancels, kworker], always: { gone } }).verdict).toBe("gone");
  });

  it("whoever flushes an instance that is cancelled goes on", () => {
    const flushes = user("flushes", queue, flush_work(k.work));
    const cancels = user("cancels", {}, cancel_work_sync(k.work));
    expect(run({ shared: k, actors: [flushes, cancels, kworker] }).verdict).toBe("holds");
    expect(run({ shared: k, actors: [flushes, cancels] }).verdict).toBe("deadlock");
  });

  it("cancelled by the work itself: deadlock", () => {
    const itself = worker("kworker", { work: [k.work, cancel_work_sync(k.work)] });
    expect(run({ shared: k, actors: [user("q", queue), itself] }).verdict).toBe("deadlock");
  });

  it("enabled more often than disabled", () => {
    const bad = user("bad", { on: [enable_work(k.work)] });
    expect(run({ shared: k, actors: [bad] }).verdict).toBe("range_overflow");
  });
});
