/** TTM evicts for an allocation: what can be taken is, and what can't is said. */
import {
  actor,
  array,
  bool,
  choose,
  forall,
  type Member,
  none,
  range,
  scalarset,
  shared,
  size,
  some,
} from "mmrace";
import {
  dma_resv_lock,
  dma_resv_lock_ctx,
  dma_resv_unlock,
  type TtmDevice,
  ttm_bo_evict_alloc,
  ttm_buffer_object,
  ttm_lru_trylock_in_system,
  ttm_resource_alloc,
  ttm_resource_free,
  vram_is_accounted_for,
  ww_acquire_fini,
  ww_acquire_init,
  ww_class,
  ww_unlocked_all,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const Bo = scalarset("Bo", { mine: 1, other: 1 });
const k = shared({
  bo: array(Bo, ttm_buffer_object()),
  ctx: ww_class(),
  free: range(0, size("blocks")).any(),
});
const dev: TtmDevice<Member<"Bo">> = {
  members: Bo,
  at: (b) => k.bo.at(b),
  ctx: k.ctx,
  free: k.free,
};
const accounted = vram_is_accounted_for(dev, size("blocks"));
const sizes = { blocks: 1 };
const always = { accounted };
const at_rest = { unlocked: forall(Bo, (b) => k.bo.at(b).resv.owner.eq(none)) };

/** ttm_bo_validate() of one's own buffer object, which is in system memory. */
const validate = actor("validate", { bo: Bo, edeadlk: bool, enomem: bool }, (me) => ({
  init: ["ww_acquire_init()", choose(me.bo, me.bo.is("mine")), ww_acquire_init(k.ctx)],
  lock: [
    "dma_resv_lock(bo->resv, ticket)",
    dma_resv_lock_ctx(k.bo.at(me.bo).resv, k.ctx, me.edeadlk),
  ],
  evict: ttm_bo_evict_alloc(dev, me.bo, me.enomem),
  unlock: [
    "dma_resv_unlock(bo->resv); ww_acquire_fini()",
    dma_resv_unlock(k.bo.at(me.bo).resv),
    ww_unlocked_all(k.ctx),
    ww_acquire_fini(k.ctx),
  ],
}));
/** VRAM is full, and all of it is the other's. */
const full = forall(Bo, (b) => k.bo.at(b).in_vram.eq(b.is("other"))).and(accounted);
const has_it = forall(Bo, (b) => b.is("mine").implies(k.bo.at(b).in_vram));

describe("ttm_bo_evict_alloc()", () => {
  // init, lock, pass_a, next, evict, alloc, and two unlocks.
  it("evicts what nobody has locked, in the first walk", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [validate],
      assume: [full],
      always,
      at_rest: { ...at_rest, has_it },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 9 });
  });

  it("waits for a lock in the second walk", () => {
    const user = actor("user", { bo: Bo }, (me) => ({
      lock: [
        "dma_resv_lock(bo->resv, NULL)",
        choose(me.bo, me.bo.is("other")),
        dma_resv_lock(k.bo.at(me.bo).resv),
      ],
      unlock: ["dma_resv_unlock(bo->resv)", dma_resv_unlock(k.bo.at(me.bo).resv)],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [validate, user],
      assume: [full],
      always,
      at_rest: { ...at_rest, has_it },
      reachable: { waits: some(validate, (v) => v.at("evict.ticketlock")) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 38 });
  });

  it("a shrinker leaves alone what is in VRAM or locked", () => {
    const shrinker = actor("shrinker", { bo: Bo }, (me) => ({
      trylock: ["ttm_bo_shrink(): dma_resv_trylock()", ttm_lru_trylock_in_system(dev, me.bo)],
      unlock: ["dma_resv_unlock()", dma_resv_unlock(k.bo.at(me.bo).resv)],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [validate, shrinker],
      assume: [full],
      always,
      at_rest: { ...at_rest, has_it },
      reachable: { shrinks: some(shrinker, (s) => s.at("unlock")) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 22 });
  });

  it("misuse: evicted twice, the block is counted twice", () => {
    const bad = actor("bad", { bo: Bo }, (me) => ({
      once: [
        "ttm_resource_free()",
        choose(me.bo, me.bo.is("other")),
        ...ttm_resource_free(dev, me.bo),
      ],
      taken: ["ttm_resource_alloc() of another", ...ttm_resource_alloc(dev, me.bo)],
      mine: ["its own buffer object", choose(me.bo, me.bo.is("mine"))],
      twice: ["ttm_resource_free() /* not in VRAM */", ...ttm_resource_free(dev, me.bo)],
    }));
    const outcome = run({ shared: k, sizes, actors: [bad], assume: [full], always });
    expect(outcome.verdict).toBe("accounted");
  });
});
