/**
 * CPUs that are not given up. Work that must run on every CPU, as lru_add_drain_all() (mm/folio.c)
 * queues it, waits for whoever runs there: for ever, if that is a loop that neither sleeps nor
 * calls cond_resched() on a kernel that does not preempt it.
 *
 * Omits    which process runs on which CPU: everybody inside a section has a CPU of its own.
 */
import {
  block,
  type Effect,
  lockEvent,
  type Routine,
  routine,
  type Struct,
  self,
  set,
  wait,
} from "../index.ts";
import { might_sleep } from "./context.ts";
import {
  begin_waiting,
  enter_section,
  leave_section,
  read_sections,
  release_waiters,
  waited_out,
} from "./read-sections.ts";

const occupied = <K extends "cpus" | "preempt_count">(kind: K) => read_sections(kind, 1);

/**
 * Who runs in the kernel without giving up its CPU; sleeping gives it up (PREEMPT_NONE,
 * _VOLUNTARY).
 */
export const cpus = () => occupied("cpus");

/** Who has disabled preemption: atomic context on every kernel. */
export const preempt_count = () => occupied("preempt_count");

export type Cpus = Struct<ReturnType<typeof occupied<"cpus" | "preempt_count">>>;

/** The running process enters a loop in which it does not sleep. */
export function occupy_cpu(c: Cpus): Effect {
  return enter_section(c);
}

/** It sleeps, or returns to user space. */
export function give_up_cpu(c: Cpus): Effect {
  return leave_section(c, "give_up_cpu");
}

/** cond_resched(): others that need the CPU get it, and the loop goes on. */
export function cond_resched(c: Cpus): Effect {
  return block(might_sleep("cond_resched()"), release_waiters(c));
}

/** preempt_disable(). */
export function preempt_disable(c: Cpus): Effect {
  return enter_section(c);
}

/** preempt_enable(). */
export function preempt_enable(c: Cpus): Effect {
  return leave_section(c, "preempt_enable");
}

/** lru_add_drain_all(): queues work on every CPU and waits until it ran on each of them. */
export function lru_add_drain_all(c: Cpus): Routine {
  return routine("lru_add_drain_all", {}, () => ({
    queue: [
      "lru_add_drain_all(): queue_work_on() every CPU",
      might_sleep("lru_add_drain_all()"),
      begin_waiting(c),
      // Whoever sleeps has given up its own CPU.
      set(c.waits_for.at(self).at(self), false),
    ],
    flush: [
      "  flush_work() of every CPU",
      lockEvent({
        op: "wait",
        mode: "exclusive",
        lock: "wait",
        class: `${c.path}.work`,
        index: [...c.indexes],
      }),
      wait(waited_out(c)),
    ],
  }));
}
