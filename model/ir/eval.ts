/**
 * The reference interpreter: slow, obvious, and by definition right. Whatever runs faster must
 * agree with it. It enumerates the initial states, the successors of a state, and evaluates
 * properties.
 */

import { initialStates } from "./initial.ts";
import { type Cells, type Layout, layoutOf, memberBounds, type Process } from "./layout.ts";
import { findScalarset, showValue } from "./names.ts";
import { printExpr } from "./print.ts";
import type { LockUse, Violation } from "./trace.ts";
import type { Domain, Expr, LockEvent, Model, Over, Ref, Src, Step, Stmt } from "./types.ts";
import { DONE } from "./types.ts";

/** One integer per slot of the layout. */
export type State = number[];

/** One way in which one process can take its next step. */
export interface Outcome {
  pid: number;
  label: string;
  /** What was chosen, in order: the value of each `choose`, the branch number of each `either`. */
  choices: number[];
  /** The same, readable. */
  chosen: string[];
  /** The state after the step; with a violation, the state in which it was noticed. */
  next: State;
  locks: LockUse[];
  violation?: Violation;
}

export interface Interpreter {
  model: Model;
  layout: Layout;
  initialStates(): State[];
  /** In the order of the processes, then of the choices. Violating steps are among them. */
  successors(state: State): Outcome[];
  /** The outcomes of one process only. */
  stepsOf(state: State, pid: number): Outcome[];
  /** Is the property true here? A violation when it can't be evaluated. */
  evaluate(expr: Expr, state: State): boolean | Violation;
  labelOf(state: State, pid: number): string;
  /** Done, or standing at an idle label. */
  atRest(state: State, pid: number): boolean;
}

/** Evaluation ran into something that has no value. */
class Fault extends Error {
  readonly violation: Violation;
  constructor(violation: Violation) {
    super(violation.text);
    this.violation = violation;
  }
}

// The rest are signals, thrown on most steps: no errors, because an error pays for a stack trace.

/** A `choose` or `either` past the end of the script: there are this many options. */
class NeedChoice {
  readonly options: number[];
  constructor(options: number[]) {
    this.options = options;
  }
}

/** A false `wait`, or a choice that its `where` excludes. */
class Disabled {}

/** The step is over: go on at this label. */
class Jump {
  readonly label: string;
  constructor(label: string) {
    this.label = label;
  }
}

interface Context {
  layout: Layout;
  state: State;
  /** Running process, or undefined in a property. */
  process: Process | undefined;
  bound: Map<string, Bound>;
}

/** A member that a quantifier or `each` stands at. */
interface Bound {
  value: number;
  domain: Domain;
}

interface Run extends Context {
  process: Process;
  script: number[];
  used: number;
  chosen: string[];
  locks: LockUse[];
}

export function interpret(model: Model): Interpreter {
  const layout = layoutOf(model);
  const context = (state: State): Context => ({
    layout,
    state,
    process: undefined,
    bound: new Map(),
  });
  const evaluate = (expr: Expr, state: State): boolean | Violation => {
    try {
      return evalExpr(expr, context(state)) !== 0;
    } catch (error) {
      if (error instanceof Fault) return error.violation;
      throw error;
    }
  };
  const processOf = (pid: number): Process => layout.processes[pid - 1] as Process;
  const stepAt = (state: State, pid: number): Step | undefined => {
    const process = processOf(pid);
    return process.actor.steps[state[process.pc] as number];
  };
  const stepsOf = (state: State, pid: number): Outcome[] => {
    const step = stepAt(state, pid);
    return step ? outcomes(layout, state, processOf(pid), step, []) : [];
  };
  return {
    model,
    layout,
    initialStates: () =>
      initialStates(layout).filter((s) => model.assume.every((e) => evaluate(e, s) === true)),
    stepsOf,
    successors: (state) => layout.processes.flatMap((p) => stepsOf(state, p.pid)),
    evaluate,
    labelOf: (state, pid) => stepAt(state, pid)?.label ?? DONE,
    atRest: (state, pid) => stepAt(state, pid)?.idle ?? stepAt(state, pid) === undefined,
  };
}

/**
 * All ways to take one step: runs it with a script of choices, and again with each option it asks
 * for.
 */
function outcomes(
  layout: Layout,
  state: State,
  process: Process,
  step: Step,
  script: number[],
): Outcome[] {
  const run: Run = {
    layout,
    state: [...state],
    process,
    bound: new Map(),
    script,
    used: 0,
    chosen: [],
    locks: [],
  };
  const pc = state[process.pc] as number;
  const done = (violation?: Violation): Outcome[] => {
    const outcome: Outcome = {
      pid: process.pid,
      label: step.label,
      choices: script,
      chosen: run.chosen,
      next: run.state,
      locks: run.locks,
    };
    if (violation) outcome.violation = violation;
    return [outcome];
  };
  const jumpTo = (position: number): Outcome[] => {
    run.state[process.pc] = position;
    return done();
  };
  try {
    execAll(step.body, run);
    return jumpTo(pc + 1);
  } catch (stop) {
    if (stop instanceof Disabled) return [];
    if (stop instanceof Fault) return done(stop.violation);
    if (stop instanceof Jump) return jumpTo(labelPosition(process, stop.label));
    if (stop instanceof NeedChoice) {
      return stop.options.flatMap((o) => outcomes(layout, state, process, step, [...script, o]));
    }
    throw stop;
  }
}

function labelPosition(process: Process, label: string): number {
  if (label === DONE) return process.actor.steps.length;
  const position = process.actor.steps.findIndex((s) => s.label === label);
  if (position < 0) throw new Error(`${process.actor.name}: no label ${label}`);
  return position;
}

function execAll(body: Stmt[], run: Run): void {
  for (const stmt of body) exec(stmt, run);
}

function nextChoice(run: Run, options: number[]): number {
  const choice = run.script[run.used++];
  if (choice === undefined) throw new NeedChoice(options);
  return choice;
}

function exec(stmt: Stmt, run: Run): void {
  switch (stmt.kind) {
    case "choose": {
      const { cells } = cellsOfRef(stmt.target, run);
      const { lo, hi } = memberBounds(run.layout.model, cells.decl.domain);
      const value = nextChoice(run, countFrom(lo, hi));
      write(stmt.target, value, run, stmt.src);
      if (stmt.where && evalExpr(stmt.where, run) === 0) throw new Disabled();
      const text = showValue(run.layout.model, cells.decl.domain, value);
      run.chosen.push(`${cells.decl.name} = ${text}`);
      return;
    }
    case "wait":
      if (evalExpr(stmt.cond, run) === 0) throw new Disabled();
      return;
    case "assert":
      if (evalExpr(stmt.cond, run) !== 0) return;
      throw new Fault(at({ kind: "assert", property: stmt.rule, text: stmt.text }, stmt.src));
    case "lock":
      run.locks.push(lockUse(stmt.event, run));
      return;
    case "set":
      write(stmt.target, evalExpr(stmt.value, run), run, stmt.src);
      return;
    case "when":
      execAll(evalExpr(stmt.cond, run) !== 0 ? stmt.then : stmt.else, run);
      return;
    case "either": {
      const branch = stmt.branches[nextChoice(run, countFrom(0, stmt.branches.length - 1))];
      if (!branch) throw new Error(`no such branch at ${run.process.name}`);
      run.chosen.push(branch.name);
      execAll(branch.body, run);
      return;
    }
    case "each":
      forEachMember(run, stmt.bind, stmt.over, () => execAll(stmt.body, run));
      return;
    case "goto":
      throw new Jump(stmt.label);
  }
}

function countFrom(lo: number, hi: number): number[] {
  return Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i);
}

function at(violation: Violation, src: Src | undefined): Violation {
  return src ? { ...violation, src } : violation;
}

function write(ref: Ref, value: number, run: Run, src: Src | undefined): void {
  const slot = slotOf(ref, run);
  const { lo, hi, name } = run.layout.slots[slot] as { lo: number; hi: number; name: string };
  if (value < lo || value > hi) {
    const text = `${name} is set to ${value}, outside its range ${lo}..${hi}`;
    throw new Fault(at({ kind: "range", property: "range_overflow", text }, src));
  }
  run.state[slot] = value;
}

function lockUse(event: LockEvent, run: Context): LockUse {
  const index = event.index.map((e) => showExprValue(e, run));
  const name = event.class + index.map((i) => `[${i}]`).join("");
  const { op, mode, lock, class: of, subclass, nest } = event;
  const use: LockUse = { op, mode, lock, class: of, name };
  if (subclass !== undefined) use.subclass = subclass;
  if (nest !== undefined) use.nest = nest;
  return use;
}

/** Value of an index expression as text; its domain comes from the expression itself. */
function showExprValue(expr: Expr, run: Context): string {
  const value = evalExpr(expr, run);
  const domain = domainOf(expr, run);
  return domain ? showValue(run.layout.model, domain, value) : String(value);
}

function domainOf(expr: Expr, run: Context): Domain | undefined {
  switch (expr.kind) {
    case "const":
      return expr.domain;
    case "read":
      return cellsOfRef(expr.ref, run).cells.decl.domain;
    case "self":
      return { kind: "proc" };
    case "bound":
      return run.bound.get(expr.name)?.domain;
    case "ite":
      return domainOf(expr.then, run);
    default:
      return undefined;
  }
}

/**
 * The lock events of a step as far as they can be told without running it: for blocked processes.
 */
export function waitsOf(interpreter: Interpreter, state: State, pid: number): LockUse[] {
  const { layout } = interpreter;
  const process = layout.processes[pid - 1] as Process;
  const step = process.actor.steps[state[process.pc] as number];
  const run: Context = { layout, state, process, bound: new Map() };
  const uses: LockUse[] = [];
  for (const stmt of step?.body ?? []) {
    if (stmt.kind !== "lock" && stmt.kind !== "wait" && stmt.kind !== "assert") break;
    if (stmt.kind !== "lock") continue;
    if (stmt.event.op === "acquire" || stmt.event.op === "wait") {
      try {
        uses.push(lockUse(stmt.event, run));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
  }
  return uses;
}

function bool(value: boolean): number {
  return value ? 1 : 0;
}

function evalExpr(expr: Expr, cx: Context): number {
  switch (expr.kind) {
    case "const":
      return expr.value;
    case "read":
      return cx.state[slotOf(expr.ref, cx)] as number;
    case "self":
      if (!cx.process) throw new Error("self outside a step");
      return cx.process.pid;
    case "bound": {
      const member = cx.bound.get(expr.name);
      if (!member) throw new Error(`unbound ${expr.name}`);
      return member.value;
    }
    case "compare":
      return bool(compare(expr.op, evalExpr(expr.left, cx), evalExpr(expr.right, cx)));
    case "arith":
      return arith(expr, evalExpr(expr.left, cx), evalExpr(expr.right, cx));
    case "not":
      return bool(evalExpr(expr.arg, cx) === 0);
    case "and":
      return bool(expr.args.every((e) => evalExpr(e, cx) !== 0));
    case "or":
      return bool(expr.args.some((e) => evalExpr(e, cx) !== 0));
    case "implies":
      return bool(evalExpr(expr.left, cx) === 0 || evalExpr(expr.right, cx) !== 0);
    case "ite":
      return evalExpr(evalExpr(expr.cond, cx) !== 0 ? expr.then : expr.else, cx);
    case "quant":
      return quantify(expr, cx);
    case "inClass":
      return bool(isInClass(expr, evalExpr(expr.arg, cx), cx.layout.model));
    case "atLabel":
      return bool(isAtLabel(expr, evalExpr(expr.proc, cx), cx));
  }
}

function compare(op: string, a: number, b: number): boolean {
  switch (op) {
    case "eq":
      return a === b;
    case "ne":
      return a !== b;
    case "lt":
      return a < b;
    case "le":
      return a <= b;
    case "gt":
      return a > b;
    case "ge":
      return a >= b;
    default:
      throw new Error(`no comparison ${op}`);
  }
}

/** `mod` is the mathematical one: the result has the sign of the divisor. */
function arith(expr: Extract<Expr, { kind: "arith" }>, a: number, b: number): number {
  switch (expr.op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "mod":
      if (b > 0) return ((a % b) + b) % b;
      throw new Fault({
        kind: "division",
        property: "division",
        text: `${printExpr(expr)}: the divisor is ${b}`,
      });
  }
}

function membersOf(over: Over, cx: Context): Bound[] {
  if (over.kind !== "instances") {
    const { lo, hi } = memberBounds(cx.layout.model, over);
    return countFrom(lo, hi).map((value) => ({ value, domain: over }));
  }
  const instances = cx.layout.processes.filter((p) => p.actor.name === over.actor);
  return instances.map((p) => ({ value: p.pid, domain: { kind: "proc" } }));
}

function forEachMember(cx: Context, bind: string, over: Over, visit: () => void): void {
  const outer = cx.bound.get(bind);
  for (const member of membersOf(over, cx)) {
    cx.bound.set(bind, member);
    visit();
  }
  if (outer === undefined) cx.bound.delete(bind);
  else cx.bound.set(bind, outer);
}

function quantify(expr: Extract<Expr, { kind: "quant" }>, cx: Context): number {
  const members = membersOf(expr.over, cx);
  const holdsFor = (member: Bound): boolean => {
    const bound = new Map(cx.bound).set(expr.bind, member);
    return evalExpr(expr.body, { ...cx, bound }) !== 0;
  };
  switch (expr.op) {
    case "forall":
      return bool(members.every(holdsFor));
    case "exists":
      return bool(members.some(holdsFor));
    case "count":
      return members.filter(holdsFor).length;
  }
}

function isInClass(expr: Extract<Expr, { kind: "inClass" }>, value: number, m: Model): boolean {
  let first = 1;
  for (const c of findScalarset(m, expr.set).classes) {
    if (value >= first && value < first + c.size) return c.name === expr.class;
    first += c.size;
  }
  return false;
}

function isAtLabel(expr: Extract<Expr, { kind: "atLabel" }>, pid: number, cx: Context): boolean {
  const process = cx.layout.processes[pid - 1];
  if (!process || process.actor.name !== expr.actor) return false;
  const label = process.actor.steps[cx.state[process.pc] as number]?.label ?? DONE;
  return expr.labels.includes(label);
}

/** The declared cells that a reference points into, and where they start. */
/** The variable, and the slot of its first cell. */
function cellsOfRef(ref: Ref, cx: Context): { cells: Cells; base: number } {
  if (ref.kind === "shared") {
    const cells = cx.layout.shared.get(ref.name) ?? missing(ref);
    return { cells, base: cells.offset };
  }
  const process = ref.kind === "local" ? cx.process : peeked(ref, cx);
  if (!process) return missing(ref);
  const cells = cx.layout.locals[process.actorIndex]?.get(ref.name) ?? missing(ref);
  return { cells, base: process.pc + 1 + cells.offset };
}

function missing(ref: Ref): never {
  throw new Error(`no variable ${ref.name}`);
}

function peeked(ref: Extract<Ref, { kind: "peek" }>, cx: Context): Process {
  const pid = evalExpr(ref.proc, cx);
  const process = cx.layout.processes[pid - 1];
  if (process?.actor.name === ref.actor) return process;
  const who = process ? process.name : "none";
  throw new Fault({
    kind: "unset",
    property: "unset_value",
    text: `${ref.actor}.${ref.name} is read of ${who}`,
  });
}

function slotOf(ref: Ref, cx: Context): number {
  const { cells, base } = cellsOfRef(ref, cx);
  let cell = 0;
  ref.index.forEach((e, i) => {
    const dim = cells.dims[i];
    if (!dim) throw new Error(`${ref.name} has ${cells.dims.length} dimensions`);
    const value = evalExpr(e, cx);
    if (value < dim.lo || value > dim.hi) {
      const shown =
        dim.domain.kind === "range" ? value : showValue(cx.layout.model, dim.domain, value);
      const text = `${ref.name} is indexed by ${printExpr(e)}, which is ${shown}`;
      throw new Fault({ kind: "unset", property: "unset_value", text });
    }
    cell = cell * (dim.hi - dim.lo + 1) + (value - dim.lo);
  });
  return base + cell;
}
