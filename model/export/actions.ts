/**
 * What a branch does, statement by statement, and the clean-up after the statements are made
 * explicit.
 */
import { build, type Expr, type Over, type Ref } from "../ir/index.ts";
import { mapParts, mapRef, sameExpr, simplify } from "./rewrite.ts";
import { reads, type Scope } from "./scope.ts";

export type CheckKind = "assert" | "unset" | "range";

export type Action =
  | { kind: "assign"; target: Ref; value: Expr }
  /** A violation when false; nothing that comes later has happened then. */
  | { kind: "check"; cond: Expr; violation: CheckKind; rule: string; text: string }
  | { kind: "if"; cond: Expr; yes: Action[]; no: Action[] }
  /** For every member, in order; no jumps inside. */
  | { kind: "each"; bind: string; over: Over; body: Action[] }
  /**
   * The last action on its path: the new position of the process; the number of steps means done.
   */
  | { kind: "jump"; to: number }
  /** The branch is not there when this is false; only until the guard has been computed. */
  | { kind: "assume"; cond: Expr };

/**
 * What is known at one point: cells that hold a constant or a choice, and conditions that are
 * true.
 */
interface Known {
  copies: Map<string, Expr>;
  facts: Expr[];
}

interface Variable {
  kind: Ref["kind"];
  name: string;
}

/**
 * Uses what was just assigned or tested: later reads become constants, repeated checks disappear.
 */
export function propagate(body: Action[], scope: Scope, facts: Expr[] = []): Action[] {
  return forward(body, { copies: new Map(), facts: [...facts] }, scope);
}

function forward(body: Action[], known: Known, scope: Scope): Action[] {
  return body.flatMap((action) => forwardOne(action, known, scope));
}

function forwardOne(action: Action, known: Known, scope: Scope): Action[] {
  const expr = (e: Expr): Expr => simplify(replaceCopies(e, known.copies), scope);
  switch (action.kind) {
    case "assign": {
      const target = mapRef(action.target, expr);
      const value = expr(action.value);
      forget(known, [target]);
      const isSimple = value.kind === "const" || value.kind === "bound";
      if (isSimple && target.index.length === 0) known.copies.set(keyOf(target), value);
      return [{ ...action, target, value }];
    }
    case "assume":
    case "check": {
      const cond = withoutFacts(expr(action.cond), known.facts);
      if (isTrue(cond)) return [];
      known.facts.push(...conjuncts(cond));
      return [{ ...action, cond }];
    }
    case "if":
      return forwardIf(action, expr(action.cond), known, scope);
    case "each": {
      forget(known, assigned(action.body));
      const inside = { copies: new Map(known.copies), facts: [...known.facts] };
      return [{ ...action, body: forward(action.body, inside, scope) }];
    }
    case "jump":
      return [action];
  }
}

function forwardIf(
  action: Extract<Action, { kind: "if" }>,
  cond: Expr,
  known: Known,
  scope: Scope,
): Action[] {
  if (cond.kind === "const") {
    return forward(cond.value ? action.yes : action.no, known, scope);
  }
  const arm = (body: Action[], fact: Expr): Action[] => {
    const facts = [...known.facts, ...conjuncts(fact)];
    return forward(body, { copies: new Map(known.copies), facts }, scope);
  };
  const yes = arm(action.yes, cond);
  const no = arm(action.no, simplify(build.not(cond), scope));
  forget(known, assigned([...yes, ...no]));
  if (yes.length === 0 && no.length === 0) return [];
  return [{ kind: "if", cond, yes, no }];
}

function keyOf(ref: Variable): string {
  return `${ref.kind} ${ref.name}`;
}

function forget(known: Known, variables: Variable[]): void {
  for (const v of variables) {
    known.copies.delete(keyOf(v));
    known.facts = known.facts.filter((fact) => !reads(fact, v.kind, v.name));
  }
}

/** The variables written to, also in part. */
export function assigned(body: Action[]): Ref[] {
  return body.flatMap(assignedIn);
}

function assignedIn(action: Action): Ref[] {
  switch (action.kind) {
    case "assign":
      return [action.target];
    case "if":
      return assigned([...action.yes, ...action.no]);
    case "each":
      return assigned(action.body);
    case "check":
    case "assume":
    case "jump":
      return [];
  }
}

function replaceCopies(expr: Expr, copies: Map<string, Expr>): Expr {
  if (copies.size === 0) return expr;
  if (expr.kind === "read" && expr.ref.index.length === 0 && expr.ref.kind !== "peek") {
    return copies.get(keyOf(expr.ref)) ?? expr;
  }
  return mapParts(expr, (e) => replaceCopies(e, copies));
}

export function isTrue(expr: Expr): boolean {
  return expr.kind === "const" && expr.value === 1;
}

/** The operands of a conjunction; none for *true*. */
export function conjuncts(expr: Expr): Expr[] {
  if (isTrue(expr)) return [];
  return expr.kind === "and" ? expr.args : [expr];
}

function withoutFacts(cond: Expr, facts: Expr[]): Expr {
  return build.and(...conjuncts(cond).filter((e) => !facts.some((fact) => sameExpr(fact, e))));
}
