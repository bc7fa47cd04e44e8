/** Which cells an expression reads in one state, and what value it has. */

import type { Interpreter, Ref, State } from "../model/ir/index.ts";
import { type Cells, type Expr, exprsOfExpr, exprsOfRef } from "../model/ir/index.ts";
import { membersOf, substitute } from "./close.ts";

/** Slots that a closed expression reads, those behind an operand that is not evaluated included. */
export function cellsRead(interpreter: Interpreter, expr: Expr, state: State): number[] {
  const inside = (e: Expr): number[] => cellsRead(interpreter, e, state);
  if (expr.kind === "quant") {
    const members = membersOf(interpreter.layout, expr.over);
    return members.flatMap((m) => inside(substitute(expr.body, expr.bind, m)));
  }
  if (expr.kind !== "read") return exprsOfExpr(expr).flatMap(inside);
  const slot = slotOf(interpreter, expr.ref, state);
  const inIndex = exprsOfRef(expr.ref).flatMap(inside);
  return slot === undefined ? inIndex : [slot, ...inIndex];
}

/** The slot of a reference; undefined when an index is none. */
export function slotOf(interpreter: Interpreter, ref: Ref, state: State): number | undefined {
  const { layout } = interpreter;
  if (ref.kind === "shared") return slotIn(interpreter, layout.shared.get(ref.name), 0, ref, state);
  if (ref.kind === "local") return undefined;
  const process = layout.processes[valueIn(interpreter, ref.proc, state) - 1];
  if (process?.actor.name !== ref.actor) return undefined;
  const cells = layout.locals[process.actorIndex]?.get(ref.name);
  return slotIn(interpreter, cells, process.pc + 1, ref, state);
}

function slotIn(
  interpreter: Interpreter,
  cells: Cells | undefined,
  base: number,
  ref: Ref,
  state: State,
): number | undefined {
  if (!cells) return undefined;
  let cell = 0;
  for (const [i, dim] of cells.dims.entries()) {
    const at = valueIn(interpreter, ref.index[i] as Expr, state);
    if (!(at >= dim.lo && at <= dim.hi)) return undefined;
    cell = cell * (dim.hi - dim.lo + 1) + at - dim.lo;
  }
  return base + cells.offset + cell;
}

/** Value of a closed expression; NaN when it has none. */
export function valueIn(interpreter: Interpreter, expr: Expr, state: State): number {
  const inner = (e: Expr): number => valueIn(interpreter, e, state);
  switch (expr.kind) {
    case "const":
      return expr.value;
    case "read": {
      const slot = slotOf(interpreter, expr.ref, state);
      return slot === undefined ? Number.NaN : (state[slot] as number);
    }
    case "ite":
      return inner(expr.cond) === 1 ? inner(expr.then) : inner(expr.else);
    case "arith":
      return arithmetic(expr.op, inner(expr.left), inner(expr.right));
    case "quant":
      if (expr.op !== "count") return truth(interpreter, expr, state);
      return membersOf(interpreter.layout, expr.over).filter(
        (m) => inner(substitute(expr.body, expr.bind, m)) === 1,
      ).length;
    case "self":
    case "bound":
      return Number.NaN;
    case "compare":
    case "not":
    case "and":
    case "or":
    case "implies":
    case "inClass":
    case "atLabel":
      return truth(interpreter, expr, state);
  }
}

function truth(interpreter: Interpreter, expr: Expr, state: State): number {
  const value = interpreter.evaluate(expr, state);
  if (typeof value !== "boolean") return Number.NaN;
  return value ? 1 : 0;
}

function arithmetic(op: "add" | "sub" | "mul" | "mod", a: number, b: number): number {
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "mod":
      return b > 0 ? ((a % b) + b) % b : Number.NaN;
  }
}
