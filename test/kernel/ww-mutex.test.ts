/** Wound-Wait: the younger one backs off, but only when it would have to wait. */
import { actor, bool, exists, goto, proc, self, set, shared, when } from "mmrace";
import {
  type WwMutex,
  ww_acquire_fini,
  ww_acquire_init,
  ww_class,
  ww_mutex,
  ww_mutex_lock,
  ww_mutex_lock_slow,
  ww_mutex_unlock,
  ww_unlocked_all,
  ww_wounded,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const k = shared({
  a: ww_mutex(),
  b: ww_mutex(),
  c: ww_mutex(),
  ctx: ww_class(),
  wounded: ww_wounded(),
  oldest_died: bool,
  somebody_died: bool,
});

const has_elder = exists(proc, (p) => k.ctx.older.at(p).at(self));
const died = [set(k.somebody_died, true), when(has_elder.not(), [set(k.oldest_died, true)])];
const unlock_all = (...locks: WwMutex[]) => [
  ...locks.map((m) => when(m.owner.eq(self), [ww_mutex_unlock(m)])),
  ww_unlocked_all(k.ctx),
];

const transaction = (name: string, first: WwMutex, second: WwMutex) =>
  actor(name, { edeadlk: bool }, (me) => ({
    init: ["ww_acquire_init(&ctx)", ww_acquire_init(k.ctx)],
    first: ww_mutex_lock(first, k.ctx, k.wounded, me.edeadlk),
    first_ret: ["if (-EDEADLK) goto backoff", when(me.edeadlk, [...died, goto("backoff_first")])],
    second: ww_mutex_lock(second, k.ctx, k.wounded, me.edeadlk),
    second_ret: ["if (-EDEADLK) goto backoff", when(me.edeadlk, [...died, goto("backoff")])],
    locked: ["both locked", goto("unlock")],
    backoff: ["unlock all", ...unlock_all(first, second)],
    slow: ww_mutex_lock_slow(second, k.ctx, k.wounded),
    then: ww_mutex_lock(first, k.ctx, k.wounded, me.edeadlk),
    then_ret: ["if (!ret) goto unlock", when(me.edeadlk.not(), [goto("unlock")]), ...died],
    backoff_first: ["unlock all", ...unlock_all(first, second)],
    slow_first: ww_mutex_lock_slow(first, k.ctx, k.wounded),
    again: ["go on with the second", goto("second")],
    unlock: ["unlock all; ww_acquire_fini()", ...unlock_all(first, second), ww_acquire_fini(k.ctx)],
  }));
const always = { the_oldest_never_dies: k.oldest_died.not() };
const reachable = { somebody_dies: k.somebody_died };

describe("ww_mutex: Wound-Wait", () => {
  const ab = transaction("ab", k.a, k.b);
  const ba = transaction("ba", k.b, k.a);

  // Who waits for the first lock has none that others could need: it wounds nobody.
  it("one order: nobody is wounded", () => {
    const nobody_wounded = exists(proc, (p) => k.wounded.by_older.at(p)).not();
    const outcome = run({ shared: k, actors: [ab.times(2)], always: { nobody_wounded } });
    expect(outcome.verdict).toBe("holds");
  });

  it("opposite order never deadlocks, the younger dies, the oldest never", () => {
    const outcome = run({ shared: k, actors: [ab, ba], always, reachable });
    expect(outcome).toMatchObject({ verdict: "holds", states: 113 });
    expect(outcome.findings.filter((f) => f.startsWith("never_reached"))).toEqual([]);
  });

  it("a ring of three", () => {
    const ring = [ab, transaction("bc", k.b, k.c), transaction("ca", k.c, k.a)];
    const outcome = run({ shared: k, actors: ring, always, reachable });
    expect(outcome).toMatchObject({ verdict: "holds", states: 2115 });
    expect(outcome.findings.filter((f) => f.startsWith("never_reached"))).toEqual([]);
  });

  it.each([
    ["unlock_by_stranger", [ww_mutex_unlock(k.a)]],
    ["lock_held_on_exit", [set(k.a.owner, self)]],
  ])("misuse: %s", (rule, effects) => {
    const bad = actor("bad", {}, () => ({ a: ["a", ...effects] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });

  it("misuse: lock_without_ctx, recursive_lock, slow_path_with_locks", () => {
    const lock = (m: WwMutex) => ww_mutex_lock(m, k.ctx, k.wounded, k.oldest_died);
    const none = actor("bad", {}, () => ({ lock: lock(k.a) }));
    expect(run({ shared: k, actors: [none] }).verdict).toBe("lock_without_ctx");
    const init = ["ww_acquire_init()", ww_acquire_init(k.ctx)] as const;
    const twice = actor("bad", {}, () => ({ init, lock: lock(k.a), again: lock(k.a) }));
    expect(run({ shared: k, actors: [twice] }).verdict).toBe("recursive_lock");
    const slow = ww_mutex_lock_slow(k.b, k.ctx, k.wounded);
    const holds_one = actor("bad", {}, () => ({ init, lock: lock(k.a), slow }));
    expect(run({ shared: k, actors: [holds_one] }).verdict).toBe("slow_path_with_locks");
  });
});
