/** Expressions, assignments and initial states in Promela. */
import type { Expr, Process, Ref, State } from "../ir/index.ts";
import { cellNumber, minus } from "./cells.ts";
import { conjunct, type Dialect, infix, joined, operand, type Text } from "./infix.ts";
import type { Naming, Variable } from "./promela-names.ts";
import { classBounds, negation } from "./rewrite.ts";
import { boundsOf, pidBounds, type Scope } from "./scope.ts";
import type { System } from "./system.ts";

/** In a step, the running process is `_pid + 1`; properties have no running process. */
export function expressions(naming: Naming, scope: Scope, place: "step" | "property"): Dialect {
  const dialect: Dialect = {
    compare: { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" },
    and: "&&",
    or: "||",
    not: "!",
    true: "true",
    false: "false",
    constant: (e) => constantText(e, naming),
    self: () => {
      if (place === "property" || !scope.actor) throw new Error("self outside a step");
      return naming.me.has(scope.actor.name)
        ? "(_pid + 1)"
        : String(pidBounds(scope.layout, scope.actor.name).lo);
    },
    bound: (name) => {
      throw new Error(`bound variable ${name} in Promela`);
    },
    read: (ref) => cellText(ref, naming, scope, dialect),
    ite: (cond, yes, no) => `(${cond} -> ${yes} : ${no})`,
    mod: (e, left, right) =>
      boundsOf(e.left, scope).lo < 0
        ? `((${left} % ${right} + ${right}) % ${right})`
        : `(${left} % ${right})`,
    quant: () => {
      throw new Error("quantifier in Promela");
    },
    inClass: (e) => {
      const { lo, hi } = classBounds(e.set, e.class, scope);
      const arg = operand(e.arg, 3, dialect);
      return joined(lo === hi ? [`${arg} == ${lo}`] : [`${arg} >= ${lo}`, `${arg} <= ${hi}`], "&&");
    },
    atLabel: (e) => atLabelText(e, naming, scope, dialect),
  };
  return dialect;
}

function constantText(e: Extract<Expr, { kind: "const" }>, naming: Naming): string {
  switch (e.domain.kind) {
    case "bool":
      return e.value ? "true" : "false";
    case "enum": {
      const { name } = e.domain;
      return naming.enums.find((each) => each.name === name)?.values[e.value] ?? String(e.value);
    }
    default:
      return e.value < 0 ? `(${e.value})` : String(e.value);
  }
}

function variableOf(ref: Ref, naming: Naming, scope: Scope): Variable {
  const actor = ref.kind === "peek" ? ref.actor : scope.actor?.name;
  const map = ref.kind === "shared" ? naming.shared : naming.locals.get(actor ?? "");
  const found = map?.get(ref.name);
  if (!found) throw new Error(`no variable ${ref.name}`);
  return found;
}

/** Number of the instance within its actor, as text; undefined for the only one. */
function instanceText(
  ref: Ref,
  naming: Naming,
  scope: Scope,
  dialect: Dialect,
): string | undefined {
  switch (ref.kind) {
    case "shared":
      return undefined;
    case "local":
      return naming.me.get(scope.actor?.name ?? "");
    case "peek":
      return naming.me.has(ref.actor) ? pidIndex(ref.proc, ref.actor, scope, dialect) : undefined;
  }
}

function pidIndex(proc: Expr, actor: string, scope: Scope, dialect: Dialect): string {
  const { lo } = pidBounds(scope.layout, actor);
  if (proc.kind === "const") return String(proc.value - lo);
  return infix(minus(proc, lo), dialect);
}

function cellText(ref: Ref, naming: Naming, scope: Scope, dialect: Dialect): string {
  const variable = variableOf(ref, naming, scope);
  const instance = instanceText(ref, naming, scope, dialect);
  const cell = cellNumber(ref, scope);
  const within = cell && variable.each > 1 ? cell : undefined;
  if (instance === undefined) {
    return within ? `${variable.name}[${infix(within, dialect)}]` : variable.name;
  }
  if (!within) return `${variable.name}[${instance}]`;
  const first = /^\w+$/.test(instance) ? instance : `(${instance})`;
  return `${variable.name}[${first} * ${variable.each} + ${operand(within, 3, dialect)}]`;
}

function atLabelText(
  e: Extract<Expr, { kind: "atLabel" }>,
  naming: Naming,
  scope: Scope,
  dialect: Dialect,
): Text {
  const { lo, hi } = pidBounds(scope.layout, e.actor);
  const at = boundsOf(e.proc, scope);
  const pc = (naming.pcs.get(e.actor) as Variable).name;
  const cell = naming.me.has(e.actor) ? `${pc}[${pidIndex(e.proc, e.actor, scope, dialect)}]` : pc;
  const names = naming.labels.get(e.actor) ?? [];
  const steps = scope.layout.model.actors.find((a) => a.name === e.actor)?.steps ?? [];
  const tests = [...new Set(e.labels)].map((label) => {
    const position = label === "done" ? steps.length : steps.findIndex((s) => s.label === label);
    return `${cell} == ${names[position]}`;
  });
  const proc = operand(e.proc, 3, dialect);
  const low = at.lo < lo ? [`${proc} >= ${lo}`] : [];
  const high = at.hi > hi ? [`${proc} <= ${hi}`] : [];
  if (low.length + high.length === 0) return joined(tests, "||");
  const standing = tests.length === 1 ? tests : [`(${tests.join(" || ")})`];
  return joined([...low, ...high, ...standing], "&&");
}

export function negated(cond: Expr, dialect: Dialect): string {
  return conjunct(negation(cond), dialect);
}

export function assignText(target: Ref, value: Expr, dialect: Dialect): string {
  return `${dialect.read(target)} = ${infix(value, dialect)}`;
}

/** Assignments that turn the state before the start into an initial state. */
export function initLine(state: State, system: System, naming: Naming): string[] {
  const { layout } = system;
  const sets: string[] = [];
  const put = (variable: Variable, first: number, at: number): void => {
    for (let i = 0; i < variable.each; i++) {
      const value = state[at + i] ?? 0;
      const cell = variable.count === 1 ? "" : `[${first + i}]`;
      if (value !== 0) sets.push(`${variable.name}${cell} = ${value}`);
    }
  };
  for (const [key, cells] of layout.shared) {
    if (cells.count > 0) put(naming.shared.get(key) as Variable, 0, cells.offset);
  }
  for (const p of layout.processes) initProcess(p, system, naming, sets, put);
  return sets;
}

function initProcess(
  p: Process,
  system: System,
  naming: Naming,
  sets: string[],
  put: (variable: Variable, first: number, at: number) => void,
): void {
  const pc = naming.pcs.get(p.actor.name) as Variable;
  sets.push(`${pc.name}${pc.count === 1 ? "" : `[${p.instance}]`} = 0`);
  for (const [key, cells] of system.layout.locals[p.actorIndex] ?? []) {
    const variable = naming.locals.get(p.actor.name)?.get(key) as Variable;
    if (cells.count > 0) put(variable, p.instance * variable.each, p.pc + 1 + cells.offset);
  }
}
