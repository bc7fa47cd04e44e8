/**
 * RCU (include/linux/rcupdate.h, kernel/rcu/tree.c): readers never wait and may not sleep;
 * synchronize_rcu() returns when every section that was open when it was called has ended.
 *
 * Omits    call_rcu() and kfree_rcu(): write an actor that calls synchronize_rcu(); expedited grace
 *          periods; preemptible RCU, where a section may be scheduled away but still may not sleep.
 */
import { block, type Effect, type Routine, type SizeLike, type Struct } from "../index.ts";
import {
  enter_section,
  leave_section,
  read_sections,
  section_event,
  synchronize,
} from "./read-sections.ts";

/** Read sections, nested at most that deep. */
export const rcu = (nesting: SizeLike = 1) => read_sections("rcu", nesting);
export type Rcu = Struct<ReturnType<typeof rcu>>;

/** rcu_read_lock(): never waits; in atomic context from here on. */
export function rcu_read_lock(r: Rcu): Effect {
  return block(section_event(r, "trylock"), enter_section(r));
}

/** rcu_read_unlock(). */
export function rcu_read_unlock(r: Rcu): Effect {
  return block(section_event(r, "release"), leave_section(r, "rcu_read_unlock"));
}

/** synchronize_rcu(): a grace period; from inside a read section it is `sleep_in_atomic`. */
export function synchronize_rcu(r: Rcu): Routine {
  return synchronize(r, "synchronize_rcu", "synchronize_rcu()");
}
