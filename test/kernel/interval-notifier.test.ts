/**
 * The tokens of mmu-interval-notifier.ts against the numbers of mm/mmu_notifier.c. Both forms run
 * in lockstep in one model: every step does its token effects and its arithmetic. The numbers are
 * those of the kernel, in a range as wide as the invalidations of the model can drive them.
 */
import {
  actor,
  all,
  type Effect,
  type Expr,
  every,
  goto,
  idle,
  type Ref,
  type Routine,
  range,
  routine,
  type Steps,
  set,
  shared,
  some,
  struct,
  when,
} from "mmrace";
import {
  type IntervalNotifier,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mn_itree_inv_end,
  mn_itree_inv_start_range,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

/** invalidate_seq starts at 2 and grows by 2 for each of at most four epochs. */
const seq = range(0, 10, 2);

/** struct mmu_notifier_subscriptions and mmu_interval_notifier with their numbers. */
const numbers = struct("numbers", {
  active_invalidate_ranges: range(0, 4),
  invalidate_seq: seq,
  /** interval_sub->invalidate_seq: odd, and not the current one. */
  a: seq.init(1),
  b: seq.init(1),
});

const k = shared({
  subs: mmu_notifier_subscriptions(4),
  a: mmu_interval_notifier(),
  b: mmu_interval_notifier(),
  n: numbers,
});
type Interval = "a" | "b";

const is_odd = k.n.invalidate_seq.mod(2).eq(1);

/** mn_itree_inv_start_range(), with numbers; `cur` receives cur_seq. */
function inv_start(overlaps: boolean, cur: Ref<number>): Effect[] {
  const odd = when(is_odd.not(), [set(k.n.invalidate_seq, k.n.invalidate_seq.plus(1))]);
  return [
    set(k.n.active_invalidate_ranges, k.n.active_invalidate_ranges.plus(1)),
    ...(overlaps ? [odd] : []),
    set(cur, k.n.invalidate_seq),
    mn_itree_inv_start_range(k.subs, overlaps),
  ];
}

/** mmu_interval_set_seq(sub, cur_seq), with numbers. */
function set_seq(which: Interval, cur: Expr<number>): Effect[] {
  return [set(k.n[which], cur), mmu_interval_set_seq(k[which])];
}

/** mn_itree_inv_end(), with numbers. */
function inv_end(intervals: IntervalNotifier[]): Effect[] {
  const over = all(k.n.active_invalidate_ranges.eq(0), is_odd);
  return [
    set(k.n.active_invalidate_ranges, k.n.active_invalidate_ranges.minus(1)),
    when(over, [set(k.n.invalidate_seq, k.n.invalidate_seq.plus(1))]),
    mn_itree_inv_end(k.subs, intervals),
  ];
}

/** The routine of the kernel file itself, its first step with the number read as well. */
function read_begin(which: Interval, seen: Ref<number>): Routine {
  const real = mmu_interval_read_begin(k[which]);
  const instantiate = (prefix: string, declared: never[]): Steps => {
    const { read_seq, ...rest } = real.instantiate(prefix, declared);
    const [text, ...effects] = read_seq as readonly [string, ...Effect<string>[]];
    return { read_seq: [text, set(seen, k.n[which]), ...effects], ...rest };
  };
  return { ...real, instantiate } as Routine;
}

/** Reads, and looks again for ever: a collision may come at any time. */
const reader = (which: Interval) =>
  actor(`reader_${which}`, { seq }, (me) => ({
    begin: read_begin(which, me.seq),
    snapshot: ["snapshot", idle()],
    retry: ["if (mmu_interval_read_retry()) goto begin", retry_if_collided(which)],
    use: ["device access; goto begin", mmu_interval_read_end(k[which]), goto("begin")],
  }));
const retry_if_collided = (which: Interval) =>
  when(mmu_interval_read_retry(k[which]), [goto("begin")]);

const invalidator = (hits: Interval[], intervals: IntervalNotifier[] = [k.a, k.b]) =>
  actor(`inv_${hits.join("") || "none"}`, { cur: seq }, (me) => ({
    start: ["mn_itree_inv_start_range()", ...inv_start(hits.length > 0, me.cur)],
    ...Object.fromEntries(
      hits.map((h) => [`set_seq_${h}`, ["mmu_interval_set_seq()", ...set_seq(h, me.cur)] as const]),
    ),
    end: ["mn_itree_inv_end()", ...inv_end(intervals)],
  }));

type Reader = ReturnType<typeof reader>;

/** What the tokens claim to say, in numbers. */
function same(which: Interval, who: Reader): Expr<boolean> {
  const current = k[which].seq_is_current.eq(k.n[which].eq(k.n.invalidate_seq));
  return current.and(
    every(who, (t) => {
      const holding = k[which].read.at(t.proc).ne("none");
      const fresh = k[which].read.at(t.proc).eq("fresh").eq(k.n[which].eq(t.local.seq));
      const waits = k[which].waits.at(t.proc).eq(k.n.invalidate_seq.eq(t.local.seq));
      return all(holding.implies(fresh), t.at("begin.wait_event").implies(waits));
    }),
  );
}
const subs_agree = all(
  k.subs.invalidate_seq_odd.eq(is_odd),
  k.subs.active_invalidate_ranges.eq(k.n.active_invalidate_ranges),
);
const ra = reader("a").times(2);
const rb = reader("b");
const always = { subs_agree, a_agrees: same("a", ra), b_agrees: same("b", rb) };
const reachable = {
  stale_snapshot: some(ra, (t) => t.at("retry").and(k.a.read.at(t.proc).eq("stale"))),
  doomed_while_waiting: some(ra, (t) => t.at("begin.wait_event").and(k.n.a.ne(t.local.seq))),
  waits_for_the_others: some(rb, (t) => t.at("begin.wait_event")),
  third_epoch: k.n.invalidate_seq.ge(7),
};

describe("tokens and numbers in lockstep", () => {
  it("two intervals, readers of both, invalidations that overlap or hit none", () => {
    const actors = [
      ra,
      rb,
      invalidator(["a"]),
      invalidator(["a", "b"]),
      invalidator(["b"]),
      invalidator([]),
    ];
    const outcome = run({ shared: k, actors, always, reachable });
    expect(outcome).toMatchObject(holds(502_248, 2_343_960));
  });

  it("notices an end that wakes only one of the intervals", () => {
    const actors = [ra, rb, invalidator(["a", "b"], [k.a]), invalidator([])];
    expect(run({ shared: k, actors, always }).verdict).toBe("b_agrees");
  });

  it("notices a number that a later callback of the epoch makes up", () => {
    const own = actor("own", {}, () => ({
      bump: ["set_seq with a number of its own", set(k.n.a, 9), mmu_interval_set_seq(k.a)],
    }));
    expect(run({ shared: k, actors: [ra, rb, own], always }).verdict).toBe("a_agrees");
  });
});

describe("mmu_notifier_invalidate_range_start()", () => {
  it("calls every callback, in order, in one epoch", () => {
    const callback = (which: Interval) =>
      routine("callback", {}, () => ({ hit: ["callback", mmu_interval_set_seq(k[which])] }));
    const zap = actor("zap", {}, () => ({
      start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [
        callback("a"),
        callback("b"),
      ]),
      end: ["mmu_notifier_invalidate_range_end()", mn_itree_inv_end(k.subs, [k.a, k.b])],
    }));
    const in_order = every(zap, (z) =>
      all(
        z.at("start.cb").implies(k.subs.invalidate_seq_odd.and(k.a.seq_is_current.not())),
        z.at("start.cb2").implies(k.a.seq_is_current.and(k.b.seq_is_current.not())),
        z.at("end").implies(k.a.seq_is_current.and(k.b.seq_is_current)),
        z.at("done").implies(k.subs.invalidate_seq_odd.not()),
      ),
    );
    expect(run({ shared: k, actors: [zap], always: { in_order } })).toMatchObject(holds(5, 4));
  });

  it("an end without a start leaves the range", () => {
    const ends = actor("ends", {}, () => ({ end: ["end", mn_itree_inv_end(k.subs, [k.a])] }));
    expect(run({ shared: k, actors: [ends] }).verdict).toBe("range_overflow");
  });
});
