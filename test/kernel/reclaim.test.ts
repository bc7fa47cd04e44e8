/** Allocations that reclaim, and CPUs that nobody gives up. */
import {
  actor,
  bool,
  every,
  exists,
  forall,
  goto,
  proc,
  replace,
  routine,
  self,
  set,
  shared,
  some,
  wait,
  when,
} from "mmrace";
import {
  alloc_pages,
  cond_resched,
  cpus,
  Frame,
  folio_lock,
  folio_lock_bit,
  folio_put,
  folio_test_locked,
  folio_trylock,
  folio_unlock,
  give_up_cpu,
  lru_add_drain_all,
  may_reclaim,
  mmu_interval_notifier,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  occupy_cpu,
  Page,
  pte_clear,
  shrink_folio_list,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { gup, invalidate, setup, k as world } from "./world.ts";

const k = shared({
  update: mutex(),
  subs: mmu_notifier_subscriptions(2),
  sub: mmu_interval_notifier(),
  cpus: cpus(),
  folio: folio_lock_bit(),
  failed: bool,
  met: bool,
});

/** What direct reclaim does to a mirrored page: unmap it, and tell the driver first. */
const callback = routine("invalidate", {}, () => ({
  take: ["take_lock(driver->update)", mutex_lock(k.update)],
  seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub, k.update)],
  drop: ["release_lock(driver->update)", mutex_unlock(k.update)],
}));
const reclaim = routine("try_to_unmap", {}, () => ({
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [callback]),
  end: ["end", mmu_notifier_invalidate_range_end(k.subs, [k.sub])],
}));
const driver = (gfp: Parameters<typeof alloc_pages>[0], under_lock: boolean) =>
  actor("driver", { failed: bool }, (me) => {
    const lock = ["mutex_lock(&update)", mutex_lock(k.update)] as const;
    const alloc = alloc_pages(gfp, me.failed, reclaim);
    return {
      ...(under_lock ? { lock, alloc } : { alloc, lock }),
      unlock: ["mutex_unlock(&update)", mutex_unlock(k.update)],
    };
  });

describe("an allocation under the driver's lock", () => {
  it.each(["GFP_KERNEL", "GFP_NOFS", "GFP_NOIO"] as const)("%s: reclaim needs the lock", (gfp) => {
    expect(run({ shared: k, actors: [driver(gfp, true)] }).verdict).toBe("recursive_lock");
    // alloc, perhaps start, three of the callback, end, again (with memory or without); lock,
    // unlock.
    expect(run({ shared: k, actors: [driver(gfp, false)] })).toMatchObject(
      holds(10, 2 + 5 + 2 + 2),
    );
  });

  // lock, alloc, unlock: it works or it does not, and afterwards nobody asks which.
  it.each(["GFP_NOWAIT", "GFP_ATOMIC"] as const)("%s: does not reclaim, may fail", (gfp) => {
    expect(run({ shared: k, actors: [driver(gfp, true)] })).toMatchObject(holds(4, 4));
  });

  it("may_reclaim(): any other function that allocates", () => {
    const maps = actor("maps", {}, () => ({
      lock: ["mutex_lock(&update)", mutex_lock(k.update)],
      map: may_reclaim("dma_map_page(): allocates", reclaim),
      unlock: ["mutex_unlock(&update)", mutex_unlock(k.update)],
    }));
    expect(run({ shared: k, actors: [maps] }).verdict).toBe("recursive_lock");
  });

  it("two locks: the other one's reclaim waits for mine, and mine for the other's", () => {
    const two = shared({ a: mutex(), b: mutex(), failed: bool });
    const holder = (name: string, mine: typeof two.a, wanted: typeof two.a) =>
      actor(name, { failed: bool }, (me) => ({
        lock: ["mutex_lock(mine)", mutex_lock(mine)],
        alloc: alloc_pages(
          "GFP_KERNEL",
          me.failed,
          routine("shrink", {}, () => ({
            take: ["mutex_lock(other)", mutex_lock(wanted)],
            drop: ["mutex_unlock(other)", mutex_unlock(wanted)],
          })),
        ),
        unlock: ["mutex_unlock(mine)", mutex_unlock(mine)],
      }));
    const actors = [holder("x", two.a, two.b), holder("y", two.b, two.a)];
    expect(run({ shared: two, actors }).verdict).toBe("deadlock");
    expect(run({ shared: two, actors: [holder("x", two.a, two.b)] }).verdict).toBe("holds");
  });
});

describe("shrink_folio_list()", () => {
  const sizes = { pages: 1, sys_frames: 1, vram_frames: 0, versions: 1 };
  const kswapd = actor("kswapd", { page: Page, src: Frame }, (me) => ({
    shrink: shrink_folio_list(world.mm, world.folio, me, invalidate(me.page)),
  }));
  const always = {
    no_free_while_mapped: no_free_while_mapped(world.mm, world.folio),
    no_lost_page: no_lost_page(world.mm, world.folio),
  };
  const at_rest = { no_leaked_reference: no_leaked_reference(world.mm, world.folio) };
  const input = { shared: world, sizes, always, at_rest };

  // Nothing there: it has looked, or not. Then isolate, trylock, rmap_walk; keep_locked, keep,
  // kept; or itree_start, three of the callback, try_to_unmap_one, end, ref_freeze, freed.
  it("gives a page up, or keeps it: one step for what nobody finds, two for what stays", () => {
    const freed = forall(Frame, (f) => world.folio.at(f).ref.count.eq(0));
    const unlocked_with_reference = some(kswapd, (t) => t.at("shrink.keep"));
    const given_up = some(kswapd, (t) => t.at("done")).and(freed);
    const outcome = run({
      ...input,
      actors: [setup("present"), kswapd],
      reachable: { unlocked_with_reference, given_up },
    });
    expect(outcome).toMatchObject(holds(2 + 3 + 3 + 8, 3 + 4 + 2 + 7));
  });

  // ttu_anon_lazyfree_folio(): who has a reference may still write.
  it("misuse: given up while somebody has a reference: a store is lost", () => {
    const actors = [setup("present"), kswapd, gup];
    expect(run({ ...input, actors }).verdict).toBe("holds");
    const { page, src } = kswapd.me;
    const pte = world.mm.pte.at(page);
    const clean = world.folio.at(src).data.eq(0);
    const change = [
      replace(kswapd, "shrink.try_to_unmap_one", [
        "ptep_clear_flush() /* whatever the reference count */",
        when(pte.frame.eq(src).and(clean), [pte_clear(pte), folio_put(world.folio.at(src))]),
      ]),
    ];
    expect(run({ ...input, actors, change }).verdict).toBe("no_lost_page");
  });

  it("misuse: freed without folio_mapped() and folio_ref_freeze()", () => {
    const folio = world.folio.at(kswapd.me.src);
    const change = [
      replace(kswapd, "shrink.ref_freeze", [
        "folio_unlock(); free it /* whatever the reference count */",
        folio_unlock(folio.lock),
        set(folio.ref.count, 0),
        goto("done"),
      ]),
    ];
    const outcome = run({ ...input, actors: [setup("present"), kswapd, gup], change });
    expect(outcome.verdict).toBe("no_free_while_mapped");
  });
});

describe("an allocation that reclaims a mirrored page", () => {
  const sizes = { pages: 1, sys_frames: 1, vram_frames: 0, versions: 1 };
  const maps = (locked_first: boolean) =>
    actor("maps", { failed: bool, page: Page, src: Frame }, (me) => {
      const callback = invalidate(me.page);
      const reclaims = shrink_folio_list(world.mm, world.folio, me, callback);
      const lock = ["mutex_lock(&driver->update)", mutex_lock(world.update)] as const;
      const alloc = alloc_pages("GFP_KERNEL", me.failed, reclaims);
      return {
        ...(locked_first ? { lock, alloc } : { alloc, lock }),
        unlock: ["mutex_unlock(&driver->update)", mutex_unlock(world.update)],
      };
    });

  it("outside the lock that its callback takes: fine; under it: recursive_lock", () => {
    const outside = run({ shared: world, sizes, actors: [setup("present"), maps(false)] });
    expect(outside.verdict).toBe("holds");
    const under = run({ shared: world, sizes, actors: [setup("present"), maps(true)] });
    expect(under.verdict).toBe("recursive_lock");
    expect(under.steps.slice(-2)).toEqual([
      "maps.alloc.reclaim.start.itree_start",
      "maps.alloc.reclaim.start.cb.lock",
    ]);
  });
});

describe("lru_add_drain_all()", () => {
  /** Migration: drains the per-CPU lists while it has the folio locked. */
  const migrates = actor("migrates", {}, () => ({
    lock: ["folio_trylock(folio)", folio_lock(k.folio)],
    drain: lru_add_drain_all(k.cpus),
    unlock: ["folio_unlock(folio)", folio_unlock(k.folio)],
  }));
  /** A fault that tries the folio lock again and again (do_swap_page() of 6.15 to 6.19). */
  const faults = (...between: ReturnType<typeof cond_resched>[]) =>
    actor("faults", {}, () => ({
      enter: ["hmm_range_fault()", occupy_cpu(k.cpus)],
      again: ["if (!folio_trylock(folio)) goto retry", folio_trylock(k.folio, [], [goto("retry")])],
      got: ["folio_unlock(folio)", folio_unlock(k.folio), give_up_cpu(k.cpus), goto("done")],
      retry: ["return 0; fault again", ...between, goto("again")],
    }));
  /** Although it had to wait for the loop. */
  const drained = some(migrates, (m) => m.at("unlock")).and(k.met);

  it("a loop with cond_resched() lets it through", () => {
    const waited_for = exists(proc, (p) => k.cpus.waits_for.at(p).at(self));
    const who = faults(when(waited_for, [set(k.met, true)]), cond_resched(k.cpus));
    const rest = {
      both: every(who, (f) => f.at("done")).and(every(migrates, (m) => m.at("done"))),
    };
    const outcome = run({
      shared: k,
      actors: [migrates, who],
      at_rest: rest,
      reachable: { drained },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  // No property of states: the drain never ends, and the spinner goes round for ever.
  it("a loop that does not keeps it waiting for ever: nothing comes to rest", () => {
    const who = faults();
    const spinning = some(who, (f) => f.at("again", "retry"));
    const waiting = some(migrates, (m) => m.at("drain.flush"));
    const began_earlier = k.cpus.waits_for;
    const waits_for_it = some(migrates, (m) =>
      some(who, (f) => began_earlier.at(m.proc).at(f.proc)),
    );
    const outcome = run({
      shared: k,
      actors: [migrates, who],
      // Once it waits for the spinner, only the folio lock would end the loop, and it has that.
      always: { stuck: waits_for_it.implies(waiting.and(spinning)) },
      reachable: { waits_for_it },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  // A loop that only waits for a change may be written as a wait: then it is a deadlock.
  it("a spinner that waits for the folio, with a CPU that the drain needs", () => {
    const stuck = actor("stuck", {}, () => ({
      enter: ["occupies its CPU", occupy_cpu(k.cpus)],
      spin: ["while (folio_test_locked(folio)) ;", wait(folio_test_locked(k.folio).not())],
      leave: ["gives it up", give_up_cpu(k.cpus)],
    }));
    expect(run({ shared: k, actors: [migrates, stuck] })).toMatchObject({
      verdict: "deadlock",
      steps: ["stuck.enter", "migrates.lock", "migrates.drain.queue"],
    });
  });

  it("the process that drains does not wait for itself", () => {
    const alone = actor("alone", {}, () => ({
      enter: ["occupies its CPU", occupy_cpu(k.cpus)],
      drain: lru_add_drain_all(k.cpus),
      leave: ["gives it up", give_up_cpu(k.cpus)],
    }));
    expect(run({ shared: k, actors: [alone] })).toMatchObject(holds(5, 4));
  });
});
