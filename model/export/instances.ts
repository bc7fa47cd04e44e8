/**
 * Branches without parameters: one per value of every `choose`, for targets that have no such
 * thing.
 */
import { build, type Expr, showValue } from "../ir/index.ts";
import { type Action, conjuncts, propagate } from "./actions.ts";
import { type Branch, paramValues } from "./branches.ts";
import { substituteActions, unrollEach } from "./precondition.ts";
import { mapParts, mapRef, simplify, substituteBound, unrollAll } from "./rewrite.ts";
import type { Scope } from "./scope.ts";

export interface Ground {
  /** What was chosen, readable: `page = page1`, `enomem`. */
  chosen: string[];
  /** Neither quantifiers nor parameters; loops are unrolled. */
  guard: Expr[];
  body: Action[];
  scope: Scope;
}

/** Those that can't be enabled are left out. With `self` also the running process is fixed. */
export function groundBranches(branch: Branch, self?: number): Ground[] {
  const { scope } = branch;
  return combinations(branch).flatMap((values): Ground[] => {
    const bounds = new Map<string, Expr>();
    branch.params.forEach((p, i) => {
      bounds.set(p.name, build.constant(p.domain, values[i] as number));
    });
    const expr = (e: Expr): Expr => {
      const fixed = self === undefined ? e : withSelf(e, self);
      return simplify(unrollAll(substituteBound(fixed, bounds), scope), scope);
    };
    const guard = conjuncts(expr(build.and(...branch.guard)));
    if (guard.some((e) => e.kind === "const")) return [];
    const body = flatten(substituteActions(branch.body, bounds, scope), scope).map((action) =>
      mapAction(action, expr),
    );
    const chosen = branch.params.map((p, i) => {
      const value = showValue(scope.layout.model, p.domain, values[i] as number);
      return `${p.name} = ${value}`;
    });
    const known = propagate(body, scope, guard);
    return [{ chosen: [...chosen, ...branch.names], guard, body: known, scope }];
  });
}

function combinations(branch: Branch): number[][] {
  return branch.params.reduce(
    (done: number[][], param) =>
      done.flatMap((values) => paramValues(branch.scope, param).map((v) => [...values, v])),
    [[]],
  );
}

function withSelf(expr: Expr, self: number): Expr {
  if (expr.kind === "self") return build.constant(build.PROC, self);
  return mapParts(expr, (e) => withSelf(e, self));
}

/** Loops as their passes. */
export function flatten(body: Action[], scope: Scope): Action[] {
  return body.flatMap((action) => flattenOne(action, scope));
}

function flattenOne(action: Action, scope: Scope): Action[] {
  switch (action.kind) {
    case "each":
      return flatten(unrollEach(action, scope), scope);
    case "if":
      return [{ ...action, yes: flatten(action.yes, scope), no: flatten(action.no, scope) }];
    default:
      return [action];
  }
}

function mapAction(action: Action, expr: (e: Expr) => Expr): Action {
  const inside = (body: Action[]): Action[] => body.map((a) => mapAction(a, expr));
  switch (action.kind) {
    case "assign":
      return { ...action, target: mapRef(action.target, expr), value: expr(action.value) };
    case "check":
    case "assume":
      return { ...action, cond: expr(action.cond) };
    case "if":
      return {
        ...action,
        cond: expr(action.cond),
        yes: inside(action.yes),
        no: inside(action.no),
      };
    case "each":
      return { ...action, body: inside(action.body) };
    case "jump":
      return action;
  }
}
