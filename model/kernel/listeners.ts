/**
 * Who hears of an invalidation (mm/mmu_notifier.c): how it starts, with all callbacks, and how it
 * ends. Functions of core mm that invalidate take either the callback of the one interval notifier
 * of the mm, or listeners.
 */
import { type Effect, type Expr, type Routine, ret, routine, when } from "../index.ts";
import { might_sleep, not_under_page_table_lock } from "./context.ts";
import type { Mm } from "./mm.ts";
import {
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mn_itree_inv_start_range,
  type Subscriptions,
} from "./mmu-interval-notifier.ts";
import { type IntervalTree, invalidate_range_end_itree } from "./mmu-interval-tree.ts";

export interface Listeners {
  kind: "listeners";
  start(event: string): Routine;
  end: Effect;
}

/** The one interval notifier of the mm, given its callback; others as they are. */
export function listeners(mm: Mm, to: Routine | Listeners): Listeners {
  if (to.kind === "listeners") return to;
  return {
    kind: "listeners",
    start: (event) => mmu_notifier_invalidate_range_start(mm.subs, event, [to]),
    end: mmu_notifier_invalidate_range_end(mm.subs, [mm.sub]),
  };
}

/**
 * Intervals that do not overlap one another: of those in the tree, the one of `owner` hears of the
 * invalidation, and no other.
 */
export function listener_of<T>(
  subs: Subscriptions,
  tree: IntervalTree<T>,
  owner: Expr<T>,
  callback: (event: string) => Routine,
): Listeners {
  const hears = tree.at(owner).place.in("in_tree", "to_remove");
  return {
    kind: "listeners",
    start: (event) =>
      routine("mmu_notifier_invalidate_range_start", {}, () => ({
        itree_start: [
          `mmu_notifier_invalidate_range_start(${event})`,
          not_under_page_table_lock("mmu_notifier_invalidate_range_start()"),
          might_sleep("mmu_notifier_invalidate_range_start()"),
          mn_itree_inv_start_range(subs, hears),
          when(hears.not(), [ret()]),
        ],
        cb: callback(event),
      })),
    end: invalidate_range_end_itree(subs, tree),
  };
}
