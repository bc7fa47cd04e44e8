/** Other orders, and other ways to wait. NOTES.md has the results. */
import {
  type Change,
  count_of,
  type Effect,
  type Expr,
  goto,
  insert_after,
  move_before,
  remove,
  replace,
  type Steps,
  set,
  type Variant,
  wait,
  when,
} from "mmrace";
import { mn_itree_inv_start_range, type PageOf } from "mmrace/kernel";
import { completion, completion_allocates } from "./gpu.ts";
import { compaction, dontneed, kswapd, munmap } from "./invalidate.ts";
import { k } from "./state.ts";

type Leaf = readonly [text: string, ...effects: Effect[]];
type Step = "lock" | "set_seq" | "no_new_use" | "unlock" | "fence_wait" | "unmap_lock";

/** Changes of driver_invalidate() in each of the four actors that core mm calls it from. */
const takes_out = (step: Step): Change[] => [
  remove(dontneed, `zap.zap.start.cb.${step}`),
  remove(munmap, `munmap.unmap.start.cb.${step}`),
  remove(compaction, `migrate.unmap.start.cb.${step}`),
  remove(kswapd, `shrink.start.cb.${step}`),
];
const moves = (step: Step, to: Step): Change[] => [
  move_before(dontneed, `zap.zap.start.cb.${step}`, `zap.zap.start.cb.${to}`),
  move_before(munmap, `munmap.unmap.start.cb.${step}`, `munmap.unmap.start.cb.${to}`),
  move_before(compaction, `migrate.unmap.start.cb.${step}`, `migrate.unmap.start.cb.${to}`),
  move_before(kswapd, `shrink.start.cb.${step}`, `shrink.start.cb.${to}`),
];
const adds_after = (step: Step, steps: (page: Expr<PageOf>) => Steps): Change[] => [
  insert_after(dontneed, `zap.zap.start.cb.${step}`, steps(dontneed.me.page)),
  insert_after(munmap, `munmap.unmap.start.cb.${step}`, steps(munmap.me.page)),
  insert_after(compaction, `migrate.unmap.start.cb.${step}`, steps(compaction.me.page)),
  insert_after(kswapd, `shrink.start.cb.${step}`, steps(kswapd.me.page)),
];

/** The lock is kept from "no new use" to the end. */
export const keeps_the_lock = [...takes_out("unlock"), ...takes_out("unmap_lock")];

/** Only the first one stops the device; who comes later sees that it is being done, and returns. */
const counts = adds_after("no_new_use", (page) => ({
  count: [
    "if (atomic_inc_return(&evicted) > 1) goto out",
    set(k.mirror.at(page).evicted, k.mirror.at(page).evicted.plus(1)),
    when(k.mirror.at(page).evicted.gt(1), [goto("unmap_unlock")]),
  ],
}));

/** mmu_notifier_invalidate_range_start() as if a lock of core mm allowed one at a time. */
const alone: Leaf = [
  "mmu_notifier_invalidate_range_start() /* one at a time */",
  wait(k.mm.subs.active_invalidate_ranges.eq(0)),
  mn_itree_inv_start_range(k.mm.subs),
];
const one_notifier: Change[] = [
  replace(dontneed, "zap.zap.start.itree_start", alone),
  replace(munmap, "munmap.unmap.start.itree_start", alone),
  replace(compaction, "migrate.unmap.start.itree_start", alone),
  replace(kswapd, "shrink.start.itree_start", alone),
];

/** Nobody but the completion itself makes core mm call the notifier. */
const no_other_notifier = [dontneed, munmap, compaction, kswapd].map((who) => count_of(who, 0));

export const variants: Record<string, Variant> = {
  wait_then_unfault: {
    doc: "the notifier waits for the running command, then takes the page: a new one slips in",
    from: "S14",
    breaks: "commands_never_fault",
    change: moves("fence_wait", "lock"),
  },
  wait_then_unfault_under_the_lock: {
    doc: "the order does not matter where the lock is held over both",
    from: "S14",
    change: [...moves("fence_wait", "set_seq"), ...keeps_the_lock],
  },
  waits_under_the_lock: {
    doc: "amdgpu: the notifier waits with the lock held; others queue behind it",
    from: "S14; T1",
    change: keeps_the_lock,
  },
  second_notifier_counted: {
    doc: "amdkfd without XNACK: the second notifier counts itself and returns",
    from: "C4",
    breaks: "no_stale_mirror",
    change: counts,
  },
  second_notifier_counted_one_notifier: {
    doc: "the same, with one invalidation at a time",
    from: "C4",
    change: [...counts, ...one_notifier],
  },
  second_notifier_counted_under_the_lock: {
    doc: "KFD userptr: count and wait are under one mutex",
    from: "D11",
    change: [...counts, ...keeps_the_lock],
  },
  completion_allocates: {
    doc: "the completion of a command allocates with GFP_KERNEL: reclaim waits for that command",
    from: "T5",
    breaks: "deadlock",
    change: [count_of(completion, 0), count_of(completion_allocates, 1)],
  },
  completion_allocates_no_other_notifier: {
    doc: "the same with one command and nobody else",
    from: "T5",
    breaks: "deadlock",
    change: [count_of(completion, 0), count_of(completion_allocates, 1), ...no_other_notifier],
  },
};
