/** Completions and wait queues. */
import { actor, bool, every, goto, idle, set, shared } from "mmrace";
import {
  complete,
  complete_all,
  completion,
  completion_done,
  mutex,
  mutex_lock,
  mutex_unlock,
  reinit_completion,
  try_wait_for_completion,
  wait_event,
  wait_for_completion,
  wait_queue_head,
  wake_up,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ x: completion(2), m: mutex(), wq: wait_queue_head(), ready: bool });
const waiter = actor("waiter", {}, () => ({
  wait: ["wait_for_completion(&x)", wait_for_completion(k.x)],
}));

describe("completion", () => {
  it("complete() lets one through", () => {
    // One of each: before, completed, through.
    expect(run({ shared: k, actors: [bare(), waiter] })).toMatchObject(holds(3, 2));
    expect(run({ shared: k, actors: [bare(), waiter.times(2)] }).verdict).toBe("deadlock");
    // Two of each: i of 2 have completed, j <= i of 2 are through: ways to choose them.
    const states = 1 + 2 * (1 + 2) + 1 * (1 + 2 + 1);
    expect(run({ shared: k, actors: [bare(2), waiter.times(2)] })).toMatchObject({
      verdict: "holds",
      states,
    });
  });
  const bare = (n = 1) =>
    actor("completer", {}, () => ({ signal: ["complete(&x)", complete(k.x)] })).times(n);

  it("is remembered once for each complete(), and no oftener than declared", () => {
    expect(run({ shared: k, actors: [bare(2)] }).verdict).toBe("holds");
    expect(run({ shared: k, actors: [bare(3)] }).verdict).toBe("range_overflow");
  });

  it("complete_all() lets everybody through, also later", () => {
    const all = actor("all", {}, () => ({ signal: ["complete_all(&x)", complete_all(k.x)] }));
    expect(run({ shared: k, actors: [all, waiter.times(3)] })).toMatchObject(holds(1 + 2 ** 3, 13));
  });

  it("reinit_completion() forgets", () => {
    const again = actor("again", {}, () => ({
      signal: ["complete_all(&x)", complete_all(k.x)],
      reinit: ["reinit_completion(&x)", reinit_completion(k.x)],
    }));
    expect(run({ shared: k, actors: [again, waiter] }).verdict).toBe("deadlock");
  });

  it("try_wait_for_completion() and completion_done()", () => {
    const tries = actor("tries", { done: bool, got: bool }, (me) => ({
      look: ["completion_done(&x)", set(me.done, completion_done(k.x))],
      try: [
        "try_wait_for_completion(&x)",
        try_wait_for_completion(k.x, [set(me.got, true)], [set(me.got, false)]),
      ],
      after: ["after"],
    }));
    const right = every(tries, (t) => t.at("after").and(t.local.done).implies(t.local.got));
    const outcome = run({ shared: k, actors: [bare(), tries], always: { right } });
    expect(outcome.verdict).toBe("holds");
  });

  it("waiting under a lock that the completing side needs", () => {
    const waits = actor("waits", {}, () => ({
      lock: ["mutex_lock(&m)", mutex_lock(k.m)],
      wait: ["wait_for_completion(&x)", wait_for_completion(k.x)],
      unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
    }));
    const works = actor("works", {}, () => ({
      lock: ["mutex_lock(&m)", mutex_lock(k.m)],
      unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
      signal: ["complete(&x)", complete(k.x)],
    }));
    expect(run({ shared: k, actors: [waits, works] })).toMatchObject({
      verdict: "deadlock",
      steps: ["waits.lock"],
    });
  });
});

describe("wait queue", () => {
  const sleeper = actor("sleeper", {}, () => ({
    sleep: wait_event(k.wq, "ready", k.ready),
    awake: ["goes on"],
  }));
  const seen = every(sleeper, (s) => s.at("awake").implies(k.ready));

  it("the condition, then wake_up()", () => {
    const wakes = actor("wakes", {}, () => ({
      set: ["ready = true", set(k.ready, true)],
      wake: ["wake_up(&wq)", wake_up(k.wq)],
    }));
    const outcome = run({ shared: k, actors: [sleeper.times(2), wakes], always: { seen } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 36, findings: [] });
  });

  it("wake_up(), then the condition: the wake-up is lost", () => {
    const wrong = actor("wrong", {}, () => ({
      wake: ["wake_up(&wq)", wake_up(k.wq)],
      set: ["ready = true", set(k.ready, true)],
    }));
    expect(run({ shared: k, actors: [sleeper, wrong] })).toMatchObject({ verdict: "deadlock" });
  });

  it("no wake_up() at all", () => {
    const silent = actor("silent", {}, () => ({ set: ["ready = true", set(k.ready, true)] }));
    expect(run({ shared: k, actors: [sleeper, silent] })).toMatchObject({
      verdict: "deadlock",
      steps: ["sleeper.sleep.prepare", "silent.set"],
    });
  });

  it("a wake-up for nothing: looks again, sleeps again", () => {
    const noise = actor("noise", {}, () => ({
      wake: ["wake_up(&wq)", idle(), wake_up(k.wq), goto("wake")],
    }));
    const outcome = run({ shared: k, actors: [sleeper, noise], always: { seen } });
    expect(outcome.findings).toEqual(["label_never_fired sleeper.awake"]);
    // At prepare; asleep in the queue; woken.
    expect(outcome.states).toBe(3);
  });
});
