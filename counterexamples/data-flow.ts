/**
 * What one step read, wrote and decided, cell by cell: the step is taken again, statement by
 * statement, in the state in which the trace took it.
 */
import {
  allStmts,
  type Expr,
  type Interpreter,
  type Process,
  type Ref,
  type State,
  type Stmt,
} from "../model/ir/index.ts";
import { cellsRead, slotOf, valueIn } from "./cells.ts";
import { exchange, membersOf } from "./close.ts";

/** One assignment; `copied` is the slot that the value was taken from, unchanged. */
export interface Assignment {
  slot: number;
  copied?: number;
}

/** A test by which the step decided to go on elsewhere, or not to. */
export interface Decision {
  /** Closed, with the locals as they were. */
  cond: Expr;
  answer: boolean;
  /** Shared cells that it read. */
  reads: number[];
}

export interface StepData {
  reads: Set<number>;
  writes: Assignment[];
  decisions: Decision[];
  /** It went on elsewhere than at the next label. */
  jumped: boolean;
  /** Condition of the assertion that ended the step, closed, with the locals as they were. */
  failed?: Expr;
}

interface Run {
  interpreter: Interpreter;
  process: Process;
  state: State;
  choices: number[];
  bound: Map<string, Expr>;
  /** By slot, what this step has computed into a local: a test of the local is a test of that. */
  computed: Map<number, Expr>;
  data: StepData;
}

/** @param state before the step */
export function dataOf(
  interpreter: Interpreter,
  state: State,
  pid: number,
  choices: number[],
): StepData {
  const data: StepData = { reads: new Set(), writes: [], decisions: [], jumped: false };
  const process = interpreter.layout.processes[pid - 1];
  const step = process?.actor.steps[state[process.pc] as number];
  if (!process || !step) return data;
  exec(step.body, {
    interpreter,
    process,
    state: [...state],
    choices: [...choices],
    bound: new Map(),
    computed: new Map(),
    data,
  });
  return data;
}

/** True when the step has ended inside. */
function exec(body: Stmt[], run: Run): boolean {
  return body.some((stmt) => execOne(stmt, run));
}

function execOne(stmt: Stmt, run: Run): boolean {
  const { interpreter, data } = run;
  switch (stmt.kind) {
    case "choose":
      assign(stmt.target, run.choices.shift() ?? 0, undefined, run);
      if (stmt.where) note(stmt.where, run);
      return false;
    case "wait":
      note(stmt.cond, run);
      return false;
    case "assert": {
      if (note(stmt.cond, run) === 1) return false;
      data.failed = frozen(stmt.cond, run);
      return true;
    }
    case "lock":
      return false;
    case "set": {
      const value = note(stmt.value, run);
      const meaning = frozen(stmt.value, run);
      assign(stmt.target, value, copiedFrom(closed(stmt.value, run), run), run, meaning);
      return false;
    }
    case "when": {
      const answer = note(stmt.cond, run) === 1;
      if (allStmts([stmt]).some((s) => s.kind === "goto")) {
        const reads = cellsRead(interpreter, frozen(stmt.cond, run), run.state);
        data.decisions.push({ cond: frozen(stmt.cond, run), answer, reads });
      }
      return exec(answer ? stmt.then : stmt.else, run);
    }
    case "either":
      return exec(stmt.branches[run.choices.shift() ?? 0]?.body ?? [], run);
    case "each":
      return membersOf(interpreter.layout, stmt.over).some((member) =>
        exec(stmt.body, { ...run, bound: new Map(run.bound).set(stmt.bind, member) }),
      );
    case "goto":
      data.jumped = true;
      return true;
  }
}

/** What the step at which a process stands waits for, closed; empty for one that does not wait. */
export function guardsOf(interpreter: Interpreter, state: State, pid: number): Expr[] {
  const process = interpreter.layout.processes[pid - 1];
  const step = process?.actor.steps[state[process.pc] as number];
  if (!process || !step) return [];
  const place = { process, bound: new Map<string, Expr>() };
  return step.body.flatMap((s) => (s.kind === "wait" ? [closed(s.cond, place)] : []));
}

/** The value of an expression, whose reads are written down. */
function note(expr: Expr, run: Run): number {
  const whole = closed(expr, run);
  for (const slot of cellsRead(run.interpreter, whole, run.state)) run.data.reads.add(slot);
  return valueIn(run.interpreter, whole, run.state);
}

function assign(
  target: Ref,
  value: number,
  copied: number | undefined,
  run: Run,
  meaning?: Expr,
): void {
  const whole = closed({ kind: "read", ref: target }, run);
  const slot = whole.kind === "read" ? slotOf(run.interpreter, whole.ref, run.state) : undefined;
  if (slot === undefined || Number.isNaN(value)) return;
  run.state[slot] = value;
  if (meaning && target.kind === "local") run.computed.set(slot, meaning);
  run.data.writes.push(copied === undefined ? { slot } : { slot, copied });
}

function copiedFrom(expr: Expr, run: Run): number | undefined {
  const { interpreter, state } = run;
  if (expr.kind === "read") return slotOf(interpreter, expr.ref, state);
  if (expr.kind !== "ite") return undefined;
  return copiedFrom(valueIn(interpreter, expr.cond, state) === 1 ? expr.then : expr.else, run);
}

/** With the process, its locals and the bound members filled in, for who looks from outside. */
function closed(expr: Expr, run: Pick<Run, "process" | "bound">): Expr {
  const { pid, actor } = run.process;
  const self: Expr = { kind: "const", domain: { kind: "proc" }, value: pid };
  return exchange(expr, (e) => {
    if (e.kind === "self") return self;
    if (e.kind === "bound") return run.bound.get(e.name);
    if (e.kind !== "read" || e.ref.kind !== "local") return undefined;
    const { name, index } = e.ref;
    const inside = index.map((i) => closed(i, run));
    return {
      kind: "read",
      ref: { kind: "peek", actor: actor.name, proc: self, name, index: inside },
    };
  });
}

/** The same with what the locals stand for instead of the locals. */
function frozen(expr: Expr, run: Run): Expr {
  const { interpreter, state } = run;
  return exchange(closed(expr, run), (e) => {
    if (e.kind !== "read" || e.ref.kind !== "peek") return undefined;
    const slot = slotOf(interpreter, e.ref, state);
    const computed = slot === undefined ? undefined : run.computed.get(slot);
    if (computed) return computed;
    const domain = slot === undefined ? undefined : interpreter.layout.slots[slot]?.domain;
    if (slot === undefined || !domain) return undefined;
    return { kind: "const", domain, value: state[slot] as number };
  });
}
