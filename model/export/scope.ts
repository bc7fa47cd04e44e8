/**
 * What the names in an expression mean: its actor, its bound variables, and the values it may
 * have.
 */
import {
  type ActorDecl,
  type Bounds,
  type Domain,
  type Expr,
  exprsOfExpr,
  type Layout,
  memberBounds,
  type Over,
  type Ref,
  type VarDecl,
  valueBounds,
} from "../ir/index.ts";

export interface Scope {
  layout: Layout;
  /** The running actor; undefined in a property. */
  actor: ActorDecl | undefined;
  /** Every bound variable, by its name; names are unique within a step or a property. */
  binds: Map<string, Over>;
}

/** First and last process number of an actor. */
export function pidBounds(layout: Layout, actor: string): Bounds {
  const pids = layout.processes.filter((p) => p.actor.name === actor).map((p) => p.pid);
  return { lo: pids[0] ?? 1, hi: pids[pids.length - 1] ?? 0 };
}

/** The values a bound variable goes through. */
export function overBounds(layout: Layout, over: Over): Bounds {
  return over.kind === "instances"
    ? pidBounds(layout, over.actor)
    : memberBounds(layout.model, over);
}

export function overDomain(over: Over): Domain {
  return over.kind === "instances" ? { kind: "proc" } : over;
}

/** The values a bound variable goes through, in order. */
export function membersOf(layout: Layout, over: Over): number[] {
  const { lo, hi } = overBounds(layout, over);
  return Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i);
}

function find<T extends { name: string }>(list: T[], name: string): T {
  const found = list.find((each) => each.name === name);
  if (!found) throw new Error(`the model has nothing named ${name}`);
  return found;
}

export function declOf(ref: Ref, { layout, actor }: Scope): VarDecl {
  switch (ref.kind) {
    case "shared":
      return find(layout.model.shared, ref.name);
    case "local":
      return find(actor?.locals ?? [], ref.name);
    case "peek":
      return find(find(layout.model.actors, ref.actor).locals, ref.name);
  }
}

function boundOver(name: string, scope: Scope): Over {
  const over = scope.binds.get(name);
  if (!over) throw new Error(`unbound ${name}`);
  return over;
}

/** The domain of an expression; a range without useful bounds for arithmetic. */
export function typeOf(expr: Expr, scope: Scope): Domain {
  switch (expr.kind) {
    case "const":
      return expr.domain;
    case "read":
      return declOf(expr.ref, scope).domain;
    case "self":
      return { kind: "proc" };
    case "bound":
      return overDomain(boundOver(expr.name, scope));
    case "arith":
      return { kind: "range", ...boundsOf(expr, scope) };
    case "ite":
      return typeOf(expr.then, scope);
    case "quant":
      if (expr.op === "count") return { kind: "range", ...boundsOf(expr, scope) };
      return { kind: "bool" };
    default:
      return { kind: "bool" };
  }
}

/** Smallest and largest value that an expression can have, as far as its form tells. */
export function boundsOf(expr: Expr, scope: Scope): Bounds {
  switch (expr.kind) {
    case "const":
      return { lo: expr.value, hi: expr.value };
    case "read":
      return valueBounds(scope.layout.model, declOf(expr.ref, scope).domain);
    case "self":
      return pidBounds(scope.layout, scope.actor?.name ?? "");
    case "bound":
      return overBounds(scope.layout, boundOver(expr.name, scope));
    case "arith":
      return arithBounds(expr.op, boundsOf(expr.left, scope), boundsOf(expr.right, scope));
    case "ite": {
      const [a, b] = [boundsOf(expr.then, scope), boundsOf(expr.else, scope)];
      return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
    }
    case "quant":
      if (expr.op !== "count") return { lo: 0, hi: 1 };
      return { lo: 0, hi: membersOf(scope.layout, expr.over).length };
    default:
      return { lo: 0, hi: 1 };
  }
}

function arithBounds(op: "add" | "sub" | "mul" | "mod", a: Bounds, b: Bounds): Bounds {
  switch (op) {
    case "add":
      return { lo: a.lo + b.lo, hi: a.hi + b.hi };
    case "sub":
      return { lo: a.lo - b.hi, hi: a.hi - b.lo };
    case "mul": {
      const products = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
      return { lo: Math.min(...products), hi: Math.max(...products) };
    }
    case "mod":
      return { lo: 0, hi: Math.max(0, Math.min(b.hi - 1, a.lo >= 0 ? a.hi : b.hi - 1)) };
  }
}

/** Does the expression read this variable (any cell)? */
export function reads(expr: Expr, kind: Ref["kind"], name: string): boolean {
  if (expr.kind === "read" && expr.ref.kind === kind && expr.ref.name === name) return true;
  return exprsOfExpr(expr).some((e) => reads(e, kind, name));
}
