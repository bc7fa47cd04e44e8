/**
 * Expressions over model values. They are built by methods (`seq.ne(me.seq)`), because TypeScript's
 * own operators would compute with the expression objects instead of the values that a state holds;
 * using one by mistake is refused by type or throws.
 */
import type { ArithOp, CompareOp, Expr as IrExpr, Ref as IrRef, QuantOp } from "../ir/index.ts";
import { captureFrames, type Frame, SpecError } from "./frames.ts";
import { deferred, isSize, type SizeLike } from "./size.ts";
import {
  type DslDomain,
  type Member,
  makeType,
  none,
  type Proc,
  type Type,
  type TypeLiteral,
} from "./type.ts";

/** A literal or an expression of that type. */
export type Value<T> = Expr<T> | TypeLiteral<T>;

declare const phantom: unique symbol;

/** A value that depends on the state. */
export interface Expr<T> {
  readonly [phantom]: (t: T) => T;
  readonly node: IrExpr;
  /** Undefined for arithmetic: any integer. */
  readonly domain: DslDomain;
  readonly frames: Frame[];
  eq(other: Value<T>): Expr<boolean>;
  ne(other: Value<T>): Expr<boolean>;
  /** Equal to one of these. */
  in(...others: Value<T>[]): Expr<boolean>;
  lt(this: Expr<number>, other: Value<number>): Expr<boolean>;
  le(this: Expr<number>, other: Value<number>): Expr<boolean>;
  gt(this: Expr<number>, other: Value<number>): Expr<boolean>;
  ge(this: Expr<number>, other: Value<number>): Expr<boolean>;
  plus(this: Expr<number>, other: Value<number>): Expr<number>;
  minus(this: Expr<number>, other: Value<number>): Expr<number>;
  times(this: Expr<number>, other: Value<number>): Expr<number>;
  /** Remainder, never negative; the divisor must be positive. */
  mod(this: Expr<number>, other: Value<number>): Expr<number>;
  not(this: Expr<boolean>): Expr<boolean>;
  and(this: Expr<boolean>, ...others: Value<boolean>[]): Expr<boolean>;
  or(this: Expr<boolean>, ...others: Value<boolean>[]): Expr<boolean>;
  implies(this: Expr<boolean>, other: Value<boolean>): Expr<boolean>;
  /** Is this member in the class (`frame.is("vram")`)? None is in no class. */
  is<N extends string>(this: Expr<Member<N>>, className: string): Expr<boolean>;
}

/** A cell that can be assigned. */
export interface Ref<T> extends Expr<T> {
  readonly ref: IrRef;
}

/** The IR's view of a DSL domain; `lower` strips what the IR does not know. */
export function irDomain(domain: DslDomain): Extract<IrExpr, { kind: "const" }>["domain"] {
  return domain as Extract<IrExpr, { kind: "const" }>["domain"];
}

const BOOL: DslDomain = { kind: "bool" };
const INT: DslDomain = {
  kind: "range",
  lo: deferred(Number.MIN_SAFE_INTEGER),
  hi: deferred(Number.MAX_SAFE_INTEGER),
};

/** Number that stands for a literal of the domain. */
export function literalValue(domain: DslDomain, literal: unknown): number {
  const refuse = (what: string): never => {
    throw new SpecError("MR102", `${String(literal)} is not ${what}`, "use a value of the type");
  };
  switch (domain.kind) {
    case "bool":
      return typeof literal === "boolean" ? Number(literal) : refuse("a boolean");
    case "range":
      if (isSize(literal)) return deferred(literal);
      return Number.isInteger(literal) ? (literal as number) : refuse("an integer");
    case "enum": {
      const position = domain.values.indexOf(literal as string);
      return position >= 0 ? position : refuse(`one of ${domain.values.join(", ")}`);
    }
    case "scalarset":
    case "proc":
      return literal === none ? 0 : refuse(`none (members of ${domain.kind}s have no names)`);
  }
}

export function literal<T>(domain: DslDomain, value: TypeLiteral<T>): Expr<T> {
  const number = literalValue(domain, value);
  const own = domain.kind === "range" ? { kind: "range" as const, lo: number, hi: number } : domain;
  return new Node<T>({ kind: "const", domain: irDomain(own), value: number }, domain);
}

/** A literal or expression as an expression of the domain. */
export function lift<T>(domain: DslDomain, value: Value<T>): Expr<T> {
  if (value instanceof Node) return value as Expr<T>;
  return literal(domain, value as TypeLiteral<T>);
}

function trap(): never {
  throw new SpecError(
    "MR103",
    "a TypeScript operator was applied to a model value",
    "use .eq() .ne() .plus() .and() .not() ... instead of === !== + && !",
  );
}

class Node<T> {
  declare readonly [phantom]: (t: T) => T;
  readonly node: IrExpr;
  readonly domain: DslDomain;
  readonly frames: Frame[];
  constructor(node: IrExpr, domain: DslDomain) {
    this.node = node;
    this.domain = domain;
    this.frames = captureFrames();
  }
  [Symbol.toPrimitive](): never {
    return trap();
  }
  toJSON(): never {
    return trap();
  }
  eq(other: Value<T>): Expr<boolean> {
    return compare("eq", this, other);
  }
  ne(other: Value<T>): Expr<boolean> {
    return compare("ne", this, other);
  }
  in(...others: Value<T>[]): Expr<boolean> {
    return logic(
      "or",
      others.map((o) => this.eq(o)),
    );
  }
  lt(other: Value<number>): Expr<boolean> {
    return compare("lt", this, other);
  }
  le(other: Value<number>): Expr<boolean> {
    return compare("le", this, other);
  }
  gt(other: Value<number>): Expr<boolean> {
    return compare("gt", this, other);
  }
  ge(other: Value<number>): Expr<boolean> {
    return compare("ge", this, other);
  }
  plus(other: Value<number>): Expr<number> {
    return arith("add", this, other);
  }
  minus(other: Value<number>): Expr<number> {
    return arith("sub", this, other);
  }
  times(other: Value<number>): Expr<number> {
    return arith("mul", this, other);
  }
  mod(other: Value<number>): Expr<number> {
    return arith("mod", this, other);
  }
  not(): Expr<boolean> {
    return new Node<boolean>({ kind: "not", arg: this.node }, BOOL);
  }
  and(...others: Value<boolean>[]): Expr<boolean> {
    return logic("and", [this as unknown as Expr<boolean>, ...others]);
  }
  or(...others: Value<boolean>[]): Expr<boolean> {
    return logic("or", [this as unknown as Expr<boolean>, ...others]);
  }
  implies(other: Value<boolean>): Expr<boolean> {
    const right = lift<boolean>(BOOL, other).node;
    return new Node<boolean>({ kind: "implies", left: this.node, right }, BOOL);
  }
  is(className: string): Expr<boolean> {
    if (this.domain.kind !== "scalarset") {
      throw new SpecError("MR104", "only members of scalarsets have classes", "compare with .eq()");
    }
    const set = this.domain.name;
    return new Node<boolean>({ kind: "inClass", arg: this.node, set, class: className }, BOOL);
  }
}

class CellNode<T> extends Node<T> {
  readonly ref: IrRef;
  constructor(ref: IrRef, domain: DslDomain) {
    super({ kind: "read", ref }, domain);
    this.ref = ref;
  }
}

export function makeExpr<T>(node: IrExpr, domain: DslDomain): Expr<T> {
  return new Node<T>(node, domain);
}

export function makeRef<T>(ref: IrRef, domain: DslDomain): Ref<T> {
  return new CellNode<T>(ref, domain) as Ref<T>;
}

type Sided = { node: IrExpr; domain: DslDomain };

function compare(op: CompareOp, left: Sided, right: unknown): Expr<boolean> {
  const r = lift(left.domain, right as Value<unknown>);
  return new Node<boolean>({ kind: "compare", op, left: left.node, right: r.node }, BOOL);
}

function arith(op: ArithOp, left: { node: IrExpr }, right: Value<number>): Expr<number> {
  const r = lift<number>(INT, right);
  return new Node<number>({ kind: "arith", op, left: left.node, right: r.node }, INT);
}

function logic(op: "and" | "or", args: Value<boolean>[]): Expr<boolean> {
  const nodes = args.map((a) => lift<boolean>(BOOL, a).node);
  return new Node<boolean>({ kind: op, args: nodes }, BOOL);
}

/** All of these; true when there are none. */
export function all(...args: Value<boolean>[]): Expr<boolean> {
  return logic("and", args);
}

/** At least one of these; false when there are none. */
export function any(...args: Value<boolean>[]): Expr<boolean> {
  return logic("or", args);
}

/** The opposite; also of a plain boolean. */
export function not(arg: Value<boolean>): Expr<boolean> {
  return lift<boolean>(BOOL, arg).not();
}

/** `cond ? yes : no`. */
export function ite<T>(cond: Expr<boolean>, yes: Expr<T>, no: Value<NoInfer<T>>): Expr<T> {
  const other = lift<T>(yes.domain, no).node;
  return makeExpr<T>({ kind: "ite", cond: cond.node, then: yes.node, else: other }, yes.domain);
}

/** A value that is fixed in the spec, as an expression: `value(Pte, "none")`. */
export function value<T>(type: Type<T>, v: TypeLiteral<NoInfer<T>>): Expr<T> {
  return literal<T>(type.domain, v);
}

/** The type of a variable, for another one that holds a copy. */
export function type_of<T>(x: Expr<T>): Type<T> {
  return makeType<T>(x.domain);
}

/** An integer as an expression. */
export function int(n: SizeLike): Expr<number> {
  return literal<number>(INT, n);
}

/** The running process. */
export const self: Expr<Proc> = makeExpr({ kind: "self" }, { kind: "proc" });

let fresh = 0;

/** A new variable name for a quantifier, readable and unique: `page`, `page_2`. */
function bindName(domain: DslDomain): string {
  const base = domain.kind === "scalarset" ? domain.name.toLowerCase() : domain.kind;
  fresh += 1;
  return `${base}_${fresh}`;
}

/** A bound variable over a type, for quantifiers and `each`. */
export function bindOver<T>(type: Type<T>): { bind: string; member: Expr<T> } {
  const bind = bindName(type.domain);
  return { bind, member: makeExpr<T>({ kind: "bound", name: bind }, type.domain) };
}

function quantify<T, R>(
  op: QuantOp,
  type: Type<T>,
  body: (x: Expr<T>) => Value<boolean>,
  d: DslDomain,
) {
  const { bind, member } = bindOver(type);
  const inner = lift<boolean>(BOOL, body(member)).node;
  return makeExpr<R>({ kind: "quant", op, bind, over: irDomain(type.domain), body: inner }, d);
}

/** True for every member (none is left out). */
export function forall<T>(type: Type<T>, body: (x: Expr<T>) => Value<boolean>): Expr<boolean> {
  return quantify("forall", type, body, BOOL);
}

/** True for at least one member. */
export function exists<T>(type: Type<T>, body: (x: Expr<T>) => Value<boolean>): Expr<boolean> {
  return quantify("exists", type, body, BOOL);
}

/** For how many members is it true? */
export function count<T>(type: Type<T>, body: (x: Expr<T>) => Value<boolean>): Expr<number> {
  return quantify("count", type, body, INT);
}

/** A condition with the sentence that people read when it is violated. */
export interface Claim {
  readonly says: string;
  readonly expr: Expr<boolean>;
}

/** `claim("no frame is freed while it is mapped", forall(...))`. */
export function claim(says: string, expr: Expr<boolean>): Claim {
  return { says, expr };
}
