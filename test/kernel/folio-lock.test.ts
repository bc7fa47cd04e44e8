/** PG_locked: a sleeping bit lock, its trylock, and waiting for it without owning it. */
import { actor, every, goto, shared } from "mmrace";
import {
  folio_lock,
  folio_lock_bit,
  folio_test_locked,
  folio_trylock,
  folio_unlock,
  folio_wait_locked,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ lock: folio_lock_bit() });
const locker = actor("locker", {}, () => ({
  lock: ["folio_lock(folio)", folio_lock(k.lock)],
  unlock: ["folio_unlock(folio)", folio_unlock(k.lock)],
}));
const waiter = actor("waiter", {}, () => ({
  wait: ["folio_wait_locked(folio)", folio_wait_locked(k.lock)],
}));

describe("folio lock", () => {
  // As a mutex, and twice that with somebody who waits or has waited: waiting owns nothing. It is
  // enabled in the 2^n states in which nobody has the lock.
  it.each([1, 2, 3])("%i lockers and a waiter", (n) => {
    const states = 2 ** n + n * 2 ** (n - 1);
    const alone = run({ shared: k, actors: [locker.times(n)] });
    expect(alone).toMatchObject(holds(states, n * 2 ** n));
    const watched = run({ shared: k, actors: [locker.times(n), waiter] });
    expect(watched).toMatchObject(holds(2 * states, 2 * n * 2 ** n + 2 ** n));
  });

  it("a waiter is stuck behind a lock that is never released", () => {
    const keeps = actor("keeps", {}, () => ({
      lock: ["folio_lock(folio)", folio_lock(k.lock)],
      wait: ["folio_wait_locked(folio)", folio_wait_locked(k.lock)],
    }));
    expect(run({ shared: k, actors: [keeps] })).toMatchObject({
      verdict: "deadlock",
      steps: ["keeps.lock"],
    });
  });

  it("trylock never waits", () => {
    const tries = actor("tries", {}, () => ({
      try: ["if (!folio_trylock(folio)) return", folio_trylock(k.lock, [], [goto("done")])],
      unlock: ["folio_unlock(folio)", folio_unlock(k.lock)],
    }));
    const locked = every(tries, (t) => t.at("unlock").implies(folio_test_locked(k.lock)));
    // 3^2 pairs without the one in which both have it: here a loser is behind, not blocked.
    const outcome = run({ shared: k, actors: [tries.times(2)], always: { locked } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 3 ** 2 - 1, findings: [] });
  });

  it.each([
    ["recursive_lock", [folio_lock(k.lock)], [folio_lock(k.lock)]],
    ["unlock_by_stranger", [folio_unlock(k.lock)], []],
    ["lock_held_on_exit", [], [folio_lock(k.lock)]],
  ])("misuse: %s", (rule, first, second) => {
    const bad = actor("bad", {}, () => ({ a: ["first", ...first], b: ["second", ...second] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });
});
