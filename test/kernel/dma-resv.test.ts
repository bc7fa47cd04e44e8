/** dma_resv: a plain mutex without an acquire context, Wait-Die with one. */
import { actor, bool, exists, goto, proc, self, set, shared, when } from "mmrace";
import {
  type DmaResv,
  dma_resv,
  dma_resv_lock,
  dma_resv_lock_ctx,
  dma_resv_lock_slow,
  dma_resv_set_locked,
  dma_resv_trylock,
  dma_resv_unlock,
  ww_acquire_fini,
  ww_acquire_init,
  ww_class,
  ww_unlocked_all,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({
  a: dma_resv({ ctx: true }),
  b: dma_resv({ ctx: true }),
  c: dma_resv({ ctx: true }),
  ctx: ww_class(),
  oldest_died: bool,
  somebody_died: bool,
});

/** Locks two objects in that order with an acquire context, as a driver's validation loop does. */
const transaction = (name: string, first: DmaResv, second: DmaResv) =>
  actor(name, { edeadlk: bool }, (me) => {
    const has_elder = exists(proc, (p) => k.ctx.older.at(p).at(self));
    const died = [set(k.somebody_died, true), when(has_elder.not(), [set(k.oldest_died, true)])];
    return {
      init: ["ww_acquire_init(&ctx)", ww_acquire_init(k.ctx)],
      first: ["dma_resv_lock(first, &ctx)", dma_resv_lock_ctx(first, k.ctx, me.edeadlk)],
      second: [
        "if (dma_resv_lock(second, &ctx) == -EDEADLK) goto backoff",
        dma_resv_lock_ctx(second, k.ctx, me.edeadlk),
        when(me.edeadlk, [...died, goto("backoff")]),
      ],
      locked: ["both locked", goto("unlock")],
      backoff: ["dma_resv_unlock(first)", dma_resv_unlock(first), ww_unlocked_all(k.ctx)],
      slow: ["dma_resv_lock_slow(second, &ctx)", dma_resv_lock_slow(second, k.ctx)],
      again: [
        "if (dma_resv_lock(first, &ctx) == -EDEADLK) goto backoff2",
        dma_resv_lock_ctx(first, k.ctx, me.edeadlk),
        when(me.edeadlk, [...died, goto("backoff2")]),
        goto("unlock"),
      ],
      backoff2: [
        "dma_resv_unlock(second); restart",
        dma_resv_unlock(second),
        ww_unlocked_all(k.ctx),
        goto("first"),
      ],
      unlock: [
        "dma_resv_unlock(both); ww_acquire_fini(&ctx)",
        dma_resv_unlock(first),
        dma_resv_unlock(second),
        ww_unlocked_all(k.ctx),
        ww_acquire_fini(k.ctx),
      ],
    };
  });
const plain = (name: string, first: DmaResv, second: DmaResv) =>
  actor(name, {}, () => ({
    first: ["dma_resv_lock(first, NULL)", dma_resv_lock(first)],
    second: ["dma_resv_lock(second, NULL)", dma_resv_lock(second)],
    unlock: ["dma_resv_unlock(both)", dma_resv_unlock(second), dma_resv_unlock(first)],
  }));

describe("dma_resv without an acquire context", () => {
  const client = actor("client", {}, () => ({
    lock: ["dma_resv_lock(obj, NULL)", dma_resv_lock(k.a)],
    unlock: ["dma_resv_unlock(obj)", dma_resv_unlock(k.a)],
  }));

  // As a mutex.
  it.each([1, 2, 4])("%i clients", (n) => {
    const outcome = run({ shared: k, actors: [client.times(n)] });
    expect(outcome).toMatchObject(holds(2 ** n + n * 2 ** (n - 1), n * 2 ** n));
  });

  it("opposite order deadlocks", () => {
    const outcome = run({ shared: k, actors: [plain("ab", k.a, k.b), plain("ba", k.b, k.a)] });
    expect(outcome).toMatchObject({ verdict: "deadlock", steps: ["ab.first", "ba.first"] });
  });

  it("trylock has no place in any order", () => {
    const tries = actor("tries", {}, () => ({
      first: ["dma_resv_lock(b, NULL)", dma_resv_lock(k.b)],
      second: [
        "if (dma_resv_trylock(a)) dma_resv_unlock(a)",
        dma_resv_trylock(k.a, [dma_resv_unlock(k.a)], []),
      ],
      unlock: ["dma_resv_unlock(b)", dma_resv_unlock(k.b)],
    }));
    const outcome = run({ shared: k, actors: [plain("ab", k.a, k.b), tries] });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it.each([
    ["recursive_lock", [dma_resv_lock(k.a)], [dma_resv_lock(k.a)]],
    ["unlock_by_stranger", [dma_resv_unlock(k.a)], []],
    ["lock_held_on_exit", [], [dma_resv_set_locked(k.a)]],
    ["recursive_lock", [ww_acquire_init(k.ctx)], [ww_acquire_init(k.ctx)]],
    ["lock_without_ctx", [dma_resv_lock_ctx(k.a, k.ctx, k.oldest_died)], []],
    [
      "ww_acquire_fini_with_locks",
      [ww_acquire_init(k.ctx)],
      [dma_resv_lock_ctx(k.a, k.ctx, k.oldest_died), ww_acquire_fini(k.ctx)],
    ],
    [
      "slow_path_with_locks",
      [ww_acquire_init(k.ctx), set(k.ctx.acquired.at(self), true)],
      [dma_resv_lock_slow(k.a, k.ctx)],
    ],
  ])("misuse: %s %#", (rule, first, second) => {
    const bad = actor("bad", {}, () => ({ a: ["first", ...first], b: ["second", ...second] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });
});

describe("dma_resv with an acquire context: Wait-Die", () => {
  const ab = transaction("ab", k.a, k.b);
  const ba = transaction("ba", k.b, k.a);
  const always = { the_oldest_never_dies: k.oldest_died.not() };
  const reachable = { somebody_dies: k.somebody_died };

  it("one order: nobody dies", () => {
    const outcome = run({
      shared: k,
      actors: [ab.times(2)],
      always: { nobody: k.somebody_died.not() },
    });
    expect(outcome.verdict).toBe("holds");
  });

  it("opposite order never deadlocks, the younger dies, the oldest never", () => {
    const outcome = run({ shared: k, actors: [ab, ba], always, reachable });
    expect(outcome).toMatchObject({ verdict: "holds", states: 51, transitions: 64 });
    // The younger one waits in the slow path until the older one has finished: it dies once.
    expect(outcome.findings).toEqual([
      "label_never_fired ab.backoff2",
      "label_never_fired ba.backoff2",
    ]);
  });

  it("a ring of three", () => {
    const ring = [ab, transaction("bc", k.b, k.c), transaction("ca", k.c, k.a)];
    const outcome = run({ shared: k, actors: ring, always, reachable });
    expect(outcome).toMatchObject({ verdict: "holds", states: 615, findings: [] });
    const rings = [plain("ab", k.a, k.b), plain("bc", k.b, k.c), plain("ca", k.c, k.a)];
    expect(run({ shared: k, actors: rings }).verdict).toBe("deadlock");
  });

  // In both transactions b is locked last, so that to wait for it is safe.
  it("nobody dies for a lock that was tried, however old its holder is", () => {
    const walks = actor("walks", {}, () => ({
      init: ["ww_acquire_init(&ctx)", ww_acquire_init(k.ctx)],
      walk: ["if (!dma_resv_trylock(b)) continue", dma_resv_trylock(k.b, [], [goto("fini")])],
      walked: ["dma_resv_unlock(b)", dma_resv_unlock(k.b)],
      fini: ["ww_acquire_fini(&ctx)", ww_acquire_fini(k.ctx)],
    }));
    const meets_an_elder = exists(proc, (p) =>
      k.b.owner.eq(p).and(exists(proc, (q) => k.a.owner.eq(q).and(k.ctx.older.at(p).at(q)))),
    );
    const outcome = run({
      shared: k,
      actors: [ab, walks],
      always: { nobody_died: k.somebody_died.not() },
      reachable: { meets_an_elder },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 38 });
    expect(outcome.findings.filter((f) => f.startsWith("never_reached"))).toEqual([]);
  });

  it("a dma_resv that is declared without transactions: a mistake with its fix", () => {
    const gem = shared({ resv: dma_resv() });
    expect(() => dma_resv_lock_slow(gem.resv, k.ctx)).toThrowError(
      expect.objectContaining({ code: "MR107", fix: "declare it: dma_resv({ ctx: true })" }),
    );
  });

  it("waiting where one has to die: deadlock", () => {
    const stubborn = actor("stubborn", { edeadlk: bool }, (me) => ({
      init: ["ww_acquire_init(&ctx)", ww_acquire_init(k.ctx)],
      first: ["dma_resv_lock(b, &ctx)", dma_resv_lock_ctx(k.b, k.ctx, me.edeadlk)],
      second: ["dma_resv_lock(a, NULL)", dma_resv_lock(k.a)],
      unlock: [
        "dma_resv_unlock(both)",
        dma_resv_unlock(k.a),
        dma_resv_unlock(k.b),
        ww_unlocked_all(k.ctx),
        ww_acquire_fini(k.ctx),
      ],
    }));
    expect(run({ shared: k, actors: [ab, stubborn] }).verdict).toBe("deadlock");
  });
});
