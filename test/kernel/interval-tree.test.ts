/** Interval notifiers that come and go: mmu_interval_notifier_insert() and _remove(). */
import {
  actor,
  all,
  array,
  assert,
  bool,
  choose,
  count_of,
  forall,
  type Member,
  none,
  not,
  type Ref,
  remove,
  routine,
  scalarset,
  set,
  shared,
  some,
  spec,
} from "mmrace";
import {
  type IntervalTree,
  invalidate_range_end_itree,
  invalidate_range_start_itree,
  mmu_interval_node,
  mmu_interval_notifier_insert,
  mmu_interval_notifier_remove,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_set_seq,
  mmu_notifier_subscriptions,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { run } from "./run.ts";

const Owner = scalarset("Owner", 2);
type OwnerOf = Member<"Owner">;

const k = shared({
  subs: mmu_notifier_subscriptions(2),
  node: array(Owner, mmu_interval_node()),
  /** The memory of the notifier is allocated. */
  alive: array(Owner, bool),
});
const tree: IntervalTree<OwnerOf> = { members: Owner, at: (o) => k.node.at(o) };
const { invalidate_seq_odd, active_invalidate_ranges } = k.subs;

/** The callback: the memory of its notifier must still be there. */
const callback = (owner: Ref<OwnerOf>) =>
  routine("invalidate", {}, () => ({
    set_seq: [
      "mmu_interval_set_seq()",
      assert("use_after_free", k.alive.at(owner), "the callback of a notifier that was freed"),
      mmu_interval_set_seq(k.node.at(owner).sub),
    ],
  }));

const invalidation = actor("invalidation", { owner: Owner }, (me) => ({
  start: invalidate_range_start_itree(k.subs, tree, "CLEAR", me.owner, callback(me.owner)),
  end: ["mmu_notifier_invalidate_range_end()", invalidate_range_end_itree(k.subs, tree)],
}));

/** A notifier is allocated, inserted, read under, removed and freed. */
const life = actor("life", { owner: Owner }, (me) => {
  const node = k.node.at(me.owner);
  return {
    alloc: [
      "kzalloc()",
      choose(me.owner, not(k.alive.at(me.owner))),
      set(k.alive.at(me.owner), true),
    ],
    insert: ["mmu_interval_notifier_insert()", mmu_interval_notifier_insert(k.subs, node)],
    read_begin: mmu_interval_read_begin(node.sub),
    read_end: ["the reader is done", mmu_interval_read_end(node.sub)],
    remove: mmu_interval_notifier_remove(k.subs, node),
    free: ["kfree()", set(k.alive.at(me.owner), false), set(me.owner, none)],
  };
});

const always = {
  deferred_only_while_frozen: forall(Owner, (o) =>
    k.node.at(o).place.in("to_insert", "to_remove").implies(invalidate_seq_odd),
  ),
  frozen_only_while_active: invalidate_seq_odd.implies(active_invalidate_ranges.gt(0)),
  freed_is_out: forall(Owner, (o) => k.alive.at(o).or(k.node.at(o).place.eq("out"))),
  current_only_while_frozen: forall(Owner, (o) =>
    all(k.node.at(o).sub.seq_is_current, k.alive.at(o)).implies(invalidate_seq_odd),
  ),
};
const reachable = {
  insert_is_deferred: some(life, (t) =>
    t.at("read_begin").and(k.node.at(t.local.owner).place.eq("to_insert")),
  ),
  removal_waits: some(life, (t) => t.at("remove.wait_event")),
};

describe("interval tree", () => {
  it("nobody invalidates: insert, read, remove without waiting", () => {
    // alloc (either memory), insert, read_seq, read_end, erase, free.
    const outcome = run({ shared: k, actors: [life], always });
    expect(outcome).toMatchObject({ verdict: "holds", states: 12, transitions: 12 });
  });

  it("an insert during an invalidation keeps its readers waiting, and is not called", () => {
    const waits = some(life, (t) => t.at("read_begin.wait_event"));
    const outcome = run({ shared: k, actors: [life, invalidation], always, reachable: { waits } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 82, transitions: 140, findings: [] });
  });

  const whole = spec({
    name: "interval-tree",
    configs: { ci: {} },
    shared: k,
    actors: [life.times(2), invalidation.times(2)],
    always,
    reachable,
    variants: {
      removal_not_awaited: {
        breaks: "freed_is_out",
        change: [remove(life, "remove.wait_event"), count_of(life, 1)],
      },
    },
  });

  it("two of each: inserts and removals are deferred, none is called once removed", () => {
    const { verdict, findings, states } = check(whole.build());
    expect({ verdict, findings, states }).toEqual({
      verdict: { kind: "holds" },
      findings: [],
      states: 17166,
    });
  });

  it("a removal that does not wait is found", () => {
    const { verdict } = check(whole.build({ variant: "removal_not_awaited" }));
    expect(verdict).toMatchObject({ violation: { property: "freed_is_out" } });
  });
});
