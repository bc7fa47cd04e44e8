/** The guard of a branch: its conditions, carried back through the assignments before them. */
import { build, type Expr, type Ref } from "../ir/index.ts";
import { type Action, conjuncts, isTrue } from "./actions.ts";
import { mapParts, mapRef, simplify, substituteBound } from "./rewrite.ts";
import { membersOf, overDomain, type Scope } from "./scope.ts";

const { and, constant, eq, ite, not, or, SELF, TRUE } = build;

/** In the state before the step: every `assume` will hold, or a check before it will fail. */
export function guardOf(body: Action[], scope: Scope): Expr[] {
  return conjuncts(simplify(before(body, TRUE, scope), scope));
}

function before(body: Action[], after: Expr, scope: Scope): Expr {
  return body.reduceRight((post, action) => precondition(action, post, scope), after);
}

function precondition(action: Action, post: Expr, scope: Scope): Expr {
  if (action.kind === "assume") return and(action.cond, post);
  if (isTrue(post)) return TRUE;
  switch (action.kind) {
    case "assign":
      return substitute(post, action.target, action.value, scope);
    case "check":
      return or(not(action.cond), post);
    case "if":
      return ite(action.cond, before(action.yes, post, scope), before(action.no, post, scope));
    case "each":
      return before(unrollEach(action, scope), post, scope);
    case "jump":
      return post;
  }
}

/** The loop as its passes, one after the other. */
export function unrollEach(action: Extract<Action, { kind: "each" }>, scope: Scope): Action[] {
  return membersOf(scope.layout, action.over).flatMap((value) => {
    const member = constant(overDomain(action.over), value);
    return substituteActions(action.body, new Map([[action.bind, member]]), scope);
  });
}

/** Bound variables replaced, and what follows from it simplified. */
export function substituteActions(
  body: Action[],
  values: Map<string, Expr>,
  scope: Scope,
): Action[] {
  return body.map((action) => substituteAction(action, values, scope));
}

function substituteAction(action: Action, values: Map<string, Expr>, scope: Scope): Action {
  const expr = (e: Expr): Expr => simplify(substituteBound(e, values), scope);
  const inside = (body: Action[]): Action[] => substituteActions(body, values, scope);
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

/** What the expression is after `target = value`, in terms of the state before. */
function substitute(expr: Expr, target: Ref, value: Expr, scope: Scope): Expr {
  const inner = mapParts(expr, (e) => substitute(e, target, value, scope));
  if (inner.kind !== "read") return inner;
  const same = sameCell(inner.ref, target, scope);
  return same ? simplify(ite(simplify(same, scope), value, inner), scope) : inner;
}

/** Undefined when they are cells of different variables. */
function sameCell(ref: Ref, target: Ref, scope: Scope): Expr | undefined {
  if (ref.name !== target.name) return undefined;
  const index = ref.index.map((e, i) => eq(e, target.index[i] as Expr));
  if (ref.kind === target.kind) return and(...index);
  if (ref.kind !== "peek" || target.kind !== "local") return undefined;
  return ref.actor === scope.actor?.name ? and(eq(ref.proc, SELF), ...index) : undefined;
}
