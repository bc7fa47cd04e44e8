/** RCU and SRCU: who waits, waits for the sections that were open when it began. */
import { actor, bool, every, goto, set, shared, some } from "mmrace";
import {
  rcu,
  rcu_read_lock,
  rcu_read_unlock,
  srcu_read_lock,
  srcu_read_unlock,
  srcu_struct,
  synchronize_rcu,
  synchronize_srcu,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ rcu: rcu(), srcu: srcu_struct(), published: bool.init(true), freed: bool });
const { published, freed } = k;

const reader = actor("reader", { got: bool }, (me) => ({
  lock: ["rcu_read_lock()", rcu_read_lock(k.rcu)],
  load: ["p = rcu_dereference(ptr)", set(me.got, published)],
  use: ["use *p"],
  unlock: ["rcu_read_unlock()", rcu_read_unlock(k.rcu)],
}));
const no_use_after_free = every(reader, (r) => r.at("use").and(r.local.got, freed).not());
const updater = actor("updater", {}, () => ({
  remove: ["rcu_assign_pointer(ptr, NULL)", set(published, false)],
  grace: synchronize_rcu(k.rcu),
  free: ["kfree(p)", set(freed, true)],
}));

describe("RCU", () => {
  // A reader is before, inside or behind; nothing ever stops it.
  it.each([1, 2, 3])("%i readers", (n) => {
    const plain = actor("plain", {}, () => ({
      lock: ["rcu_read_lock()", rcu_read_lock(k.rcu)],
      unlock: ["rcu_read_unlock()", rcu_read_unlock(k.rcu)],
    }));
    const outcome = run({ shared: k, actors: [plain.times(n)] });
    expect(outcome).toMatchObject(holds(3 ** n, 2 * n * 3 ** (n - 1)));
    // With a synchronize_rcu(): before it 3^n, behind it 3^n, inside: a reader that is in its
    // section is waited for or came later, so 4^n.
    const waits = actor("waits", {}, () => ({ grace: synchronize_rcu(k.rcu) }));
    const both = run({ shared: k, actors: [plain.times(n), waits] });
    expect(both).toMatchObject({ verdict: "holds", states: 2 * 3 ** n + 4 ** n, findings: [] });
  });

  it("what was published is freed behind a grace period", () => {
    const always = { no_use_after_free };
    const reachable = { overlap: some(updater, (u) => u.at("free").and(some(reader, inside))) };
    const actors = [reader.times(2), updater];
    expect(run({ shared: k, actors, always, reachable })).toMatchObject({
      verdict: "holds",
      findings: [],
    });
  });
  const inside = (r: { at(label: string): typeof no_use_after_free }) => r.at("use");

  it("freed without a grace period", () => {
    const hasty = actor("hasty", {}, () => ({
      remove: ["rcu_assign_pointer(ptr, NULL)", set(published, false)],
      free: ["kfree(p)", set(freed, true)],
    }));
    const outcome = run({ shared: k, actors: [reader, hasty], always: { no_use_after_free } });
    expect(outcome.verdict).toBe("no_use_after_free");
  });

  it("freed behind a grace period that began before the pointer was cleared", () => {
    const wrong = actor("wrong", {}, () => ({
      grace: synchronize_rcu(k.rcu),
      remove: ["rcu_assign_pointer(ptr, NULL)", set(published, false)],
      free: ["kfree(p)", set(freed, true)],
    }));
    const outcome = run({ shared: k, actors: [reader, wrong], always: { no_use_after_free } });
    expect(outcome.verdict).toBe("no_use_after_free");
  });

  it("sections nest as deep as declared; the outermost end counts", () => {
    const deep = shared({ rcu: rcu(2), published: bool.init(true), freed: bool });
    const nested = actor("nested", {}, () => ({
      lock: ["rcu_read_lock()", rcu_read_lock(deep.rcu)],
      again: ["rcu_read_lock()", rcu_read_lock(deep.rcu)],
      unlock: ["rcu_read_unlock()", rcu_read_unlock(deep.rcu)],
      last: ["rcu_read_unlock()", rcu_read_unlock(deep.rcu)],
    }));
    const waits = actor("waits", {}, () => ({ grace: synchronize_rcu(deep.rcu) }));
    // 5 places before and behind it. Inside: at the 3 within the section also as one that came
    // later.
    const outcome = run({ shared: deep, actors: [nested, waits] });
    expect(outcome).toMatchObject({ verdict: "holds", states: 5 + 5 + 5 + 3 });
    const deep_reader = actor("deep_reader", { got: bool }, (me) => ({
      lock: ["rcu_read_lock() twice", rcu_read_lock(deep.rcu), rcu_read_lock(deep.rcu)],
      load: ["p = rcu_dereference(ptr)", set(me.got, deep.published)],
      inner: ["rcu_read_unlock()", rcu_read_unlock(deep.rcu)],
      use: ["use *p"],
      outer: ["rcu_read_unlock()", rcu_read_unlock(deep.rcu)],
    }));
    const frees = actor("frees", {}, () => ({
      remove: ["rcu_assign_pointer(ptr, NULL)", set(deep.published, false)],
      grace: synchronize_rcu(deep.rcu),
      free: ["kfree(p)", set(deep.freed, true)],
    }));
    const safe = every(deep_reader, (r) => r.at("use").and(r.local.got, deep.freed).not());
    const freed_late = run({ shared: deep, actors: [deep_reader, frees], always: { safe } });
    expect(freed_late).toMatchObject({ verdict: "holds", findings: [] });
    const three = actor("three", {}, () => ({
      lock: ["rcu_read_lock()", ...[1, 2, 3].map(() => rcu_read_lock(deep.rcu))],
    }));
    expect(run({ shared: deep, actors: [three] }).verdict).toBe("range_overflow");
  });

  it.each([
    ["unlock_by_stranger", [rcu_read_unlock(k.rcu)]],
    ["lock_held_on_exit", [rcu_read_lock(k.rcu)]],
    ["unlock_by_stranger", [srcu_read_unlock(k.srcu)]],
    ["lock_held_on_exit", [srcu_read_lock(k.srcu)]],
  ])("misuse: %s %#", (rule, effects) => {
    const bad = actor("bad", {}, () => ({ a: ["a", ...effects] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });
});

describe("SRCU", () => {
  it("synchronize_srcu() inside its own section is a deadlock", () => {
    const bad = actor("bad", {}, () => ({
      lock: ["srcu_read_lock()", srcu_read_lock(k.srcu)],
      grace: synchronize_srcu(k.srcu),
      unlock: ["srcu_read_unlock()", srcu_read_unlock(k.srcu)],
    }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe("deadlock");
  });

  it("does not wait for RCU readers, nor the other way round", () => {
    const stays = actor("stays", {}, () => ({
      lock: ["rcu_read_lock()", rcu_read_lock(k.rcu)],
      inside: ["never leaves", goto("inside")],
    }));
    const waits = actor("waits", {}, () => ({ grace: synchronize_srcu(k.srcu) }));
    expect(run({ shared: k, actors: [stays, waits] })).toMatchObject(
      holds(2 * 3, 2 * 2 + 3 + 3 - 2 + 2),
    );
  });
});
