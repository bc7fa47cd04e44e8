/**
 * One step of one process as JavaScript text: it reads the state words `s0, s1, ...`, works on
 * copies `t0, t1, ...`, and appends one successor to the buffer `C` for every way of taking the
 * step.
 *
 * `n` is the next free position in `C`. A step in which something is violated returns `~n`; what
 * exactly, the interpreter says. Each nondeterministic choice is a loop around everything that
 * comes after it, so the successors come out in the order of the interpreter.
 */

import type { Process, Stmt } from "../../model/ir/index.ts";
import { allStmts, DONE } from "../../model/ir/index.ts";
import type { Fusion } from "../reduce/fuse.ts";
import {
  cellNumber,
  chooseBounds,
  chunkShift,
  type Fn,
  genExpr,
  isConst,
  maskOf,
  newFn,
  num,
  overBounds,
  placeOf,
  readConst,
  type Scope,
  temp,
  truth,
  type Val,
} from "./expr.ts";
import type { Packing, Place } from "./pack.ts";

interface Item {
  stmt: Stmt;
  bound: ReadonlyMap<string, Val>;
}

/** Text for what comes after the statements; a path is the block that ends one alternative. */
type End = (path: string) => string;

interface StepScope {
  scope: Scope;
  process: Process;
  position: number;
  fusion: Fusion;
  /** Positions of the steps taken so far, this one last. */
  taken: number[];
  /** Number of the first label of the actor, in the array `N`. */
  firstCounter: number;
  /** Numbers the labelled blocks and saved words. */
  next: { id: number };
}

/** Over more members than this `each` stays a loop. */
const UNROLL = 16;

/** Text of the block that takes the step at `position` of the process, and what is in it. */
export function genStep(
  packing: Packing,
  process: Process,
  position: number,
  firstCounter: number,
  fusion: Fusion,
): { text: string; fn: Fn } {
  const step = process.actor.steps[position];
  if (!step) throw new Error(`no step ${position}`);
  const fn = newFn();
  const scope: Scope = { packing, process, bound: new Map(), prefix: "t", fn };
  const next = { id: 0 };
  const taken = [position];
  const cx: StepScope = { scope, process, position, fusion, taken, firstCounter, next };
  const items = step.body.map((stmt) => ({ stmt, bound: scope.bound }));
  const body = genItems(items, cx, "B", (p) => emit(cx, position + 1, p));
  const head = `${declareTemps(fn)} let ${copies(packing.words, "t", "s")};`;
  return { text: `B: { ${head}\n${body}}`, fn };
}

/** Declares what the texts generated with this scope use. */
export function declareTemps(fn: Fn): string {
  const names = Array.from({ length: fn.temps }, (_, i) => `x${i} = 0`);
  if (fn.faults) names.push("F = 0");
  return names.length === 0 ? "" : `let ${names.join(", ")};`;
}

function copies(words: number, to: string, from: string): string {
  return Array.from({ length: words }, (_, i) => `${to}${i} = ${from}${i}`).join(", ");
}

/** Text for the statements in turn; `end` is the text for what comes after them. */
function genItems(items: Item[], cx: StepScope, path: string, end: End): string {
  const [first, ...rest] = items;
  if (!first) return end(path);
  const { stmt } = first;
  const here: StepScope = { ...cx, scope: { ...cx.scope, bound: first.bound } };
  const after = (): string => genItems(rest, cx, path, end);
  switch (stmt.kind) {
    case "choose":
      return genChoose(stmt, here, path, (inner) => genItems(rest, cx, inner, end));
    case "either":
      return genEither(stmt, first, rest, cx, path, end);
    case "wait":
      return guard(stmt.cond, here, `break ${path};`) + after();
    case "assert":
      return guard(stmt.cond, here, "return ~n;") + after();
    case "lock":
      return stmt.event.index.map((e) => touch(genIn(here, e), here)).join("") + after();
    case "set":
      return genSet(stmt, here) + after();
    case "when":
      return genWhen(stmt, first, rest, cx, path, end);
    case "each":
      return genEach(stmt, first, rest, cx, path, end);
    case "goto":
      return emit(cx, positionOf(cx.process, stmt.label), path);
  }
}

interface Generated {
  val: Val;
  /** May evaluating it set `F`? */
  faults: boolean;
}

function genIn(cx: StepScope, expr: Parameters<typeof genExpr>[0]): Generated {
  const { fn } = cx.scope;
  const before = fn.faults;
  fn.faults = false;
  const val = genExpr(expr, cx.scope);
  const { faults } = fn;
  fn.faults = before || faults;
  return { val, faults };
}

/** Evaluates only for the violation it may be. */
function touch({ val, faults }: Generated, cx: StepScope): string {
  return faults ? `${temp(cx.scope)} = ${num(val)}; if (F) return ~n;\n` : "";
}

function guard(cond: Parameters<typeof genExpr>[0], cx: StepScope, otherwise: string): string {
  const { val, faults } = genIn(cx, cond);
  if (!faults) return `if (!(${truth(val)})) ${otherwise}\n`;
  const x = temp(cx.scope);
  return `${x} = ${truth(val)} ? 1 : 0; if (F) return ~n; if (!${x}) ${otherwise}\n`;
}

/** The step is over: goes on with the next one, or appends the successor. */
function emit(cx: StepScope, position: number, path: string): string {
  const { packing } = cx.scope;
  const { pc } = packing.processes[cx.process.pid - 1] as { pc: Place };
  const to = { code: `${position}`, lo: position, hi: position };
  const move = position === cx.position ? "" : write(pc, 0, to);
  const following = cx.process.actor.steps[position];
  if (following && cx.fusion.goesOn(cx.process.actorIndex, cx.taken, position)) {
    const bound = new Map();
    const inner: StepScope = {
      ...cx,
      scope: { ...cx.scope, bound },
      position,
      taken: [...cx.taken, position],
    };
    const items = following.body.map((stmt) => ({ stmt, bound }));
    const rest = genItems(items, inner, path, (p) => emit(inner, position + 1, p));
    return move + rest;
  }
  const count = cx.taken.map((at) => `N[${cx.firstCounter + at}]++;`).join(" ");
  const store = Array.from({ length: packing.words }, (_, i) => `C[n + ${i}] = t${i};`).join(" ");
  return `${move}${store} n += ${packing.words}; ${count} break ${path};\n`;
}

function positionOf(process: Process, label: string): number {
  const { steps } = process.actor;
  const position = label === DONE ? steps.length : steps.findIndex((s) => s.label === label);
  if (position < 0) throw new Error(`${process.actor.name}: no label ${label}`);
  return position;
}

/** Writes a cell at a known position; the value is in range. */
function write(place: Place, cell: number, value: Val): string {
  const chunk = place.chunks.find((c) => cell >= c.first && cell < c.first + c.count);
  if (!chunk) return "";
  const shift = chunk.shift + (cell - chunk.first) * place.width;
  const word = `t${chunk.word}`;
  const mask = maskOf(place.width) << shift;
  const kept = `(${word} & ${~mask})`;
  if (isConst(value)) return `${word} = ${kept} | ${(value.lo - place.lo) << shift};\n`;
  const raw = place.lo === 0 ? num(value) : `(${num(value)} - ${place.lo})`;
  return `${word} = ${kept} | (${raw} << ${shift});\n`;
}

/** Writes the cell whose number is in the variable `cell`. */
function writeDynamic(place: Place, cell: string, value: Val, cx: StepScope): string {
  const raw = place.lo === 0 ? num(value) : `(${num(value)} - (${place.lo}))`;
  const parts = place.chunks.map((c) => {
    const at = temp(cx.scope);
    const word = `t${c.word}`;
    const mask = maskOf(place.width);
    return (
      `{ ${at} = ${chunkShift(c.first, c.shift, place.width, cell)};` +
      ` ${word} = (${word} & ~(${mask} << ${at})) | (${raw} << ${at}); }`
    );
  });
  const tests = place.chunks.map((c, i) => {
    const last = i === place.chunks.length - 1;
    return last ? parts[i] : `if (${cell} < ${c.first + c.count}) ${parts[i]}`;
  });
  return `${tests.join(" else ")}\n`;
}

/** Writes a value that is known to be in range into the referenced cell. */
function writeRef(target: Extract<Stmt, { kind: "set" }>["target"], value: Val, cx: StepScope) {
  if (target.kind === "peek") throw new Error("a step cannot write another process's local");
  const { fn } = cx.scope;
  const before = fn.faults;
  fn.faults = false;
  const place = placeOf(target, cx.scope);
  const cell = cellNumber(target, cx.scope, cx.process);
  const { faults } = fn;
  fn.faults = before || faults;
  if (isConst(cell)) return write(place, cell.lo, value);
  const x = temp(cx.scope);
  const check = faults ? " if (F) return ~n;" : "";
  return `${x} = ${cell.code};${check}\n${writeDynamic(place, x, value, cx)}`;
}

function genSet(stmt: Extract<Stmt, { kind: "set" }>, cx: StepScope): string {
  const { val, faults } = genIn(cx, stmt.value);
  if (stmt.target.kind === "peek") throw new Error("a step cannot write another process's local");
  const { lo, hi } = placeOf(stmt.target, cx.scope);
  const certain = val.lo >= lo && val.hi <= hi;
  if (certain && isConst(val)) return writeRef(stmt.target, val, cx);
  const x = temp(cx.scope);
  const tests = [
    ...(faults ? ["F"] : []),
    ...(val.lo < lo ? [`${x} < ${lo}`] : []),
    ...(val.hi > hi ? [`${x} > ${hi}`] : []),
  ];
  const check = tests.length === 0 ? "" : ` if (${tests.join(" || ")}) return ~n;`;
  const inRange: Val = { code: x, lo: Math.max(lo, val.lo), hi: Math.min(hi, val.hi) };
  return `${x} = ${num(val)};${check}\n${writeRef(stmt.target, inRange, cx)}`;
}

/** Saves the words, and gives the text that brings them back at the start of each alternative. */
function saveWords(cx: StepScope): { save: string; restore: string; id: number } {
  const id = cx.next.id++;
  const { words } = cx.scope.packing;
  const save = `const ${copies(words, `a${id}_`, "t")};\n`;
  const restore = Array.from({ length: words }, (_, i) => `t${i} = a${id}_${i};`).join(" ");
  return { save, restore, id };
}

function genChoose(
  stmt: Extract<Stmt, { kind: "choose" }>,
  cx: StepScope,
  path: string,
  rest: (path: string) => string,
): string {
  const { lo, hi } = chooseBounds(stmt.target, cx.scope);
  const { save, restore, id } = saveWords(cx);
  const inner = `P${id}`;
  const set = writeRef(stmt.target, { code: `v${id}`, lo, hi }, cx);
  const where = stmt.where ? guard(stmt.where, cx, `break ${inner};`) : "";
  return (
    `${save}for (let v${id} = ${lo}; v${id} <= ${hi}; v${id}++) ${inner}: {\n` +
    `${restore}\n${set}${where}${rest(inner)}}\nbreak ${path};\n`
  );
}

function genEither(
  stmt: Extract<Stmt, { kind: "either" }>,
  item: Item,
  rest: Item[],
  cx: StepScope,
  path: string,
  end: End,
): string {
  const { save, restore, id } = saveWords(cx);
  const branches = stmt.branches.map((branch, i) => {
    const inner = `P${id}_${i}`;
    const items = [...branch.body.map((s) => ({ stmt: s, bound: item.bound })), ...rest];
    const body = genItems(items, cx, inner, end);
    return `${inner}: {\n${restore}\n${body}}\n`;
  });
  return `${save}${branches.join("")}break ${path};\n`;
}

function hasChoice(body: Stmt[]): boolean {
  return allStmts(body).some(({ kind }) => kind === "choose" || kind === "either");
}

function genWhen(
  stmt: Extract<Stmt, { kind: "when" }>,
  item: Item,
  rest: Item[],
  cx: StepScope,
  path: string,
  end: End,
): string {
  const here: StepScope = { ...cx, scope: { ...cx.scope, bound: item.bound } };
  const { val, faults } = genIn(here, stmt.cond);
  const x = temp(cx.scope);
  const test = faults ? x : truth(val);
  const head = faults ? `${x} = ${truth(val)} ? 1 : 0; if (F) return ~n;\n` : "";
  const withBound = (body: Stmt[]): Item[] => body.map((s) => ({ stmt: s, bound: item.bound }));
  const split = hasChoice(stmt.then) || hasChoice(stmt.else);
  const branch = (body: Stmt[]): string =>
    split
      ? genItems([...withBound(body), ...rest], cx, path, end)
      : genItems(withBound(body), cx, path, () => "");
  const text = `${head}if (${test}) {\n${branch(stmt.then)}} else {\n${branch(stmt.else)}}\n`;
  return split ? text : text + genItems(rest, cx, path, end);
}

function genEach(
  stmt: Extract<Stmt, { kind: "each" }>,
  item: Item,
  rest: Item[],
  cx: StepScope,
  path: string,
  end: End,
): string {
  const { lo, hi } = overBounds(stmt.over, cx.scope.packing.layout);
  const bodyFor = (value: Val): Item[] => {
    const bound = new Map(item.bound).set(stmt.bind, value);
    return stmt.body.map((s) => ({ stmt: s, bound }));
  };
  if (hi - lo < UNROLL || hasChoice(stmt.body)) {
    const items: Item[] = [];
    for (let v = lo; v <= hi; v++) items.push(...bodyFor({ code: `${v}`, lo: v, hi: v }));
    return genItems([...items, ...rest], cx, path, end);
  }
  const i = `v${cx.next.id++}`;
  const body = genItems(bodyFor({ code: i, lo, hi }), cx, path, () => "");
  const loop = `for (let ${i} = ${lo}; ${i} <= ${hi}; ${i}++) {\n${body}}\n`;
  return loop + genItems(rest, cx, path, end);
}

/** At most this many successors come from one step with this body. */
export function mostOutcomes(body: Stmt[], packing: Packing, process: Process): number {
  return body.reduce((product, stmt) => product * outcomesOf(stmt, packing, process), 1);
}

function outcomesOf(stmt: Stmt, packing: Packing, process: Process): number {
  const most = (body: Stmt[]): number => mostOutcomes(body, packing, process);
  switch (stmt.kind) {
    case "choose": {
      const fn = newFn();
      const scope: Scope = { packing, process, bound: new Map(), prefix: "t", fn };
      const { lo, hi } = chooseBounds(stmt.target, scope);
      return Math.max(1, hi - lo + 1);
    }
    case "either":
      return stmt.branches.reduce((sum, b) => sum + most(b.body), 0);
    case "when":
      return Math.max(most(stmt.then), most(stmt.else));
    case "each": {
      const { lo, hi } = overBounds(stmt.over, packing.layout);
      return most(stmt.body) ** Math.max(0, hi - lo + 1);
    }
    case "wait":
    case "assert":
    case "lock":
    case "set":
    case "goto":
      return 1;
  }
}

/** Text of the current position of a process, from words with this prefix. */
export function pcText(packing: Packing, process: Process, prefix: string): string {
  const pc = (packing.processes[process.pid - 1] as { pc: Place }).pc;
  const fn = newFn();
  return num(readConst(pc, 0, { packing, process, bound: new Map(), prefix, fn }));
}
