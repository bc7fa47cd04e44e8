/** Expressions in C over a state vector `s` (before the step) or `n` (during it). */
import { type Cells, type Layout, type Process, processName, type Ref } from "../ir/index.ts";
import { cellNumber, minus } from "./cells.ts";
import { assignable, type Dialect, infix, joined, operand, type Text } from "./infix.ts";
import { createNamer, type Namer } from "./names.ts";
import { classBounds } from "./rewrite.ts";
import { boundsOf, pidBounds, type Scope } from "./scope.ts";
import type { System } from "./system.ts";

export interface Naming {
  /** By slot: the name of the variable that starts there; a cell behind it has no name. */
  bases: Map<number, string>;
  /** By slot, complete: for LTSmin's traces and predicates. */
  slots: string[];
  /** By actor: a name per position; then done, then not yet started. */
  labels: Map<string, string[]>;
  enums: Map<string, string[]>;
  violation: number;
}

/** Words of C, names of the header-free interface, and our own. */
const RESERVED = `auto break case char const continue default do double else enum extern float for
goto if inline int long register restrict return short signed sizeof static struct switch typedef
union unsigned void volatile while asm typeof linux unix main s n g i j l at fail label step
violation states groups labels guards edge info callback emit expand size_t NULL offsetof ptrdiff_t
wchar_t max_align_t copy action statement bool true false guard STATES GROUPS LABELS GUARDS STARTS
READS MAY_WRITE MUST_WRITE LABEL_READS TYPE TYPES INITIAL START_STATES SLOT_NAMES SLOT_TYPES
LABEL_NAMES GUARD_LISTS NEVER_TOGETHER MAY_ENABLE MAY_DISABLE transition_info reads may_write
must_write label_reads coenabled may_enable may_disable dependent mark never_together touches
fill_tables start`.split(/\s+/);

/** For what LTSmin's predicates speak of: slots and labels. */
export function labelNamer(slots: string[]): Namer {
  const words = ["and", "or", "not", "true", "false", "violation", "all_hold", "end_"];
  return createNamer([...slots, ...words], /^guard_\d+$/);
}

export function nameAll(system: System): Naming {
  const { layout } = system;
  const namer = createNamer(RESERVED, /^((step|GUARDS|VALUES)_\d+|spins_\w+)$/);
  const bases = new Map<number, string>();
  const named = (at: number, wish: string): void => {
    bases.set(at, namer.take(wish));
  };
  for (const [key, cells] of layout.shared) if (cells.count > 0) named(cells.offset, key);
  for (const p of layout.processes) {
    const owner = processName(p.actor, p.instance).replace(/\]$/, "");
    named(p.pc, `${owner}_pc`);
    for (const [key, cells] of layout.locals[p.actorIndex] ?? []) {
      if (cells.count > 0) named(p.pc + 1 + cells.offset, `${owner}_${key}`);
    }
  }
  const naming: Naming = {
    bases,
    slots: [],
    labels: new Map(),
    enums: new Map(),
    violation: layout.slots.length,
  };
  for (const e of system.model.enums) {
    naming.enums.set(
      e.name,
      e.values.map((v) => namer.take(`${e.name}_${v}`)),
    );
  }
  for (const { decl } of system.actors) {
    const labels = [...decl.steps.map((s) => s.label), "done", ...(system.open ? ["unborn"] : [])];
    naming.labels.set(
      decl.name,
      labels.map((label) => namer.take(`${decl.name}__${label}`)),
    );
  }
  const slots = labelNamer([]);
  naming.slots = [...layout.slots.map((slot) => slots.take(slot.name)), "violation"];
  return naming;
}

/** The process whose step it is; properties have none. */
export function expressions(
  naming: Naming,
  scope: Scope,
  vector: "s" | "n",
  process?: Process,
): Dialect {
  const dialect: Dialect = {
    compare: { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" },
    and: "&&",
    or: "||",
    not: "!",
    true: "1",
    false: "0",
    constant: (e) => {
      if (e.domain.kind === "enum") return naming.enums.get(e.domain.name)?.[e.value] ?? "0";
      return e.value < 0 ? `(${e.value})` : String(e.value);
    },
    self: () => String(process?.pid),
    bound: (name) => {
      throw new Error(`bound variable ${name} in C`);
    },
    read: (ref) => `${vector}[${slotText(ref, naming, scope, process, dialect)}]`,
    ite: (cond, yes, no) => `(${cond} ? ${yes} : ${no})`,
    mod: (e, left, right) =>
      boundsOf(e.left, scope).lo < 0
        ? `((${left} % ${right} + ${right}) % ${right})`
        : `(${left} % ${right})`,
    quant: () => {
      throw new Error("quantifier in C");
    },
    inClass: (e) => {
      const { lo, hi } = classBounds(e.set, e.class, scope);
      const arg = operand(e.arg, 3, dialect);
      return joined(lo === hi ? [`${arg} == ${lo}`] : [`${arg} >= ${lo}`, `${arg} <= ${hi}`], "&&");
    },
    atLabel: (e) => atLabelText(e, naming, scope, vector, dialect),
  };
  return dialect;
}

/** `vector[slot] = value`. */
export function assignText(target: Ref, value: Parameters<typeof infix>[0], d: Dialect): string {
  return `${d.read(target)} = ${assignable(value, d)};`;
}

/** Where the cells of a reference are: the first process that may own them, and the variable. */
export interface Place {
  cells: Cells;
  base: number;
  /** For a peek at a process that is not known: cells of later processes are this far apart. */
  stride: number;
}

export function placeOf(ref: Ref, scope: Scope, process: Process | undefined): Place {
  const { layout } = scope;
  if (ref.kind === "shared") {
    const cells = layout.shared.get(ref.name);
    if (!cells) throw new Error(`no variable ${ref.name}`);
    return { cells, base: cells.offset, stride: 0 };
  }
  const owner = ref.kind === "local" ? process : ownerOf(ref, layout);
  const cells = owner && layout.locals[owner.actorIndex]?.get(ref.name);
  if (!owner || !cells) throw new Error(`no local ${ref.name}`);
  return { cells, base: owner.pc + 1 + cells.offset, stride: strideOf(owner, layout) };
}

function ownerOf(ref: Extract<Ref, { kind: "peek" }>, layout: Layout): Process | undefined {
  const own = layout.processes.filter((p) => p.actor.name === ref.actor);
  const { proc } = ref;
  return (proc.kind === "const" && own.find((p) => p.pid === proc.value)) || own[0];
}

/** Slots of one process of the actor. */
function strideOf(process: Process, layout: Layout): number {
  const cells = [...(layout.locals[process.actorIndex]?.values() ?? [])];
  return 1 + cells.reduce((sum, c) => sum + c.count, 0);
}

function slotText(
  ref: Ref,
  naming: Naming,
  scope: Scope,
  process: Process | undefined,
  dialect: Dialect,
): string {
  const { cells, base, stride } = placeOf(ref, scope, process);
  const name = naming.bases.get(base) ?? "0";
  const cell = cellNumber(ref, scope);
  const within = cell ? cellText(cell, name, cells.count, scope, dialect) : name;
  if (ref.kind !== "peek" || ref.proc.kind === "const") return within;
  const { lo, hi } = pidBounds(scope.layout, ref.actor);
  const at = boundsOf(ref.proc, scope);
  const instance = infix(minus(ref.proc, lo), dialect);
  const inside = at.lo >= lo && at.hi <= hi;
  const safe = inside ? `(${instance})` : `at(0, ${instance}, ${hi - lo + 1})`;
  return `${within} + ${safe} * ${stride}`;
}

/** A cell that may be outside is never evaluated in a step, but labels are always evaluated. */
function cellText(
  cell: Parameters<typeof infix>[0],
  name: string,
  count: number,
  scope: Scope,
  dialect: Dialect,
): string {
  if (cell.kind === "const" && cell.value === 0) return name;
  const { lo, hi } = boundsOf(cell, scope);
  if (lo >= 0 && hi < count) return `${name} + ${operand(cell, 3, dialect)}`;
  return `at(${name}, ${infix(cell, dialect)}, ${count})`;
}

function atLabelText(
  e: Parameters<Dialect["atLabel"]>[0],
  naming: Naming,
  scope: Scope,
  vector: "s" | "n",
  dialect: Dialect,
): Text {
  const { layout } = scope;
  const own = layout.processes.filter((p) => p.actor.name === e.actor);
  const [first] = own;
  if (!first) return joined(["0"], "&&");
  const { proc } = e;
  const fixed = proc.kind === "const" ? own.find((p) => p.pid === proc.value) : undefined;
  const { lo, hi } = pidBounds(layout, e.actor);
  const at = boundsOf(proc, scope);
  const number = operand(proc, 3, dialect);
  const low = at.lo < lo ? [`${number} >= ${lo}`] : [];
  const high = at.hi > hi ? [`${number} <= ${hi}`] : [];
  const base = naming.bases.get((fixed ?? first).pc);
  const instance = infix(minus(proc, lo), dialect);
  const slot = fixed
    ? base
    : `${base} + at(0, ${instance}, ${own.length}) * ${strideOf(first, layout)}`;
  const steps = first.actor.steps;
  const names = naming.labels.get(e.actor) ?? [];
  const tests = [...new Set(e.labels)].map((label) => {
    const position = label === "done" ? steps.length : steps.findIndex((s) => s.label === label);
    return `${vector}[${slot}] == ${names[position]}`;
  });
  if (low.length + high.length === 0) return joined(tests, "||");
  const standing = tests.length === 1 ? tests : [`(${tests.join(" || ")})`];
  return joined([...low, ...high, ...standing], "&&");
}
