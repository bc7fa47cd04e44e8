/**
 * Checks declared access sets by running steps: a step must not change what it does not declare to
 * write, and what it does must not depend on what it does not declare to read.
 */
import { accessOf, slotsOf } from "../../model/ir/access.ts";
import type { Interpreter, Outcome, Process, State, Step } from "../../model/ir/index.ts";

/**
 * @param draw a number below its argument; decides what unread cells are changed to
 * @returns one line per violation of the declared sets
 */
export function auditAccess(
  interpreter: Interpreter,
  state: State,
  pid: number,
  draw: (n: number) => number,
): string[] {
  const { layout } = interpreter;
  const process = layout.processes[pid - 1] as Process;
  const step = process.actor.steps[state[process.pc] as number];
  if (!step) return [];
  const access = accessOf(process.actor, step);
  const slots = (list: typeof access.reads) =>
    new Set(list.flatMap((a) => slotsOf(layout, process, a)));
  const reads = slots(access.reads).add(process.pc);
  const writes = slots(access.writes).add(process.pc);
  const name = (slot: number): string =>
    `${process.name} ${step.label}: ${layout.slots[slot]?.name}`;

  const changed = state.map((value, slot) => {
    const { lo, hi } = layout.slots[slot] as { lo: number; hi: number };
    return reads.has(slot) ? value : lo + draw(hi - lo + 1);
  });
  const before = interpreter.stepsOf(state, pid);
  const after = interpreter.stepsOf(changed, pid);
  if (JSON.stringify(before.map(facts)) !== JSON.stringify(after.map(facts))) {
    return [`${process.name} ${step.label}: its ways depend on something unread`];
  }
  const problems = before.flatMap((outcome, i) => {
    const other = after[i] as Outcome;
    return state.flatMap((value, slot) => {
      const now = outcome.next[slot];
      const then = other.next[slot];
      if (!writes.has(slot) && now !== value) return [`${name(slot)} is written`];
      if (now !== value && then !== now) return [`${name(slot)} depends on something unread`];
      if (then !== now && then !== changed[slot]) return [`${name(slot)} differs`];
      return [];
    });
  });
  return [...problems, ...badJumps(step, process, before, access.mayGoto, interpreter)];
}

function facts({ choices, chosen, locks, violation }: Outcome) {
  return { choices, chosen, locks, violation };
}

function badJumps(
  step: Step,
  process: Process,
  outcomes: Outcome[],
  mayGoto: string[],
  interpreter: Interpreter,
): string[] {
  return outcomes.flatMap((outcome) => {
    const label = interpreter.labelOf(outcome.next, process.pid);
    const isListed = outcome.violation !== undefined || mayGoto.includes(label);
    return isListed ? [] : [`${process.name} ${step.label}: goes to ${label}`];
  });
}
