/**
 * Rewriting expressions: mapping over the parts, renaming bound variables, folding what is known.
 */
import { build, type CompareOp, type Expr, type Over, type Ref } from "../ir/index.ts";
import { boundsOf, membersOf, overDomain, type Scope, typeOf } from "./scope.ts";

const { and, bound, constant, FALSE, int, not, or, TRUE } = build;

type Rewrite = (expr: Expr) => Expr;

export function mapRef(ref: Ref, f: Rewrite): Ref {
  const index = ref.index.map(f);
  return ref.kind === "peek" ? { ...ref, proc: f(ref.proc), index } : { ...ref, index };
}

/** The same expression with every direct part rewritten. */
export function mapParts(expr: Expr, f: Rewrite): Expr {
  switch (expr.kind) {
    case "const":
    case "self":
    case "bound":
      return expr;
    case "read":
      return { ...expr, ref: mapRef(expr.ref, f) };
    case "compare":
    case "arith":
    case "implies":
      return { ...expr, left: f(expr.left), right: f(expr.right) };
    case "not":
    case "inClass":
      return { ...expr, arg: f(expr.arg) };
    case "and":
    case "or":
      return { ...expr, args: expr.args.map(f) };
    case "ite":
      return build.ite(f(expr.cond), f(expr.then), f(expr.else));
    case "quant":
      return { ...expr, body: f(expr.body) };
    case "atLabel":
      return { ...expr, proc: f(expr.proc) };
  }
}

/** Bound variables replaced by expressions. */
export function substituteBound(expr: Expr, values: Map<string, Expr>): Expr {
  if (expr.kind === "bound") return values.get(expr.name) ?? expr;
  return mapParts(expr, (e) => substituteBound(e, values));
}

/** Gives every quantifier a variable of its own; `binds` learns what each ranges over. */
export function renameBinds(
  expr: Expr,
  binds: Map<string, Over>,
  names = new Map<string, string>(),
): Expr {
  if (expr.kind === "bound") return bound(names.get(expr.name) ?? expr.name);
  if (expr.kind !== "quant") return mapParts(expr, (e) => renameBinds(e, binds, names));
  const bind = freshBind(expr.bind, expr.over, binds);
  const inner = new Map(names).set(expr.bind, bind);
  return { ...expr, bind, body: renameBinds(expr.body, binds, inner) };
}

/** A name for a bound variable that no other one of this step or property has. */
export function freshBind(wish: string, over: Over, binds: Map<string, Over>): string {
  let name = wish;
  for (let n = 2; binds.has(name); n++) name = `${wish}_${n}`;
  binds.set(name, over);
  return name;
}

/** One instance of the body per member, in order. */
export function instancesOf(expr: Extract<Expr, { kind: "quant" }>, scope: Scope): Expr[] {
  return membersOf(scope.layout, expr.over).map((value) => {
    const member = constant(overDomain(expr.over), value);
    return substituteBound(expr.body, new Map([[expr.bind, member]]));
  });
}

/** A quantifier as conjunction, disjunction or sum. */
export function unrollQuant(expr: Extract<Expr, { kind: "quant" }>, scope: Scope): Expr {
  const parts = instancesOf(expr, scope);
  switch (expr.op) {
    case "forall":
      return and(...parts);
    case "exists":
      return or(...parts);
    case "count":
      return parts.map((cond) => build.ite(cond, int(1), int(0))).reduce(sum, int(0));
  }
}

function sum(left: Expr, right: Expr): Expr {
  if (left.kind === "const" && left.value === 0) return right;
  return { kind: "arith", op: "add", left, right };
}

/** No quantifier is left. */
export function unrollAll(expr: Expr, scope: Scope): Expr {
  const inner = mapParts(expr, (e) => unrollAll(e, scope));
  return inner.kind === "quant" ? simplify(unrollQuant(inner, scope), scope) : inner;
}

const NEGATED: Record<CompareOp, CompareOp> = {
  eq: "ne",
  ne: "eq",
  lt: "ge",
  ge: "lt",
  gt: "le",
  le: "gt",
};

/** The opposite, without a *not* where a comparison can be turned round. */
export function negation(expr: Expr): Expr {
  return expr.kind === "compare" ? { ...expr, op: NEGATED[expr.op] } : not(expr);
}

/**
 * The same value in fewer words, by constants and by the ranges of the parts. Parts that could
 * fault may disappear: what faults is established (see definedness) before anything is
 * simplified.
 */
export function simplify(expr: Expr, scope: Scope): Expr {
  const e = mapParts(expr, (part) => simplify(part, scope));
  switch (e.kind) {
    case "compare":
      return simplifyCompare(e, scope);
    case "arith":
      return simplifyArith(e);
    case "not":
      return negation(e.arg);
    case "and":
      return flat("and", e.args);
    case "or":
      return flat("or", e.args);
    case "implies":
      if (isConst(e.left)) return e.left.value ? e.right : TRUE;
      if (isConst(e.right)) return e.right.value ? TRUE : simplify(not(e.left), scope);
      return e;
    case "ite":
      return simplifyIte(e, scope);
    case "quant":
      return simplifyQuant(e, scope);
    case "inClass":
      return simplifyInClass(e, scope);
    case "atLabel":
      return simplifyAtLabel(e, scope);
    default:
      return e;
  }
}

function isConst(expr: Expr): expr is Extract<Expr, { kind: "const" }> {
  return expr.kind === "const";
}

function truth(value: boolean): Expr {
  return value ? TRUE : FALSE;
}

export function sameExpr(a: Expr, b: Expr): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function simplifyCompare(e: Extract<Expr, { kind: "compare" }>, scope: Scope): Expr {
  if (isBoolean(e.left, scope) && (e.op === "eq" || e.op === "ne")) {
    const [value, other] = isConst(e.left) ? [e.left, e.right] : [e.right, e.left];
    if (isConst(value)) {
      return (value.value === 1) === (e.op === "eq") ? other : simplify(not(other), scope);
    }
  }
  const [a, b] = [boundsOf(e.left, scope), boundsOf(e.right, scope)];
  const equal = sameExpr(e.left, e.right);
  const apart = a.hi < b.lo || b.hi < a.lo;
  const fixed = a.lo === a.hi && b.lo === b.hi && a.lo === b.lo;
  switch (e.op) {
    case "eq":
      return equal || fixed ? TRUE : apart ? FALSE : e;
    case "ne":
      return equal || fixed ? FALSE : apart ? TRUE : e;
    case "lt":
      return a.hi < b.lo ? TRUE : a.lo >= b.hi || equal ? FALSE : e;
    case "le":
      return a.hi <= b.lo || equal ? TRUE : a.lo > b.hi ? FALSE : e;
    case "gt":
      return a.lo > b.hi ? TRUE : a.hi <= b.lo || equal ? FALSE : e;
    case "ge":
      return a.lo >= b.hi || equal ? TRUE : a.hi < b.lo ? FALSE : e;
  }
}

export function isBoolean(expr: Expr, scope: Scope): boolean {
  return typeOf(expr, scope).kind === "bool";
}

function simplifyArith(e: Extract<Expr, { kind: "arith" }>): Expr {
  if (!isConst(e.left) || !isConst(e.right)) return e;
  const [a, b] = [e.left.value, e.right.value];
  switch (e.op) {
    case "add":
      return int(a + b);
    case "sub":
      return int(a - b);
    case "mul":
      return int(a * b);
    case "mod":
      return b > 0 ? int(((a % b) + b) % b) : e;
  }
}

function flat(op: "and" | "or", args: Expr[]): Expr {
  const parts = args.flatMap((e) => (e.kind === op ? e.args : [e]));
  const decided = parts.find((e) => isConst(e) && (e.value === 1) === (op === "or"));
  if (decided) return decided;
  const once = new Map(parts.map((e) => [JSON.stringify(e), e] as const));
  return op === "and" ? and(...once.values()) : or(...once.values());
}

function simplifyIte(e: Extract<Expr, { kind: "ite" }>, scope: Scope): Expr {
  if (isConst(e.cond)) return e.cond.value ? e.then : e.else;
  if (sameExpr(e.then, e.else)) return e.then;
  if (!isBoolean(e.then, scope)) return e;
  if (isConst(e.then)) {
    return e.then.value
      ? flat("or", [e.cond, e.else])
      : flat("and", [negate(e.cond, scope), e.else]);
  }
  if (!isConst(e.else)) return e;
  return e.else.value ? flat("or", [negate(e.cond, scope), e.then]) : flat("and", [e.cond, e.then]);
}

function negate(expr: Expr, scope: Scope): Expr {
  return simplify(not(expr), scope);
}

function simplifyQuant(e: Extract<Expr, { kind: "quant" }>, scope: Scope): Expr {
  const size = membersOf(scope.layout, e.over).length;
  if (size === 1 && e.over.kind === "instances") return simplify(unrollQuant(e, scope), scope);
  if (size === 0) return e.op === "count" ? int(0) : truth(e.op === "forall");
  if (!isConst(e.body)) return e;
  return e.op === "count" ? int(e.body.value ? size : 0) : e.body;
}

function simplifyInClass(e: Extract<Expr, { kind: "inClass" }>, scope: Scope): Expr {
  const wanted = classBounds(e.set, e.class, scope);
  const { lo, hi } = boundsOf(e.arg, scope);
  if (hi < wanted.lo || lo > wanted.hi) return FALSE;
  return lo >= wanted.lo && hi <= wanted.hi ? TRUE : e;
}

/** First and last member of a class. */
export function classBounds(set: string, name: string, scope: Scope): { lo: number; hi: number } {
  const decl = scope.layout.model.scalarsets.find((s) => s.name === set);
  let lo = 1;
  for (const c of decl?.classes ?? []) {
    if (c.name === name) return { lo, hi: lo + c.size - 1 };
    lo += c.size;
  }
  return { lo: 1, hi: 0 };
}

function simplifyAtLabel(e: Extract<Expr, { kind: "atLabel" }>, scope: Scope): Expr {
  const { lo, hi } = boundsOf(e.proc, scope);
  const own = scope.layout.processes.filter((p) => p.actor.name === e.actor);
  const possible = own.some((p) => p.pid >= lo && p.pid <= hi);
  return possible && e.labels.length > 0 ? e : FALSE;
}
