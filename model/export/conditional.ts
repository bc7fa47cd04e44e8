/** Conditions without conditional expressions, for places where a target has none. */
import { allExprs, build, type Expr } from "../ir/index.ts";
import { mapParts, simplify } from "./rewrite.ts";
import type { Scope } from "./scope.ts";

const { and, not, or } = build;

/** The same truth value: what is compared is compared once for each arm. */
export function withoutConditionals(cond: Expr, scope: Scope): Expr {
  const found = allExprs(cond).find((e) => e.kind === "ite");
  if (found?.kind !== "ite") return cond;
  const again = (e: Expr): Expr => withoutConditionals(e, scope);
  switch (cond.kind) {
    case "not":
    case "and":
    case "or":
    case "implies":
      return simplify(mapParts(cond, again), scope);
    default: {
      const arm = (value: Expr): Expr => again(simplify(replace(cond, found, value), scope));
      const when = again(found.cond);
      return simplify(or(and(when, arm(found.then)), and(not(when), arm(found.else))), scope);
    }
  }
}

function replace(expr: Expr, old: Expr, value: Expr): Expr {
  return expr === old ? value : mapParts(expr, (e) => replace(e, old, value));
}
