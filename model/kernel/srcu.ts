/**
 * Sleepable RCU (include/linux/srcu.h, kernel/rcu/srcutree.c): read sections may sleep, and belong
 * to one srcu_struct. Waiting for them inside one of them is a deadlock.
 *
 * What it has in common with rcu.ts is in read-sections.ts; what looks alike beyond that are the
 * names of two kernel interfaces, each with its own rules.
 *
 * Omits    the index that srcu_read_lock() returns; call_srcu() and srcu_barrier().
 */
import { block, type Effect, type Routine, type SizeLike, type Struct } from "../index.ts";
import {
  enter_section,
  leave_section,
  read_sections,
  section_event,
  synchronize,
} from "./read-sections.ts";

/** Read sections of one srcu_struct, nested at most that deep. */
export const srcu_struct = (nesting: SizeLike = 1) => read_sections("srcu_struct", nesting);
export type Srcu = Struct<ReturnType<typeof srcu_struct>>;

/** srcu_read_lock(): never waits. */
export function srcu_read_lock(s: Srcu): Effect {
  return block(section_event(s, "trylock"), enter_section(s));
}

/** srcu_read_unlock(). */
export function srcu_read_unlock(s: Srcu): Effect {
  return block(section_event(s, "release"), leave_section(s, "srcu_read_unlock"));
}

/** synchronize_srcu(): returns when every section that was open when it was called has ended. */
export function synchronize_srcu(s: Srcu): Routine {
  return synchronize(s, "synchronize_srcu", `synchronize_srcu(&${s.path})`);
}
