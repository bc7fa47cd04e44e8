/**
 * Read sections that others wait out: what RCU, SRCU and a CPU that nobody gives up have in common.
 * Who waits, waits for the sections that were open when it began, and for no later ones.
 *
 * Omits    how the kernel finds out (quiescent states, per-CPU counters, the grace-period kthread).
 */
import {
  array,
  assert,
  block,
  bool,
  type Effect,
  type Expr,
  each,
  forall,
  lockEvent,
  proc,
  type Routine,
  range,
  routine,
  type SizeLike,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";

/** A kind of section, nested at most that deep. */
export const read_sections = <K extends string>(kind: K, nesting: SizeLike) =>
  struct(
    kind,
    {
      nesting: array(proc, range(0, nesting)),
      /** waits_for.at(p).at(q): p waits for a section in which q was when p began. */
      waits_for: array(proc, array(proc, bool)),
    },
    (s) => s.nesting.at(self).gt(0),
  );
export type ReadSections<K extends string = string> = Struct<ReturnType<typeof read_sections<K>>>;

/** The running process enters a section. */
export function enter_section(s: ReadSections): Effect {
  return set(s.nesting.at(self), s.nesting.at(self).plus(1));
}

/** Nobody who waits waits for the running process any more. */
export function release_waiters(s: ReadSections): Effect {
  return each(proc, (p) => [set(s.waits_for.at(p).at(self), false)]);
}

/** It leaves a section; outermost, those who wait for it go on. */
export function leave_section(s: ReadSections, what: string): Effect {
  const depth = s.nesting.at(self);
  return block(
    assert("unlock_by_stranger", depth.gt(0), `${what}(${s.path}) outside a section`),
    set(depth, depth.minus(1)),
    when(depth.eq(0), [release_waiters(s)]),
  );
}

/** From here on the running process waits for all sections that are open. */
export function begin_waiting(s: ReadSections): Effect {
  return each(proc, (p) => [set(s.waits_for.at(self).at(p), s.nesting.at(p).gt(0))]);
}

/** All of them have been left. */
export function waited_out(s: ReadSections): Expr<boolean> {
  return forall(proc, (p) => s.waits_for.at(self).at(p).not());
}

/** What lock-order reports and pictures see of it. */
export function section_event(s: ReadSections, op: "trylock" | "release" | "wait"): Effect {
  return lockEvent({ op, mode: "shared", lock: "rcu", class: s.path, index: [...s.indexes] });
}

/** Waits for all sections that are open now. `name` is the kernel's, `call` the C line. */
export function synchronize(s: ReadSections, name: string, call: string): Routine {
  return routine(name, {}, () => ({
    start: [call, might_sleep(`${name}()`), begin_waiting(s)],
    wait: ["  wait for all read sections", section_event(s, "wait"), wait(waited_out(s))],
  }));
}
