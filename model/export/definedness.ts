/**
 * When does an expression have a value? It has none when an array is indexed outside its
 * dimensions (a scalarset variable that is *none*, say), a local is read of the wrong process, or
 * a divisor is not positive; the interpreter reports a violation then. The condition follows the
 * interpreter's order of evaluation: what is not evaluated can't fault.
 */
import { build, type Domain, type Expr, memberBounds, type Ref } from "../ir/index.ts";
import { instancesOf, simplify } from "./rewrite.ts";
import { declOf, pidBounds, type Scope, typeOf } from "./scope.ts";

const { and, constant, ge, gt, implies, int, le, ne, TRUE } = build;

/**
 * Simplified; TRUE for the most of expressions. The condition itself has a value in every state.
 */
export function definedness(expr: Expr, scope: Scope): Expr {
  return simplify(defined(expr, scope), scope);
}

/** For a cell that is written. */
export function refDefinedness(ref: Ref, scope: Scope): Expr {
  return simplify(definedRef(ref, scope), scope);
}

function all(exprs: Expr[], scope: Scope): Expr {
  return and(...exprs.map((e) => defined(e, scope)));
}

function defined(expr: Expr, scope: Scope): Expr {
  switch (expr.kind) {
    case "const":
    case "self":
    case "bound":
      return TRUE;
    case "read":
      return definedRef(expr.ref, scope);
    case "compare":
      return all([expr.left, expr.right], scope);
    case "arith": {
      const parts = all([expr.left, expr.right], scope);
      return expr.op === "mod" ? and(parts, gt(expr.right, int(0))) : parts;
    }
    case "not":
    case "inClass":
      return defined(expr.arg, scope);
    case "atLabel":
      return defined(expr.proc, scope);
    case "and":
      return inTurn(expr.args, scope, (first, rest) => implies(first, rest));
    case "or":
      return inTurn(expr.args, scope, (first, rest) => ({ kind: "or", args: [first, rest] }));
    case "implies":
      return and(defined(expr.left, scope), implies(expr.left, defined(expr.right, scope)));
    case "ite": {
      const [yes, no] = [defined(expr.then, scope), defined(expr.else, scope)];
      return and(defined(expr.cond, scope), build.ite(expr.cond, yes, no));
    }
    case "quant":
      return definedQuant(expr, scope);
  }
}

/** The operands from the left, each evaluated only when `going` lets it. */
function inTurn(args: Expr[], scope: Scope, going: (first: Expr, rest: Expr) => Expr): Expr {
  const [first, ...others] = args;
  if (!first) return TRUE;
  const here = defined(first, scope);
  if (others.length === 0) return here;
  const rest = simplify(inTurn(others, scope, going), scope);
  return rest.kind === "const" && rest.value === 1 ? here : and(here, going(first, rest));
}

function definedQuant(expr: Extract<Expr, { kind: "quant" }>, scope: Scope): Expr {
  const inside = definedness(expr.body, scope);
  if (inside.kind === "const" && inside.value === 1) return TRUE;
  const parts = instancesOf(expr, scope);
  switch (expr.op) {
    case "count":
      return all(parts, scope);
    case "forall":
      return defined({ kind: "and", args: parts }, scope);
    case "exists":
      return defined({ kind: "or", args: parts }, scope);
  }
}

function definedRef(ref: Ref, scope: Scope): Expr {
  const dims = declOf(ref, scope).index;
  const owner = ref.kind === "peek" ? [definedPeek(ref, scope)] : [];
  const index = ref.index.flatMap((e, i) => [
    defined(e, scope),
    isInside(e, dims[i] as Domain, scope),
  ]);
  return and(...owner, ...index);
}

function isInside(index: Expr, dim: Domain, scope: Scope): Expr {
  if (dim.kind === "scalarset" || dim.kind === "proc") return ne(index, constant(dim, 0));
  if (typeOf(index, scope).kind !== "range") return TRUE;
  const { lo, hi } = memberBounds(scope.layout.model, dim);
  return and(ge(index, int(lo)), le(index, int(hi)));
}

function definedPeek(ref: Extract<Ref, { kind: "peek" }>, scope: Scope): Expr {
  const { lo, hi } = pidBounds(scope.layout, ref.actor);
  const proc = (pid: number): Expr => constant({ kind: "proc" }, pid);
  return and(defined(ref.proc, scope), ge(ref.proc, proc(lo)), le(ref.proc, proc(hi)));
}
