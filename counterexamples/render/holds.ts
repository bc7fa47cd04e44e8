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
 * All holds, in the order in which they begin. A trylock in a trace is one that succeeded. A
 * release by a process that does not hold the lock ends the hold of the one that does (a folio
 * unlocked by I/O); when nobody holds it, the lock was held from the start.
 */
export function holdsOf(trace: Trace): Hold[] {
  const holds: Hold[] = [];
  const current = (pid: number, name: string): Hold | undefined =>
    holds.findLast((h) => h.open && h.name === name && h.pid === pid) ??
    holds.findLast((h) => h.open && h.name === name);
  const begin = (pid: number, use: LockUse, from: number): Hold => {
    const { name, lock, mode } = use;
    const hold: Hold = {
      pid,
      name,
      class: use.class,
      lock,
      mode,
      from,
      to: trace.steps.length,
      open: true,
      slot: 0,
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
        shared.downgraded = "into";
      }
    }
  }
  return withSlots(holds.sort((a, b) => a.from - b.from));
}

/**
 * Bars of one lane that meet in a row stand side by side; what a downgrade leaves stays in its
 * place.
 */
function withSlots(holds: Hold[]): Hold[] {
  holds.forEach((hold, i) => {
    const before = holds.slice(0, i).filter((h) => h.pid === hold.pid);
    const meeting = before.filter((h) => h.open || h.to >= hold.from);
    const same = meeting.find(
      (h) => h.downgraded === "from" && h.to === hold.from && h.name === hold.name,
    );
    if (hold.downgraded === "into" && same) hold.slot = same.slot;
    else while (meeting.some((h) => h.slot === hold.slot)) hold.slot++;
  });
  return holds;
}

/** Is the hold in force while this step is made (the step that takes it or gives it back aside)? */
export function heldAcross(hold: Hold, step: number): boolean {
  return hold.from < step && (hold.open || step < hold.to);
}
