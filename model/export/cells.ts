/** Arrays in targets that have one dimension, counted from 0. */
import { build, type Expr, memberBounds, type Ref } from "../ir/index.ts";
import { simplify } from "./rewrite.ts";
import { declOf, type Scope } from "./scope.ts";

/** Number of the cell within its variable, row-major; undefined for a scalar. */
export function cellNumber(ref: Ref, scope: Scope): Expr | undefined {
  const dims = declOf(ref, scope).index;
  if (dims.length === 0) return undefined;
  const at = dims.reduce((before: Expr, domain, i): Expr => {
    const { lo, hi } = memberBounds(scope.layout.model, domain);
    const here = minus(asInteger(ref.index[i] as Expr), lo);
    const skipped = simplify(build.mul(before, build.int(hi - lo + 1)), scope);
    return i === 0 ? here : plus(skipped, here);
  }, build.int(0));
  return simplify(at, scope);
}

function asInteger(index: Expr): Expr {
  return index.kind === "const" ? build.int(index.value) : index;
}

/** `e - n`, without a subtraction of 0. */
export function minus(e: Expr, n: number): Expr {
  return n === 0 ? e : build.sub(e, build.int(n));
}

function plus(a: Expr, b: Expr): Expr {
  if (a.kind === "const" && a.value === 0) return b;
  return b.kind === "const" && b.value === 0 ? a : build.add(a, b);
}
