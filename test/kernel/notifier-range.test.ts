/** Notifiers in full: two passes, refusals, classic notifiers, ignored events. */
import {
  actor,
  bool,
  type Effect,
  type Ref,
  range,
  routine,
  set,
  shared,
  some,
  wait,
  when,
} from "mmrace";
import {
  mmu_interval_notifier,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_start_nonblock,
  mmu_notifier_subscriptions,
  mn_invalidate_range_start,
  mn_itree_inv_end,
  mutex,
  mutex_lock,
  mutex_trylock,
  mutex_unlock,
  subscribers,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({
  subs: mmu_notifier_subscriptions(2),
  sub: mmu_interval_notifier(),
  update: mutex(),
  flushing: bool,
  log: range(0, 6),
});
const say = (n: number): Effect => set(k.log, n);
const note = (n: number) => routine("callback", {}, () => ({ say: [`callback ${n}`, say(n)] }));

/** First pass: starts a flush. Second pass: waits for it. */
const two_pass = {
  kind: "two_pass" as const,
  invalidate_start: (finish: Ref<boolean>) =>
    routine("invalidate_start", {}, () => ({
      zap: ["zap; submit the flush", mmu_interval_set_seq(k.sub), set(k.flushing, true)],
      finish: ["*finish = &sub->finish", set(finish, true)],
    })),
  invalidate_finish: routine("invalidate_finish", {}, () => ({
    wait: ["wait for the flush", wait(k.flushing.not()), say(2)],
  })),
};
const gpu = actor("gpu", {}, () => ({
  flush: ["the flush completes", wait(k.flushing), set(k.flushing, false)],
}));
const end = ["end", mn_itree_inv_end(k.subs, [k.sub])] as const;

describe("two passes", () => {
  const callbacks = [two_pass, note(1)];
  const classic = [{ invalidate_range_start: note(3) }];
  const core = actor("core", {}, () => ({
    start: mn_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", callbacks, classic),
    end,
  }));

  // itree_start, zap, finish, callback 1, finish_pass, wait, callback 3, end; the flush completes
  // anywhere after the zap, and is waited for.
  it("every first pass, then every finish pass, then the classic notifiers", () => {
    const overlaps = some(core, (c) => c.at("start.itree.finish_pass")).and(k.flushing);
    const outcome = run({
      shared: k,
      actors: [core, gpu],
      always: { not_before: some(core, (c) => c.at("end")).implies(k.log.eq(3)) },
      at_rest: { ended: k.subs.active_invalidate_ranges.eq(0) },
      reachable: { overlaps },
    });
    expect(outcome).toMatchObject(holds(13, 15));
  });

  it("no finish pass without a token", () => {
    const silent = { ...two_pass, invalidate_start: () => note(1) };
    const quiet = actor("core", {}, () => ({
      start: mn_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [silent]),
      end,
    }));
    const outcome = run({ shared: k, actors: [quiet] });
    const findings = ["label_never_fired core.start.itree.finish.wait"];
    expect(outcome).toMatchObject({ verdict: "holds", states: 5, findings });
  });
});

describe("a range that may not block", () => {
  const trylock = (refused: Ref<boolean>) =>
    routine("invalidate", {}, () => ({
      trylock: [
        "if (!mutex_trylock(&update)) return false",
        mutex_trylock(
          k.update,
          [mmu_interval_set_seq(k.sub), mutex_unlock(k.update)],
          [set(refused, true)],
        ),
      ],
    }));
  const refuses = (refused: Ref<boolean>) =>
    routine("invalidate_range_start", {}, () => ({ no: ["return -EAGAIN", set(refused, true)] }));
  const holder = actor("holder", {}, () => ({
    lock: ["mutex_lock(&update)", mutex_lock(k.update)],
    unlock: ["mutex_unlock(&update)", mutex_unlock(k.update)],
  }));
  const reaper = (classic: (typeof refuses)[]) =>
    actor("reaper", { refused: bool }, (me) => ({
      start: mmu_notifier_invalidate_range_start_nonblock(
        k.subs,
        [k.sub],
        "MMU_NOTIFY_CLEAR",
        [trylock],
        me.refused,
        classic,
      ),
      end: [
        "if (!err) mmu_notifier_invalidate_range_end()",
        when(me.refused.not(), [mn_itree_inv_end(k.subs, [k.sub])]),
      ],
    }));
  const at_rest = { ended: k.subs.active_invalidate_ranges.eq(0) };

  it("the driver refuses: everything is undone, the caller does not end", () => {
    const outcome = run({ shared: k, actors: [reaper([]), holder], at_rest });
    expect(outcome).toMatchObject({ verdict: "holds", states: 24 });
  });

  it("a classic notifier refuses after the interval ones agreed: nobody ends (M14)", () => {
    const outcome = run({ shared: k, actors: [reaper([refuses])], at_rest });
    expect(outcome.verdict).toBe("ended");
  });
});

describe("events that a driver ignores", () => {
  const own = (event: string) => (event === "MMU_NOTIFY_MIGRATE" ? undefined : note(1));
  const { start, end: ends } = subscribers(k.subs, {
    intervals: [{ sub: k.sub, callback: own }],
    classic: () => [{ invalidate_range_start: note(2), invalidate_range_end: say(4) }],
  });
  const core = (event: string) =>
    actor("core", {}, () => ({ start: start(event), end: ["end", ends] }));

  // itree_start, callback, classic, end.
  it("its callback is left out, the others are called, and the epoch is counted", () => {
    const at_rest = { ended: k.log.eq(4) };
    const migrate = run({ shared: k, actors: [core("MMU_NOTIFY_MIGRATE")], at_rest });
    expect(migrate).toMatchObject(holds(4, 3));
    const clear = run({ shared: k, actors: [core("MMU_NOTIFY_CLEAR")], at_rest });
    expect(clear).toMatchObject(holds(5, 4));
  });
});
