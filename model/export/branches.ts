/**
 * The first stage of every export: a labelled step as a list of branches. A branch is one way of
 * taking the step, with everything made explicit that the target languages treat differently:
 *
 * - `choose` is a parameter, each alternative of an `either` is a branch of its own,
 * - the guard is one condition on the state before the step, so that nothing blocks half-way,
 * - whatever the interpreter would report as a violation is a `check` in its place,
 * - a jump is the last thing on its path.
 *
 * The guard is a weakest precondition (Dijkstra, "Guarded commands", 1975): a `wait` behind
 * assignments is carried back through them. A branch whose check fails is enabled, so that the
 * violation is found.
 */
import {
  type ActorDecl,
  build,
  DONE,
  type Domain,
  type Expr,
  type Layout,
  memberBounds,
  type Ref,
  type Step,
  type Stmt,
} from "../ir/index.ts";
import { type Action, type CheckKind, propagate } from "./actions.ts";
import { definedness, refDefinedness } from "./definedness.ts";
import { guardOf } from "./precondition.ts";
import { freshBind, simplify } from "./rewrite.ts";
import { boundsOf, declOf, membersOf, overDomain, type Scope } from "./scope.ts";
import { mentions, renameBody, substituteStmts } from "./stmts.ts";

/** A value picked by a `choose`: written in expressions as a bound variable of that name. */
export interface Param {
  name: string;
  domain: Domain;
}

export interface Branch {
  /** The alternatives taken: `enomem`; empty for most. */
  names: string[];
  params: Param[];
  /** All of them hold in the state before the step. */
  guard: Expr[];
  body: Action[];
  scope: Scope;
}

/** A branch in the making. */
interface Draft {
  names: string[];
  params: Param[];
  body: Action[];
}

interface Context {
  scope: Scope;
  actor: ActorDecl;
  /** Where the step falls through to. */
  next: number;
}

/** The ways of taking a step of the actor, in the order of the choices. */
export function branchesOf(layout: Layout, actor: ActorDecl, step: Step): Branch[] {
  const scope: Scope = { layout, actor, binds: new Map() };
  const cx: Context = { scope, actor, next: actor.steps.indexOf(step) + 1 };
  const body = renameBody(step.body, scope.binds);
  return expand(body, cx).flatMap((draft) => finish(draft, scope));
}

function finish(draft: Draft, scope: Scope): Branch[] {
  const known = propagate(draft.body, scope);
  const guard = guardOf(known, scope);
  if (guard.some((e) => e.kind === "const" && e.value === 0)) return [];
  const body = propagate(dropAssumes(known), scope, guard);
  return [{ names: draft.names, params: draft.params, guard, body, scope }];
}

function dropAssumes(body: Action[]): Action[] {
  return body.filter((action) => action.kind !== "assume");
}

/** All ways through the statements, each ending in a jump. */
function expand(body: Stmt[], cx: Context): Draft[] {
  const [stmt, ...rest] = body;
  if (!stmt) return [jump(cx.next)];
  switch (stmt.kind) {
    case "goto":
      return [jump(labelPosition(cx.actor, stmt.label))];
    case "choose":
      return expandChoose(stmt, rest, cx);
    case "when":
      return expandWhen(stmt, rest, cx);
    case "either":
      return stmt.branches.flatMap((branch) =>
        expand([...branch.body, ...rest], cx).map((draft) => ({
          ...draft,
          names: [branch.name, ...draft.names],
        })),
      );
    case "each":
      if (mentions(stmt.body, ["either", "goto"])) {
        return expand([...unrolled(stmt, cx.scope), ...rest], cx);
      }
      return before([eachAction(stmt, cx)], expand(rest, cx));
    default:
      return before(simpleActions(stmt, cx.scope), expand(rest, cx));
  }
}

function jump(to: number): Draft {
  return { names: [], params: [], body: [{ kind: "jump", to }] };
}

function before(actions: Action[], drafts: Draft[]): Draft[] {
  return drafts.map((draft) => ({ ...draft, body: [...actions, ...draft.body] }));
}

function labelPosition(actor: ActorDecl, label: string): number {
  if (label === DONE) return actor.steps.length;
  return actor.steps.findIndex((s) => s.label === label);
}

function expandChoose(stmt: Extract<Stmt, { kind: "choose" }>, rest: Stmt[], cx: Context): Draft[] {
  const { scope } = cx;
  const { domain } = declOf(stmt.target, scope);
  const name = freshBind(stmt.target.name, domain, scope.binds);
  const picked: Action[] = [
    ...check(refDefinedness(stmt.target, scope), "unset"),
    { kind: "assign", target: stmt.target, value: build.bound(name) },
    ...(stmt.where ? wait(stmt.where, scope) : []),
  ];
  return before(picked, expand(rest, cx)).map((draft) => ({
    ...draft,
    params: [{ name, domain }, ...draft.params],
  }));
}

function wait(cond: Expr, scope: Scope): Action[] {
  return [...check(definedness(cond, scope), "unset"), { kind: "assume", cond }];
}

/**
 * A choice or a jump inside makes a difference to what comes after. With a choice the condition
 * becomes part of the guard of both branches; with a jump only, what comes after moves into the
 * arms.
 */
function expandWhen(stmt: Extract<Stmt, { kind: "when" }>, rest: Stmt[], cx: Context): Draft[] {
  const defined = check(definedness(stmt.cond, cx.scope), "unset");
  const inside = [...stmt.then, ...stmt.else];
  const jumps = mentions(inside, ["goto"]);
  if (mentions(inside, ["either"]) || (jumps && mentions(rest, ["either"]))) {
    const negated = simplify(build.not(stmt.cond), cx.scope);
    const arm = (cond: Expr, body: Stmt[]): Draft[] =>
      before([...defined, { kind: "assume", cond }], expand([...body, ...rest], cx));
    return [...arm(stmt.cond, stmt.then), ...arm(negated, stmt.else)];
  }
  const arm = (body: Stmt[]): Action[] =>
    jumps ? (expand([...body, ...rest], cx)[0] as Draft).body : actionsOf(body, cx);
  const [yes, no] = [arm(stmt.then), arm(stmt.else)];
  const choice: Action = { kind: "if", cond: stmt.cond, yes, no };
  if (jumps) return before(defined, [{ names: [], params: [], body: [choice] }]);
  return before([...defined, choice], expand(rest, cx));
}

/** Statements without choices and jumps. */
function actionsOf(body: Stmt[], cx: Context): Action[] {
  const [draft] = expand(body, cx);
  return (draft as Draft).body.slice(0, -1);
}

function eachAction(stmt: Extract<Stmt, { kind: "each" }>, cx: Context): Action {
  return { kind: "each", bind: stmt.bind, over: stmt.over, body: actionsOf(stmt.body, cx) };
}

function unrolled(stmt: Extract<Stmt, { kind: "each" }>, scope: Scope): Stmt[] {
  return membersOf(scope.layout, stmt.over).flatMap((value) => {
    const member = build.constant(overDomain(stmt.over), value);
    return substituteStmts(stmt.body, new Map([[stmt.bind, member]]));
  });
}

function simpleActions(
  stmt: Extract<Stmt, { kind: "wait" | "assert" | "lock" | "set" }>,
  scope: Scope,
): Action[] {
  switch (stmt.kind) {
    case "wait":
      return wait(stmt.cond, scope);
    case "assert":
      return [
        ...check(definedness(stmt.cond, scope), "unset"),
        { kind: "check", cond: stmt.cond, violation: "assert", rule: stmt.rule, text: stmt.text },
      ];
    case "lock":
      return stmt.event.index.flatMap((e) => check(definedness(e, scope), "unset"));
    case "set":
      return [
        ...check(definedness(stmt.value, scope), "unset"),
        ...check(refDefinedness(stmt.target, scope), "unset"),
        ...check(inRange(stmt.target, stmt.value, scope), "range"),
        { kind: "assign", target: stmt.target, value: stmt.value },
      ];
  }
}

function inRange(target: Ref, value: Expr, scope: Scope): Expr {
  const { domain } = declOf(target, scope);
  if (domain.kind !== "range") return build.TRUE;
  const { lo, hi } = domain;
  const at = boundsOf(value, scope);
  return build.and(
    at.lo < lo ? build.ge(value, build.int(lo)) : build.TRUE,
    at.hi > hi ? build.le(value, build.int(hi)) : build.TRUE,
  );
}

const TEXT: Record<Exclude<CheckKind, "assert">, [rule: string, text: string]> = {
  unset: ["unset_value", "an index has no cell, or a divisor is not positive"],
  range: ["range_overflow", "a variable is set outside its range"],
};

/** Nothing, when the condition always holds. */
function check(cond: Expr, violation: Exclude<CheckKind, "assert">): Action[] {
  if (cond.kind === "const" && cond.value === 1) return [];
  const [rule, text] = TEXT[violation];
  return [{ kind: "check", cond, violation, rule, text }];
}

/** Values a `choose` may pick. */
export function paramValues(scope: Scope, param: Param): number[] {
  const { lo, hi } = memberBounds(scope.layout.model, param.domain);
  return Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i);
}
