/**
 * Which value, or which check, had gone stale when it was used. Both are followed through what the
 * steps really did, from cell to cell; where the evidence is thin there is no arrow, because a
 * wrong one is worse than none.
 */
import {
  type Expr,
  type Flow,
  type Interpreter,
  type State,
  showSlot,
  type Trace,
  type TraceStep,
} from "../model/ir/index.ts";
import { cellsRead } from "./cells.ts";
import { type Decision, dataOf, type StepData } from "./data-flow.ts";

/** At most so many arrows: more of them hide the race. */
const MOST_FLOWS = 3;

/** How a cell got its value. */
interface Copy {
  /** Number of the step. */
  step: number;
  slot: number;
  /** The cell that it was copied from, and how that one got its value; undefined: at the start. */
  source: number;
  before: Copy | undefined;
}

interface Story {
  interpreter: Interpreter;
  trace: Trace;
  /** Before the first step, then after each. */
  states: State[];
  /** By step, from 0. */
  data: StepData[];
  /** Cells of the part of the property that is false. */
  claim: Set<number>;
}

/** @param claim closed expressions: what is false in the last state, with its preconditions */
export function flowsOf(
  interpreter: Interpreter,
  trace: Trace,
  states: State[],
  claim: Expr[],
): Flow[] {
  if (states.length !== trace.steps.length + 1) return [];
  const data = trace.steps.map((s, i) => dataOf(interpreter, states[i] as State, s.pid, s.choices));
  const failed = data.at(-1)?.failed;
  const last = states.at(-1) as State;
  const exprs = trace.violation?.kind === "assert" && failed ? [failed] : claim;
  const cells = new Set(exprs.flatMap((e) => cellsRead(interpreter, e, last)));
  const story: Story = { interpreter, trace, states, data, claim: cells };
  const found: Flow[] = [];
  const add = (flow: Flow | undefined): void => {
    const known = found.some((f) => f.kind === flow?.kind && f.from === flow.from);
    if (flow && !known && found.length < MOST_FLOWS) found.push(flow);
  };
  for (const { use, copy } of usesOf(story)) {
    const chain = chainOf(copy);
    const value = valueFlow(story, chain, use);
    add(value);
    if (value) add(checkBetween(story, chain, value));
    else add(checkOfClaim(story, use));
  }
  return found.sort((a, b) => a.to - b.to || a.from - b.from);
}

/** The steps that made the claim false, last first, with the copies by which each did it. */
function usesOf(story: Story): { use: number; copy: Copy | undefined }[] {
  const { trace, claim } = story;
  const written = lastCopies(story);
  const end = trace.steps.length;
  if (trace.violation?.kind === "assert") {
    return story.data.at(-1)?.failed ? [{ use: end, copy: undefined }] : [];
  }
  const uses = [...claim].flatMap((slot) => {
    const use = lastChange(story, slot);
    return use === undefined ? [] : [{ use, copy: written.get(slot) }];
  });
  return uses.sort((a, b) => b.use - a.use);
}

/** Number of the last step that changed the cell. */
function lastChange({ states }: Story, slot: number): number | undefined {
  for (let n = states.length - 1; n > 0; n--) {
    if (changed(states, n, slot)) return n;
  }
  return undefined;
}

function changed(states: State[], step: number, slot: number): boolean {
  return states[step]?.[slot] !== states[step - 1]?.[slot];
}

/** For each cell, the copy that gave it the value that it has in the end. */
function lastCopies({ data }: Story): Map<number, Copy> {
  const copies = new Map<number, Copy>();
  data.forEach(({ writes }, i) => {
    for (const { slot, copied } of writes) {
      const before = copied === undefined ? undefined : copies.get(copied);
      copies.delete(slot);
      if (copied !== undefined) copies.set(slot, { step: i + 1, slot, source: copied, before });
    }
  });
  return copies;
}

function chainOf(copy: Copy | undefined): Copy[] {
  return copy ? [copy, ...chainOf(copy.before)] : [];
}

/**
 * The last copy out of a cell that another process has changed since, or that was read together
 * with such a cell of the claim; only if that process was at work between the copy and the use.
 */
function valueFlow(story: Story, chain: Copy[], use: number): Flow | undefined {
  const { interpreter, trace, states } = story;
  const stale = chain.find((copy) => overtakers(story, copy).size > 0);
  if (!stale || stale.step >= use) return undefined;
  const by = overtakers(story, stale);
  const between = trace.steps.slice(stale.step, use - 1);
  if (!between.some((s) => by.has(s.pid))) return undefined;
  const { slot, step } = stale;
  const { role, name } = interpreter.layout.slots[slot] as { role: string; name: string };
  const shown = role === "local" ? name.slice(name.lastIndexOf(".") + 1) : name;
  const value = showSlot(interpreter.layout, slot, states[step]?.[slot] as number);
  return { kind: "value", from: step, to: use, text: `${shown} = ${value}` };
}

/** The processes that changed, after the copy, what it read. */
function overtakers({ trace, states, data, claim }: Story, copy: Copy): Set<number> {
  const { pid } = trace.steps[copy.step - 1] as TraceStep;
  const reads = data[copy.step - 1]?.reads ?? new Set();
  const cells = [copy.source, ...[...claim].filter((slot) => reads.has(slot))];
  const later = trace.steps.slice(copy.step).filter((s) => s.pid !== pid);
  const over = later.filter((s) => cells.some((slot) => changed(states, s.number, slot)));
  return new Set(over.map((s) => s.pid));
}

/** The last check behind the stale copy that would have been answered otherwise at the use. */
function checkBetween(story: Story, chain: Copy[], { from, to }: Flow): Flow | undefined {
  const { trace } = story;
  const carriers = new Set(
    chain.filter((c) => c.step >= from).map((c) => trace.steps[c.step - 1]?.pid),
  );
  return lastCheck(story, to, (s) => s.number > from && carriers.has(s.pid));
}

/** The last check of a cell of the claim, by the process that made the claim false. */
function checkOfClaim(story: Story, use: number): Flow | undefined {
  const { trace, claim } = story;
  const pid = trace.steps[use - 1]?.pid;
  return lastCheck(story, use, (s, d) => s.pid === pid && d.reads.some((r) => claim.has(r)));
}

function lastCheck(
  story: Story,
  use: number,
  fits: (step: TraceStep, decision: Decision) => boolean,
): Flow | undefined {
  const { trace, data } = story;
  for (const step of trace.steps.slice(0, use - 1).reverse()) {
    const decisions = data[step.number - 1]?.decisions ?? [];
    if (!decisions.some((d) => fits(step, d) && outdated(story, step, d, use))) continue;
    const text = step.text.trim().split("\n")[0] as string;
    return { kind: "check", from: step.number, to: use, text };
  }
  return undefined;
}

/** Only others have changed what the check read, and just before the use its answer is another. */
function outdated(
  { interpreter, trace, states }: Story,
  step: TraceStep,
  d: Decision,
  use: number,
) {
  // The check's own step counts: a test that changes what it tests (a trylock) tells nothing.
  const between = trace.steps.slice(step.number - 1, use - 1);
  const writers = between.filter((s) => d.reads.some((slot) => changed(states, s.number, slot)));
  if (writers.length === 0 || writers.some((s) => s.pid === step.pid)) return false;
  const now = interpreter.evaluate(d.cond, states[use - 1] as State);
  return typeof now === "boolean" && now !== d.answer;
}
