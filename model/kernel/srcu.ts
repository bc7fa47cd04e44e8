/**
 * Sleepable RCU (include/linux/srcu.h, kernel/rcu/srcutree.c): read sections may sleep, and belong
 * to one srcu_struct. Waiting for them inside one of them is a deadlock.
 *
 * Omits    the index that srcu_read_lock() returns; call_srcu() and srcu_barrier().
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

/** Read sections of one srcu_struct, nested at most that deep. */
export const srcu_struct = (nesting: SizeLike = 1) => read_sections("srcu_struct", nesting);
export type Srcu = Struct<ReturnType<typeof srcu_struct>>;

function event(s: Srcu, op: "trylock" | "release" | "wait"): Effect {
  return lockEvent({ op, mode: "shared", lock: "rcu", class: s.path, index: [...s.indexes] });
}

/** srcu_read_lock(): never waits. */
export function srcu_read_lock(s: Srcu): Effect {
  return block(event(s, "trylock"), enter_section(s));
}

/** srcu_read_unlock(). */
export function srcu_read_unlock(s: Srcu): Effect {
  return block(event(s, "release"), leave_section(s, "srcu_read_unlock"));
}

/** synchronize_srcu(): returns when every section that was open when it was called has ended. */
export function synchronize_srcu(s: Srcu): Routine {
  return routine("synchronize_srcu", {}, () => ({
    start: [`synchronize_srcu(&${s.path})`, might_sleep("synchronize_srcu()"), begin_waiting(s)],
    wait: ["  wait for all read sections", event(s, "wait"), wait(waited_out(s))],
  }));
}
