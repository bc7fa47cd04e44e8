/**
 * mmu_notifier_invalidate_range_start() in full (mm/mmu_notifier.c: mn_itree_invalidate,
 * mn_itree_finish_pass, mn_hlist_invalidate_range_start): interval notifiers of one or two passes,
 * ranges that may not block, classic notifiers, events that a driver ignores.
 *
 * Two passes: every invalidate_start() runs first; then invalidate_finish() of those that asked for
 * it; then start returns. Classic notifiers are called after all that. A range that may not block
 * (the OOM reaper's) ends at the first refusal: finish passes still run, the invalidation is ended
 * inside, and the caller gets -EAGAIN and must not call end. When it is a classic notifier that
 * refuses, nobody ends what the interval notifiers have begun: active_invalidate_ranges stays.
 *
 * Omits    SRCU around the classic list; non_block_start(), which only warns; the finish passes of
 *          a range that may not block.
 */
import {
  block,
  bool,
  type Effect,
  type Effects,
  goto,
  type Ref,
  type Routine,
  ret,
  routine,
  type Steps,
  set,
  when,
} from "../index.ts";
import { might_sleep, not_under_page_table_lock } from "./context.ts";
import type { Listeners } from "./listeners.ts";
import {
  type IntervalNotifier,
  mn_itree_inv_end,
  mn_itree_inv_start_range,
  type Subscriptions,
} from "./mmu-interval-notifier.ts";

/** ops->invalidate_start() says whether it wants ops->invalidate_finish() to be called. */
export interface TwoPass {
  kind: "two_pass";
  invalidate_start: (finish: Ref<boolean>) => Routine;
  invalidate_finish: Routine;
}
/** ops->invalidate(), or two passes; undefined: this event is of no interest to it. */
export type IntervalCallback = Routine | TwoPass | undefined;

/** A classic notifier (struct mmu_notifier): start may sleep; end is one step, if there is one. */
export interface ClassicNotifier {
  invalidate_range_start?: Routine;
  invalidate_range_end?: Effect;
}

/** A callback that must not block: it says no instead. */
export type NonblockCallback = (refused: Ref<boolean>) => Routine;

const number = (name: string, i: number): string => (i === 0 ? name : `${name}${i + 1}`);

/** The callbacks in order, each at a label of its own. */
function passes(callbacks: IntervalCallback[], finish: Ref<boolean>[]): Steps {
  const two = callbacks.filter((c): c is TwoPass => c?.kind === "two_pass");
  const at = (c: TwoPass): Ref<boolean> => finish[two.indexOf(c)] as Ref<boolean>;
  const first = callbacks.flatMap((c, i): [string, Steps[string]][] => {
    if (!c) return [];
    return [[number("cb", i), c.kind === "two_pass" ? c.invalidate_start(at(c)) : c]];
  });
  const second = two.flatMap((c, i): [string, Steps[string]][] => {
    const next: Effect<string> = i + 1 < two.length ? goto(number("finish_pass", i + 1)) : ret();
    return [
      [
        number("finish_pass", i),
        ["mn_itree_finish_pass()", when<string>(at(c).not(), [next]), set(at(c), false)],
      ],
      [number("finish", i), c.invalidate_finish],
    ];
  });
  return Object.fromEntries([...first, ...second]);
}

/** mmu_notifier_invalidate_range_start() of a range that may block. */
export function mn_invalidate_range_start(
  subs: Subscriptions,
  event: string,
  callbacks: IntervalCallback[],
  classic: ClassicNotifier[] = [],
): Routine {
  const two = callbacks.filter((c) => c?.kind === "two_pass").length;
  const names = Array.from({ length: two }, (_, i) => number("queued", i));
  const locals = Object.fromEntries(names.map((name) => [name, bool]));
  const itree = routine(
    "mn_itree_invalidate",
    locals,
    (me): Steps => ({
      itree_start: [
        `mmu_notifier_invalidate_range_start(${event})`,
        not_under_page_table_lock("mmu_notifier_invalidate_range_start()"),
        might_sleep("mmu_notifier_invalidate_range_start()"),
        mn_itree_inv_start_range(subs),
      ],
      ...passes(
        callbacks,
        names.map((name) => me[name] as Ref<boolean>),
      ),
    }),
  );
  const starts = classic.flatMap((c) => c.invalidate_range_start ?? []);
  const hlist = Object.fromEntries(starts.map((c, i) => [number("classic", i), c]));
  return routine("mmu_notifier_invalidate_range_start", {}, (): Steps => ({ itree, ...hlist }));
}

/** What a spec's mm has subscribed. `callback` may differ by event, and ignore one. */
export interface Subscribers {
  intervals: { sub: IntervalNotifier; callback: (event: string) => IntervalCallback }[];
  classic?: (event: string) => ClassicNotifier[];
}

/** The subscribers, for functions of core mm that invalidate. */
export function subscribers(subs: Subscriptions, { intervals, classic }: Subscribers): Listeners {
  const called = (event: string) => intervals.map((i) => i.callback(event));
  const of_each = intervals.map((i) => i.sub);
  const ends: Effects = (classic?.("end") ?? []).flatMap((c) => c.invalidate_range_end ?? []);
  return {
    kind: "listeners",
    start: (event) => mn_invalidate_range_start(subs, event, called(event), classic?.(event)),
    end: block(mn_itree_inv_end(subs, of_each), ...ends),
  };
}

/**
 * mmu_notifier_invalidate_range_start_nonblock(): `refused` is -EAGAIN. Then the range must be left
 * alone, and end must not be called.
 */
export function mmu_notifier_invalidate_range_start_nonblock(
  subs: Subscriptions,
  intervals: IntervalNotifier[],
  event: string,
  callbacks: NonblockCallback[],
  refused: Ref<boolean>,
  classic: NonblockCallback[] = [],
): Routine {
  const call = (name: string, callback: NonblockCallback, i: number): [string, Steps[string]][] => [
    [number(name, i), callback(refused)],
    [
      number(`${name}_returned`, i),
      ["if (!ret) return -EAGAIN", when<string>(refused, [goto("inv_end")])],
    ],
  ];
  const begin: Steps[string] = [
    `mmu_notifier_invalidate_range_start_nonblock(${event})`,
    not_under_page_table_lock("mmu_notifier_invalidate_range_start_nonblock()"),
    set(refused, false),
    mn_itree_inv_start_range(subs),
  ];
  const hlist = Object.fromEntries(classic.map((c, i) => [number("classic", i), c(refused)]));
  return routine(
    "mmu_notifier_invalidate_range_start",
    {},
    (): Steps => ({
      itree_start: begin,
      ...Object.fromEntries(callbacks.flatMap((c, i) => call("cb", c, i))),
      ...hlist,
      return: ["return ret", ret()],
      inv_end: ["mn_itree_inv_end()", mn_itree_inv_end(subs, intervals)],
    }),
  );
}
