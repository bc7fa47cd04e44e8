/** drm_exec: all objects are locked in the end, whatever the order, and nobody deadlocks. */
import { actor, all, every, shared } from "mmrace";
import {
  type DmaResv,
  dma_resv,
  dma_resv_lock,
  dma_resv_unlock,
  drm_exec_fini,
  drm_exec_until_all_locked,
  ww_class,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({
  a: dma_resv({ ctx: true }),
  b: dma_resv({ ctx: true }),
  c: dma_resv({ ctx: true }),
  ctx: ww_class(),
});

const job = (name: string, ...objects: DmaResv[]) =>
  actor(name, {}, () => ({
    lock: drm_exec_until_all_locked(k.ctx, objects),
    work: ["reserve fences, run the job"],
    fini: drm_exec_fini(k.ctx, objects),
  }));
const has_all = (who: ReturnType<typeof job>, ...objects: DmaResv[]) =>
  every(who, (j) => j.at("work").implies(all(...objects.map((o) => o.owner.eq(j.proc)))));

describe("drm_exec", () => {
  // init, one lock each, work, one unlock each, and the end of the loop with ww_acquire_fini().
  it.each([
    ["one object", [k.a]],
    ["two", [k.a, k.b]],
    ["three", [k.a, k.b, k.c]],
  ])("%s: alone it is a chain", (_, objects) => {
    const n = objects.length;
    const outcome = run({ shared: k, actors: [job("job", ...objects)] });
    expect(outcome).toMatchObject(holds(1 + 1 + n + 1 + n + 1, 3 + 2 * n));
  });

  it("two jobs in opposite order", () => {
    const ab = job("ab", k.a, k.b);
    const ba = job("ba", k.b, k.a);
    const always = { ab: has_all(ab, k.a, k.b), ba: has_all(ba, k.b, k.a) };
    const outcome = run({ shared: k, actors: [ab, ba], always });
    expect(outcome).toMatchObject({ verdict: "holds", states: 110, findings: [] });
  });

  it("three jobs in a ring, each of two objects", () => {
    const ring = [job("ab", k.a, k.b), job("bc", k.b, k.c), job("ca", k.c, k.a)];
    const outcome = run({ shared: k, actors: ring });
    expect(outcome).toMatchObject({ verdict: "holds", states: 2402, findings: [] });
  });

  it("three objects in opposite order: what the slow path has locked is taken over", () => {
    const abc = job("abc", k.a, k.b, k.c);
    const cba = job("cba", k.c, k.b, k.a);
    const always = { abc: has_all(abc, k.a, k.b, k.c), cba: has_all(cba, k.a, k.b, k.c) };
    const outcome = run({ shared: k, actors: [abc, cba], always });
    expect(outcome).toMatchObject({ verdict: "holds", states: 212, findings: [] });
  });

  it("beside a lock without a ticket in the wrong order: deadlock", () => {
    const plain = actor("plain", {}, () => ({
      b: ["dma_resv_lock(b, NULL)", dma_resv_lock(k.b)],
      a: ["dma_resv_lock(a, NULL)", dma_resv_lock(k.a)],
      unlock: ["unlock both", dma_resv_unlock(k.a), dma_resv_unlock(k.b)],
    }));
    const outcome = run({ shared: k, actors: [job("ab", k.a, k.b), plain] });
    expect(outcome.verdict).toBe("deadlock");
  });

  it("without drm_exec_fini() the locks are left behind", () => {
    const leaks = actor("leaks", {}, () => ({ lock: drm_exec_until_all_locked(k.ctx, [k.a]) }));
    expect(run({ shared: k, actors: [leaks] }).verdict).toBe("lock_held_on_exit");
  });
});
