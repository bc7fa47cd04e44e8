/** Expressions as infix text with as few parentheses as all four targets understand. */
import type { ArithOp, CompareOp, Expr, Ref } from "../ir/index.ts";
import { negation } from "./rewrite.ts";

/** How tightly the outermost operator binds. */
export type Level = 0 | 1 | 2 | 3 | 4;
const LOOSE = 0;
const LOGIC = 1;
const COMPARE = 2;
const SUM = 3;
export const ATOM = 4;

export interface Text {
  text: string;
  level: Level;
}

type Of<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;

/** What the targets spell differently. Strings are complete operands (atoms). */
export interface Dialect {
  compare: Record<CompareOp, string>;
  and: string;
  or: string;
  not: string;
  true: string;
  false: string;
  constant(expr: Of<"const">): string;
  self(): string;
  bound(name: string): string;
  read(ref: Ref): string;
  ite(cond: string, yes: string, no: string): string;
  /** Where the target has an implication. */
  implies?(left: string, right: string): string;
  mod(expr: Of<"arith">, left: string, right: string): string;
  quant(expr: Of<"quant">): string;
  inClass(expr: Of<"inClass">): Text;
  atLabel(expr: Of<"atLabel">): Text;
  /** Comparisons that are not written with an operator. */
  special?(expr: Of<"compare">): Text | undefined;
}

const SIGN: Record<Exclude<ArithOp, "mod">, string> = { add: "+", sub: "-", mul: "*" };

export function atom(text: string): Text {
  return { text, level: ATOM };
}

/**
 * The expression, in parentheses when it needs them as an operand of something that binds
 * `level`.
 */
export function operand(expr: Expr, level: Level, dialect: Dialect): string {
  const inner = render(expr, dialect);
  return inner.level < level ? `(${inner.text})` : inner.text;
}

/** The expression on its own. */
export function infix(expr: Expr, dialect: Dialect): string {
  return render(expr, dialect).text;
}

/** Operands side by side: conjunctions and disjunctions of texts. */
export function joined(parts: string[], sign: string): Text {
  const level = parts.length === 1 ? COMPARE : LOGIC;
  return { text: parts.join(` ${sign} `), level };
}

/** On the right of an equality. */
export function assignable(expr: Expr, dialect: Dialect): string {
  return operand(expr, SUM, dialect);
}

/** As an operand of a conjunction. */
export function conjunct(expr: Expr, dialect: Dialect): string {
  return operand(expr, COMPARE, dialect);
}

function render(expr: Expr, d: Dialect): Text {
  const loose = (e: Expr): string => operand(e, COMPARE, d);
  switch (expr.kind) {
    case "const":
      return atom(d.constant(expr));
    case "self":
      return atom(d.self());
    case "bound":
      return atom(d.bound(expr.name));
    case "read":
      return atom(d.read(expr.ref));
    case "compare": {
      const special = d.special?.(expr);
      if (special) return special;
      const sides = [operand(expr.left, SUM, d), operand(expr.right, SUM, d)];
      return { text: sides.join(` ${d.compare[expr.op]} `), level: COMPARE };
    }
    case "arith":
      return renderArith(expr, d);
    case "not":
      return { text: d.not + operand(expr.arg, ATOM, d), level: COMPARE };
    case "and":
      return renderLogic(expr.args, d.and, d.true, d);
    case "or":
      return renderLogic(expr.args, d.or, d.false, d);
    case "implies": {
      if (!d.implies) return renderLogic([negation(expr.left), expr.right], d.or, d.false, d);
      return { text: d.implies(loose(expr.left), loose(expr.right)), level: LOOSE };
    }
    case "ite":
      return atom(d.ite(loose(expr.cond), loose(expr.then), loose(expr.else)));
    case "quant":
      return atom(d.quant(expr));
    case "inClass":
      return d.inClass(expr);
    case "atLabel":
      return d.atLabel(expr);
  }
}

function renderArith(expr: Of<"arith">, d: Dialect): Text {
  const [left, right] = [operand(expr.left, ATOM, d), operand(expr.right, ATOM, d)];
  if (expr.op === "mod") return atom(d.mod(expr, left, right));
  const first = expr.op === "add" && expr.left.kind === "arith" && expr.left.op === "add";
  const start = first ? operand(expr.left, SUM, d) : left;
  return { text: `${start} ${SIGN[expr.op]} ${right}`, level: SUM };
}

function renderLogic(args: Expr[], sign: string, empty: string, d: Dialect): Text {
  const [first] = args;
  if (!first) return atom(empty);
  if (args.length === 1) return render(first, d);
  return { text: args.map((e) => operand(e, COMPARE, d)).join(` ${sign} `), level: LOGIC };
}
