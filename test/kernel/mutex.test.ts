/** struct mutex. */
import { actor, array, every, scalarset, shared } from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ m: mutex() });
const client = actor("client", {}, () => ({
  lock: ["mutex_lock(&m)", mutex_lock(k.m)],
  unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
}));
const one_owner = every(client, (t) => t.at("unlock").implies(k.m.owner.eq(t.proc)));

describe("mutex", () => {
  // Before, inside, behind: at most one of n is inside. 2^n states with nobody inside, n * 2^(n-1)
  // with one. Taking: each of n with the others outside; releasing: as often.
  it.each([1, 2, 3, 4, 6])("%i clients", (n) => {
    const outcome = run({ shared: k, actors: [client.times(n)], always: { one_owner } });
    expect(outcome).toMatchObject(holds(2 ** n + n * 2 ** (n - 1), n * 2 ** n));
  });

  it("locks of an array are independent", () => {
    const Slot = scalarset("Slot", 2);
    const many = shared({ m: array(Slot, mutex()) });
    const user = actor("user", { slot: Slot.any() }, (me) => ({
      lock: ["mutex_lock(&m[slot])", mutex_lock(many.m.at(me.slot))],
      unlock: ["mutex_unlock(&m[slot])", mutex_unlock(many.m.at(me.slot))],
    })).times(2);
    const excluded = every(user, (a) =>
      every(user, (b) =>
        a.proc
          .eq(b.proc)
          .or(a.at("unlock").and(b.at("unlock"), a.local.slot.eq(b.local.slot)).not()),
      ),
    );
    // Each starts with either slot: twice the same lock, 8 states each; twice two locks, 3^2 each.
    const outcome = run({ shared: many, actors: [user], always: { excluded } });
    expect(outcome).toMatchObject(holds(2 * 8 + 2 * 9, 2 * 8 + 2 * 12));
  });

  it.each([
    ["recursive_lock", [mutex_lock(k.m)], [mutex_lock(k.m)]],
    ["unlock_by_stranger", [mutex_unlock(k.m)], []],
    ["lock_held_on_exit", [mutex_lock(k.m)], []],
  ])("misuse: %s", (rule, first, second) => {
    const bad = actor("bad", {}, () => ({
      first: ["first", ...first],
      second: ["second", ...second],
    }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });

  it("an unlock for somebody else", () => {
    const owner = actor("owner", {}, () => ({
      lock: ["mutex_lock(&m)", mutex_lock(k.m)],
      unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
    }));
    const stranger = actor("stranger", {}, () => ({
      unlock: ["mutex_unlock(&m)", mutex_unlock(k.m)],
    }));
    const outcome = run({ shared: k, actors: [owner, stranger] });
    expect(outcome).toMatchObject({ verdict: "unlock_by_stranger", steps: ["stranger.unlock"] });
  });

  it("a lock that is never given back blocks the next one", () => {
    const leak = actor("leak", {}, () => ({ lock: ["mutex_lock(&m)", mutex_lock(k.m)] }));
    expect(run({ shared: k, actors: [leak, client] }).verdict).toBe("lock_held_on_exit");
  });

  it("two locks in opposite order", () => {
    const two = shared({ a: mutex(), b: mutex() });
    const path = (name: string, first: typeof two.a, second: typeof two.a) =>
      actor(name, {}, () => ({
        outer: ["mutex_lock(first)", mutex_lock(first)],
        inner: ["mutex_lock(second)", mutex_lock(second)],
        drop: ["mutex_unlock(both)", mutex_unlock(second), mutex_unlock(first)],
      }));
    const ab = path("ab", two.a, two.b);
    const ba = path("ba", two.b, two.a);
    const crossed = run({ shared: two, actors: [ab, ba] });
    expect(crossed).toMatchObject({ verdict: "deadlock", steps: ["ab.outer", "ba.outer"] });
    expect(run({ shared: two, actors: [ab.times(2)] })).toMatchObject({ verdict: "holds" });
  });
});
