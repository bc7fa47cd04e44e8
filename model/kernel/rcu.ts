/**
 * RCU (include/linux/rcupdate.h, kernel/rcu/tree.c): readers never wait and may not sleep;
 * synchronize_rcu() returns when every section that was open when it was called has ended.
 *
 * Omits    call_rcu() and kfree_rcu(): write an actor that calls synchronize_rcu(); expedited grace
 *          periods; preemptible RCU, where a section may be scheduled away but still may not sleep.
 */
import {
  block,
  type Effect,
  lockEvent,
  type Routine,
  routine,
  type SizeLike,
  type Struct,
  wait,
} from "../index.ts";
import { might_sleep } from "./context.ts";
import {
  begin_waiting,
  enter_section,
  leave_section,
  read_sections,
  waited_out,
} from "./read-sections.ts";

/** Read sections, nested at most that deep. */
export const rcu = (nesting: SizeLike = 1) => read_sections("rcu", nesting);
export type Rcu = Struct<ReturnType<typeof rcu>>;

function event(r: Rcu, op: "trylock" | "release" | "wait"): Effect {
  return lockEvent({ op, mode: "shared", lock: "rcu", class: r.path, index: [...r.indexes] });
}

/** rcu_read_lock(): never waits; in atomic context from here on. */
export function rcu_read_lock(r: Rcu): Effect {
  return block(event(r, "trylock"), enter_section(r));
}

/** rcu_read_unlock(). */
export function rcu_read_unlock(r: Rcu): Effect {
  return block(event(r, "release"), leave_section(r, "rcu_read_unlock"));
}

/** synchronize_rcu(): a grace period; from inside a read section it is `sleep_in_atomic`. */
export function synchronize_rcu(r: Rcu): Routine {
  return routine("synchronize_rcu", {}, () => ({
    start: ["synchronize_rcu()", might_sleep("synchronize_rcu()"), begin_waiting(r)],
    wait: ["  wait for all read sections", event(r, "wait"), wait(waited_out(r))],
  }));
}
