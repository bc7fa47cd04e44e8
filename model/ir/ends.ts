/**
 * Who would end a wait: a process whose way from where it stands leads to a step that writes what
 * the waiting step tests. Told from the text of the steps, so it is a hint and not a promise.
 */
import { accessOf, slotsOf } from "./access.ts";
import type { State } from "./eval.ts";
import type { Layout, Process } from "./layout.ts";
import type { Blocked } from "./trace.ts";
import type { Step } from "./types.ts";
import { allStmts } from "./walk.ts";

type Ends = NonNullable<Blocked["endedBy"]>;

/** Of the processes with these numbers those that would, each with its first such step. */
export function endsOfWait(layout: Layout, state: State, waiting: number, among: number[]): Ends {
  const waiter = layout.processes[waiting - 1];
  const step = waiter?.actor.steps[state[waiter.pc] as number];
  if (!waiter || !step) return [];
  const tested = new Set(
    accessOf(waiter.actor, step).guardReads.flatMap((a) => slotsOf(layout, waiter, a)),
  );
  return among.flatMap((pid) => {
    const process = layout.processes[pid - 1];
    if (!process) return [];
    // It may be the waiting process itself, once it has waited.
    const steps = ahead(process, state).slice(pid === waiting ? 1 : 0);
    const found = steps.find((s) => writes(layout, process, s, tested, state));
    return found ? [{ pid, label: found.label, text: found.text.trim() }] : [];
  });
}

/** Writing what is there already ends nothing. */
function writes(
  layout: Layout,
  process: Process,
  step: Step,
  slots: Set<number>,
  state: State,
): boolean {
  return allStmts(step.body).some((stmt) => {
    if (stmt.kind !== "set" && stmt.kind !== "choose") return false;
    const all = accessOf(process.actor, { ...step, body: [stmt] }).writes;
    const written = all.flatMap((a) => slotsOf(layout, process, a));
    const value = stmt.kind === "set" && stmt.value.kind === "const" ? stmt.value.value : undefined;
    return written.some((slot) => slots.has(slot) && state[slot] !== value);
  });
}

/** The steps that the process may come to, the nearest first. */
function ahead({ actor, pc }: Process, state: State): Step[] {
  const first = actor.steps[state[pc] as number];
  const met = first ? [first] : [];
  for (const step of met) {
    for (const label of accessOf(actor, step).mayGoto) {
      const next = actor.steps.find((s) => s.label === label);
      if (next && !met.includes(next)) met.push(next);
    }
  }
  return met;
}
