/** From lock events to bars: who holds which lock from which step to which. */

import type { LockUse, Trace } from "../../model/ir/trace.ts";
import type { LockKind } from "../../model/ir/types.ts";

export interface Hold {
  pid: number;
  /** `folio_lock[g1]`: class and instance. */
  name: string;
  class: string;
  lock: LockKind;
  mode: "exclusive" | "shared";
  /** Step that took it; 0 when it was held from the start. */
  from: number;
  /** Step that gave it back, or the last step when it never was. */
  to: number;
  /** Still held after the last step. */
  open: boolean;
  /** Slot of the bar within its lane, from 0: nested holds stand side by side. */
  slot: number;
  /** A downgrade starts, or ends, this hold in the middle of a step. */
  downgraded: "into" | "from" | undefined;
}

/**
 * All holds, in the order in which they begin. A trylock in a trace is one that succeeded. A release
 * by a process that does not hold the lock ends the hold of the one that does (a folio unlocked by I/O);
 * when nobody holds it, the lock was held from the start.
 */
export function holdsOf(trace: Trace): Hold[] {
  const holds: Hold[] = [];
  const current = (pid: number, name: string): Hold | undefined =>
    holds.findLast((h) => h.open && h.name === name && h.pid === pid) ??
    holds.findLast((h) => h.open && h.name === name);
  const begin = (pid: number, use: LockUse, from: number): Hold => {
    const { name, lock, mode } = use;
    const slot = freeSlot(holds, pid);
    const hold: Hold = {
      pid,
      name,
      class: use.class,
      lock,
      mode,
      from,
      to: trace.steps.length,
      open: true,
      slot,
      downgraded: undefined,
    };
    holds.push(hold);
    return hold;
  };
  for (const step of trace.steps) {
    for (const use of step.locks) {
      if (use.op === "wait") continue;
      if (use.op === "acquire" || use.op === "trylock") {
        begin(step.pid, use, step.number);
        continue;
      }
      const hold = current(step.pid, use.name) ?? begin(step.pid, use, 0);
      hold.open = false;
      hold.to = step.number;
      if (use.op === "downgrade") {
        hold.downgraded = "from";
        if (hold.from === 0) hold.mode = "exclusive";
        const shared = begin(hold.pid, { ...use, mode: "shared" }, step.number);
        shared.slot = hold.slot;
        shared.downgraded = "into";
      }
    }
  }
  return holds.sort((a, b) => a.from - b.from);
}

function freeSlot(holds: Hold[], pid: number): number {
  const taken = new Set(holds.filter((h) => h.open && h.pid === pid).map((h) => h.slot));
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}

/** Is the hold in force while another process makes this step? */
export function heldAcross(hold: Hold, step: number): boolean {
  return hold.from < step && (step < hold.to || (hold.open && step === hold.to));
}
