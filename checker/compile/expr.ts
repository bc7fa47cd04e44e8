/**
 * Expressions as JavaScript text. Each comes with the interval its value lies in, so that checks
 * which cannot fail are left out. An evaluation that has no value (index out of bounds, division)
 * sets the flag `F` and goes on with some number: expressions have no effects, and the caller
 * looks at the flag before it uses the result.
 */
import {
  DONE,
  type Expr,
  findScalarset,
  type Layout,
  memberBounds,
  type Over,
  type Process,
  type Ref,
  valueBounds,
} from "../../model/ir/index.ts";
import type { Packing, Place } from "./pack.ts";

/** Text of a value; `test` texts are JavaScript booleans, the others numbers. */
export interface Val {
  code: string;
  lo: number;
  hi: number;
  test?: boolean;
}

/** What the text stands in: the running process, bound variables, and names of the state words. */
export interface Scope {
  packing: Packing;
  process: Process | undefined;
  bound: ReadonlyMap<string, Val>;
  /** `t` reads from t0, t1, ... */
  prefix: string;
  fn: Fn;
}

/** What is shared by the texts of one function. */
export interface Fn {
  /** Temporaries to declare. */
  temps: number;
  /** `F` may be set. */
  faults: boolean;
  /** Some value may not fit in a signed word of 32 bits. */
  wide: boolean;
}

export function newFn(): Fn {
  return { temps: 0, faults: false, wide: false };
}

/** Over more members than this a quantifier becomes a loop. */
const UNROLL = 16;

export function constant(value: number): Val {
  return { code: value < 0 ? `(${value})` : String(value), lo: value, hi: value };
}

export function num(v: Val): string {
  return v.test ? `(${v.code} ? 1 : 0)` : v.code;
}

export function truth(v: Val): string {
  if (v.test) return v.code;
  if (isConst(v)) return v.lo === 0 ? "false" : "true";
  return v.lo > 0 || v.hi < 0 ? `(${v.code}, true)` : `${v.code} !== 0`;
}

export function isConst(v: Val): boolean {
  return v.lo === v.hi && /^\(?-?\d+\)?$/.test(v.code);
}

export function temp(scope: Scope): string {
  return `x${scope.fn.temps++}`;
}

function fault(scope: Scope): string {
  scope.fn.faults = true;
  return "(F = 1, 0)";
}

function asTest(code: string): Val {
  return { code, lo: 0, hi: 1, test: true };
}

export function genExpr(expr: Expr, scope: Scope): Val {
  const val = generate(expr, scope);
  if (val.lo < -(2 ** 31) || val.hi >= 2 ** 31) scope.fn.wide = true;
  return val;
}

function generate(expr: Expr, scope: Scope): Val {
  switch (expr.kind) {
    case "const":
      return constant(expr.value);
    case "read":
      return readCell(expr.ref, scope);
    case "self":
      if (!scope.process) throw new Error("self outside a step");
      return constant(scope.process.pid);
    case "bound": {
      const value = scope.bound.get(expr.name);
      if (!value) throw new Error(`unbound ${expr.name}`);
      return value;
    }
    case "compare":
      return compare(expr.op, genExpr(expr.left, scope), genExpr(expr.right, scope));
    case "arith":
      return arith(expr.op, genExpr(expr.left, scope), genExpr(expr.right, scope), scope);
    case "not":
      return asTest(`!(${truth(genExpr(expr.arg, scope))})`);
    case "and":
      return asTest(joined(expr.args, " && ", "true", scope));
    case "or":
      return asTest(joined(expr.args, " || ", "false", scope));
    case "implies": {
      const left = truth(genExpr(expr.left, scope));
      return asTest(`(!(${left}) || (${truth(genExpr(expr.right, scope))}))`);
    }
    case "ite":
      return choice(
        truth(genExpr(expr.cond, scope)),
        genExpr(expr.then, scope),
        genExpr(expr.else, scope),
      );
    case "quant":
      return quantify(expr, scope);
    case "inClass":
      return inClass(expr, genExpr(expr.arg, scope), scope);
    case "atLabel":
      return atLabel(expr, genExpr(expr.proc, scope), scope);
  }
}

function joined(args: Expr[], op: string, empty: string, scope: Scope): string {
  if (args.length === 0) return empty;
  return `(${args.map((a) => `(${truth(genExpr(a, scope))})`).join(op)})`;
}

const COMPARE = { eq: "===", ne: "!==", lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

function compare(op: keyof typeof COMPARE, a: Val, b: Val): Val {
  return asTest(`(${num(a)} ${COMPARE[op]} ${num(b)})`);
}

function choice(cond: string, a: Val, b: Val): Val {
  const code = `(${cond} ? ${num(a)} : ${num(b)})`;
  return { code, lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
}

function arith(op: "add" | "sub" | "mul" | "mod", a: Val, b: Val, scope: Scope): Val {
  const [x, y] = [num(a), num(b)];
  switch (op) {
    case "add":
      return { code: `(${x} + ${y})`, lo: a.lo + b.lo, hi: a.hi + b.hi };
    case "sub":
      return { code: `(${x} - ${y})`, lo: a.lo - b.hi, hi: a.hi - b.lo };
    case "mul": {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
      return { code: `(${x} * ${y})`, lo: Math.min(...corners), hi: Math.max(...corners) };
    }
    case "mod": {
      const range = { lo: 0, hi: Math.max(0, b.hi - 1) };
      if (b.lo > 0 && a.lo >= 0) return { code: `(${x} % ${y})`, ...range };
      const [p, q] = [temp(scope), temp(scope)];
      const safe = `((${p} % ${q}) + ${q}) % ${q}`;
      const test = b.lo > 0 ? safe : `${q} > 0 ? ${safe} : ${fault(scope)}`;
      return { code: `(${p} = ${x}, ${q} = ${y}, ${test})`, ...range };
    }
  }
}

/** The values a binder takes; none may be left. */
export function overBounds(over: Over, layout: Layout): { lo: number; hi: number } {
  if (over.kind !== "instances") return memberBounds(layout.model, over);
  const pids = layout.processes.filter((p) => p.actor.name === over.actor).map((p) => p.pid);
  return pids.length === 0 ? { lo: 1, hi: 0 } : { lo: Math.min(...pids), hi: Math.max(...pids) };
}

function quantify(expr: Extract<Expr, { kind: "quant" }>, scope: Scope): Val {
  const { lo, hi } = overBounds(expr.over, scope.packing.layout);
  const size = Math.max(0, hi - lo + 1);
  const bodyFor = (value: Val): string => {
    const bound = new Map(scope.bound).set(expr.bind, value);
    return truth(genExpr(expr.body, { ...scope, bound }));
  };
  if (size > UNROLL) return quantLoop(expr.op, lo, hi, bodyFor, scope);
  const parts = Array.from({ length: size }, (_, i) => `(${bodyFor(constant(lo + i))})`);
  switch (expr.op) {
    case "forall":
      return asTest(size === 0 ? "true" : `(${parts.join(" && ")})`);
    case "exists":
      return asTest(size === 0 ? "false" : `(${parts.join(" || ")})`);
    case "count": {
      const sum = parts.map((p) => `(${p} ? 1 : 0)`).join(" + ");
      return { code: size === 0 ? "0" : `(${sum})`, lo: 0, hi: size };
    }
  }
}

function quantLoop(
  op: "forall" | "exists" | "count",
  lo: number,
  hi: number,
  bodyFor: (value: Val) => string,
  scope: Scope,
): Val {
  const i = temp(scope);
  const body = bodyFor({ code: i, lo, hi });
  const loop = (onEach: string, end: string): string =>
    `((() => { let k = 0; for (${i} = ${lo}; ${i} <= ${hi}; ${i}++) ${onEach} ${end} })())`;
  switch (op) {
    case "forall":
      return asTest(loop(`if (!(${body})) return false;`, "return true;"));
    case "exists":
      return asTest(loop(`if (${body}) return true;`, "return false;"));
    case "count":
      return { code: loop(`if (${body}) k++;`, "return k;"), lo: 0, hi: hi - lo + 1 };
  }
}

function inClass(expr: Extract<Expr, { kind: "inClass" }>, v: Val, scope: Scope): Val {
  const x = temp(scope);
  let first = 1;
  const ranges: string[] = [];
  for (const c of findScalarset(scope.packing.layout.model, expr.set).classes) {
    const last = first + c.size - 1;
    if (c.name === expr.class && c.size > 0) ranges.push(`(${x} >= ${first} && ${x} <= ${last})`);
    first = last + 1;
  }
  return asTest(`(${x} = ${num(v)}, ${ranges.join(" || ") || "false"})`);
}

function atLabel(expr: Extract<Expr, { kind: "atLabel" }>, proc: Val, scope: Scope): Val {
  const { layout } = scope.packing;
  const actor = layout.model.actors.find((a) => a.name === expr.actor);
  const positions = (actor?.steps ?? [])
    .map((s, i) => (expr.labels.includes(s.label) ? i : -1))
    .filter((i) => i >= 0);
  if (actor && expr.labels.includes(DONE)) positions.push(actor.steps.length);
  const standsAt = (p: Process): string => {
    const pc = readConst((scope.packing.processes[p.pid - 1] as { pc: Place }).pc, 0, scope);
    const reachable = positions.filter((k) => k <= pc.hi);
    if (reachable.length === 0) return "false";
    const x = temp(scope);
    return `(${x} = ${num(pc)}, ${reachable.map((k) => `${x} === ${k}`).join(" || ")})`;
  };
  const instances = layout.processes.filter((p) => p.actor.name === expr.actor);
  if (isConst(proc)) {
    const process = instances.find((p) => p.pid === proc.lo);
    return asTest(process ? standsAt(process) : "false");
  }
  const who = temp(scope);
  const cases = instances.map((p) => `(${who} === ${p.pid} && ${standsAt(p)})`);
  return asTest(`(${who} = ${num(proc)}, ${cases.join(" || ") || "false"})`);
}

/** The place that a shared or local reference names. */
export function placeOf(ref: Exclude<Ref, { kind: "peek" }>, scope: Scope): Place {
  const places =
    ref.kind === "shared" ? scope.packing.shared : localsOf(scope.packing, scope.process);
  const place = places.get(ref.name);
  if (!place) throw new Error(`no variable ${ref.name}`);
  return place;
}

function localsOf(packing: Packing, process: Process | undefined): ReadonlyMap<string, Place> {
  const found = process && packing.processes[process.pid - 1];
  if (!found) throw new Error("local variable outside a process");
  return found.locals;
}

function readCell(ref: Ref, scope: Scope): Val {
  const { layout } = scope.packing;
  if (ref.kind !== "peek") {
    return readAt(placeOf(ref, scope), cellNumber(ref, scope, scope.process), scope);
  }
  const proc = genExpr(ref.proc, scope);
  const instances = layout.processes.filter((p) => p.actor.name === ref.actor);
  const readOf = (p: Process): Val => {
    const place = localsOf(scope.packing, p).get(ref.name);
    if (!place) throw new Error(`no variable ${ref.name}`);
    return readAt(place, cellNumber(ref, scope, p), scope);
  };
  if (isConst(proc)) {
    const process = instances.find((p) => p.pid === proc.lo);
    return process ? readOf(process) : { code: fault(scope), lo: 0, hi: 0 };
  }
  const who = temp(scope);
  let result: Val = { code: fault(scope), lo: 0, hi: 0 };
  for (const p of [...instances].reverse()) {
    result = choice(`${who} === ${p.pid}`, readOf(p), result);
  }
  return { ...result, code: `(${who} = ${num(proc)}, ${result.code})` };
}

/** Number of the cell within its array: a constant, or text that sets `F` when out of bounds. */
export function cellNumber(ref: Ref, scope: Scope, owner: Process | undefined): Val {
  const { layout } = scope.packing;
  const decls = ref.kind === "shared" ? layout.shared : layout.locals[owner?.actorIndex ?? -1];
  const dims = decls?.get(ref.name)?.dims ?? [];
  let cell: Val = constant(0);
  ref.index.forEach((e, i) => {
    const dim = dims[i];
    if (!dim) throw new Error(`${ref.name} has ${dims.length} dimensions`);
    const size = dim.hi - dim.lo + 1;
    cell = combine(cell, size, inBounds(genExpr(e, scope), dim.lo, dim.hi, scope));
  });
  return cell;
}

/** The index counted from 0, checked as far as it is not certain. */
function inBounds(v: Val, lo: number, hi: number, scope: Scope): Val {
  const inside = { lo: Math.max(0, v.lo - lo), hi: Math.max(0, Math.min(v.hi, hi) - lo) };
  if (isConst(v) && v.lo >= lo && v.hi <= hi) return constant(v.lo - lo);
  if (v.lo >= lo && v.hi <= hi) {
    return { code: lo === 0 ? num(v) : `(${num(v)} - ${lo})`, ...inside };
  }
  const x = temp(scope);
  const tests = [...(v.lo < lo ? [`${x} < ${lo}`] : []), ...(v.hi > hi ? [`${x} > ${hi}`] : [])];
  const ok = lo === 0 ? x : `${x} - ${lo}`;
  return { code: `(${x} = ${num(v)}, ${tests.join(" || ")} ? ${fault(scope)} : ${ok})`, ...inside };
}

function combine(cell: Val, size: number, index: Val): Val {
  if (isConst(cell) && isConst(index)) return constant(cell.lo * size + index.lo);
  const range = { lo: cell.lo * size + index.lo, hi: cell.hi * size + index.hi };
  if (isConst(cell)) {
    const base = cell.lo * size;
    return { code: base === 0 ? index.code : `(${base} + ${index.code})`, ...range };
  }
  return { code: `(${cell.code} * ${size} + ${index.code})`, ...range };
}

export function maskOf(width: number): number {
  return width === 32 ? -1 : 2 ** width - 1;
}

/** One cell at a known position. */
export function readConst(place: Place, cell: number, scope: Scope): Val {
  const bounds = { lo: place.lo, hi: place.hi };
  const chunk = place.chunks.find((c) => cell >= c.first && cell < c.first + c.count);
  if (!chunk) return constant(place.outside);
  const shift = chunk.shift + (cell - chunk.first) * place.width;
  const word = `${scope.prefix}${chunk.word}`;
  const whole = shift + place.width === 32;
  const shifted = shift === 0 && !whole ? word : `(${word} >>> ${shift})`;
  const raw = whole ? shifted : `(${shifted} & ${maskOf(place.width)})`;
  return { code: place.lo === 0 ? raw : `(${raw} + ${constant(place.lo).code})`, ...bounds };
}

/** One cell at a position known at run time: a shift, per word that the array lies in. */
function readAt(place: Place, cell: Val, scope: Scope): Val {
  if (isConst(cell)) return readConst(place, cell.lo, scope);
  const fixed = constant(place.outside);
  const [start, last] = [place.chunks[0], place.chunks.at(-1)];
  if (!start || !last) return { ...fixed, code: `(${cell.code}, ${fixed.code})` };
  const x = temp(scope);
  const parts = place.chunks.map((c) => {
    const at = chunkShift(c.first, c.shift, place.width, x);
    const raw = `((${scope.prefix}${c.word} >>> (${at})) & ${maskOf(place.width)})`;
    const unsigned = place.width === 32 ? `(${raw} >>> 0)` : raw;
    return place.lo === 0 ? unsigned : `(${unsigned} + ${constant(place.lo).code})`;
  });
  let code = parts.at(-1) as string;
  for (let i = parts.length - 2; i >= 0; i--) {
    code = `(${x} < ${(place.chunks[i + 1] as { first: number }).first} ? ${parts[i]} : ${code})`;
  }
  const end = last.first + last.count;
  const outside = [
    ...(cell.lo < start.first ? [`${x} < ${start.first}`] : []),
    ...(cell.hi >= end ? [`${x} >= ${end}`] : []),
  ];
  if (outside.length > 0) code = `(${outside.join(" || ")} ? ${fixed.code} : ${code})`;
  return { code: `(${x} = ${cell.code}, ${code})`, lo: place.lo, hi: place.hi };
}

export function chunkShift(first: number, shift: number, width: number, cell: string): string {
  const base = shift - first * width;
  const scaled = width === 1 ? cell : `${cell} * ${width}`;
  return base === 0 ? scaled : `${scaled} + ${constant(base).code}`;
}

/** Bounds of the values that a `choose` into this domain takes. */
export function chooseBounds(ref: Ref, scope: Scope): { lo: number; hi: number } {
  const { layout } = scope.packing;
  const decls =
    ref.kind === "shared" ? layout.shared : layout.locals[scope.process?.actorIndex ?? -1];
  const domain = decls?.get(ref.name)?.decl.domain;
  if (!domain) throw new Error(`no variable ${ref.name}`);
  return domain.kind === "scalarset" || domain.kind === "proc"
    ? memberBounds(layout.model, domain)
    : valueBounds(layout.model, domain);
}
