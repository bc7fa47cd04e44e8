/** What can be wrong with a step: labels, order of statements, targets. */
import { alwaysJumps, isGuard } from "./access.ts";
import type { Place } from "./diagnostics.ts";
import { memberBounds, valueBounds } from "./layout.ts";
import { isDeclared } from "./names.ts";
import { printExpr, printOver, printStmt } from "./print.ts";
import type { ActorDecl, Expr, Over, Ref, Step, Stmt, VarDecl } from "./types.ts";
import { DONE } from "./types.ts";
import {
  at,
  bind,
  checkCondition,
  checkRef,
  fits,
  isName,
  known,
  type Scope,
  showType,
  typeOf,
} from "./validate-expr.ts";
import { allStmts, exprsOfStmt, refsRead } from "./walk.ts";

const LABEL = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/;

export function checkSteps(actor: ActorDecl, place: Place, scope: Scope): void {
  const inStep: Scope = { ...scope, actor };
  const seen = new Set<string>();
  for (const [i, step] of actor.steps.entries()) {
    const here = inside(at(place, "steps", i), step);
    checkLabel(step, seen, here, inStep);
    seen.add(step.label);
    if (step.text.trim() === "") {
      scope.report("MR049", at(here, "text"), `${step.label} does not say what it stands for`);
    }
    checkOrder(step.body, at(here, "body"), inStep);
    checkBody(step.body, at(here, "body"), inStep, []);
  }
}

function inside(place: Place, node: { src?: Place["src"] }): Place {
  return node.src ? { ...place, src: node.src } : place;
}

function checkLabel(step: Step, seen: Set<string>, place: Place, scope: Scope): void {
  const here = at(place, "label");
  if (step.label === DONE) scope.report("MR014", here, "a step is labelled done");
  else if (!LABEL.test(step.label)) scope.report("MR012", here, `"${step.label}" is not a label`);
  if (!seen.has(step.label)) return;
  scope.report("MR013", here, `${scope.actor?.name} has two steps labelled ${step.label}`);
}

/** A step blocks at its beginning or not at all. */
function checkOrder(body: Stmt[], place: Place, scope: Scope): void {
  const guards = body.findIndex((s) => !isGuard(s));
  const report = (stmt: Stmt, where: Place): void => {
    if (stmt.kind !== "wait" && stmt.kind !== "choose") return;
    const text = printStmt(stmt, scope.model, scope.actor);
    scope.report("MR040", inside(where, stmt), `${text} comes after the step has begun`);
  };
  for (const [i, stmt] of body.entries()) {
    if (guards >= 0 && i > guards) report(stmt, at(place, i));
    for (const [inner, where] of nested(stmt, at(place, i))) report(inner, where);
  }
}

/** All statements inside a statement, with their places. */
function nested(stmt: Stmt, place: Place): [Stmt, Place][] {
  return bodies(stmt, place).flatMap(([body, where]) =>
    body.flatMap((s, i): [Stmt, Place][] => [[s, at(where, i)], ...nested(s, at(where, i))]),
  );
}

function bodies(stmt: Stmt, place: Place): [Stmt[], Place][] {
  switch (stmt.kind) {
    case "when":
      return [
        [stmt.then, at(place, "then")],
        [stmt.else, at(place, "else")],
      ];
    case "either":
      return stmt.branches.map((b, i) => [b.body, at(place, "branches", i, "body")]);
    case "each":
      return [[stmt.body, at(place, "body")]];
    case "choose":
    case "wait":
    case "assert":
    case "lock":
    case "set":
    case "goto":
      return [];
  }
}

/** An enclosing `each`, outermost first. */
interface Round {
  bind: string;
  over: Over;
}

function checkBody(body: Stmt[], place: Place, scope: Scope, rounds: Round[]): void {
  const jump = body.findIndex((s) => alwaysJumps([s]));
  const behind = jump < 0 ? undefined : body[jump + 1];
  if (behind) {
    const text = printStmt(behind, scope.model, scope.actor).split("\n")[0];
    const where = inside(at(place, jump + 1), behind);
    scope.report("MR042", where, `nothing gets to "${text}" behind the goto`);
  }
  for (const [i, stmt] of body.entries()) {
    checkStmt(stmt, inside(at(place, i), stmt), scope, rounds);
  }
}

function checkStmt(stmt: Stmt, place: Place, scope: Scope, rounds: Round[]): void {
  switch (stmt.kind) {
    case "choose":
      checkChoose(stmt, place, scope);
      break;
    case "wait":
    case "when":
      checkCondition(stmt.cond, at(place, "cond"), scope);
      break;
    case "assert":
      checkCondition(stmt.cond, at(place, "cond"), scope);
      checkRule(stmt, place, scope);
      break;
    case "lock":
      for (const [i, e] of stmt.event.index.entries()) {
        typeOf(e, at(place, "event", "index", i), scope);
      }
      break;
    case "set":
      checkSet(stmt, place, scope);
      checkRound(stmt.target, place, scope, rounds);
      break;
    case "either":
      checkBranches(stmt, place, scope);
      checkOutsideEach(stmt, place, scope, rounds);
      break;
    case "each":
      checkEach(stmt, place, scope, rounds);
      return;
    case "goto":
      checkGoto(stmt.label, place, scope);
      checkOutsideEach(stmt, place, scope, rounds);
      break;
  }
  for (const [body, where] of bodies(stmt, place)) checkBody(body, where, scope, rounds);
}

type Kind<K extends Stmt["kind"]> = Extract<Stmt, { kind: K }>;

function checkChoose(stmt: Kind<"choose">, place: Place, scope: Scope): void {
  const { model } = scope;
  const decl = checkRef(stmt.target, at(place, "target"), scope);
  if (stmt.where) checkCondition(stmt.where, at(place, "where"), scope);
  if (!decl || !isDeclared(model, decl.domain)) return;
  const { lo, hi } = memberBounds(model, decl.domain);
  if (lo <= hi) return;
  scope.report("MR041", place, `${decl.name} can't be chosen: ${printOver(decl.domain)} is empty`);
}

function checkRule(stmt: Kind<"assert">, place: Place, scope: Scope): void {
  if (!isName(stmt.rule)) {
    scope.report("MR010", at(place, "rule"), `the rule "${stmt.rule}" is not a name`);
  }
  if (stmt.text.trim() !== "") return;
  scope.report("MR049", at(place, "text"), `${stmt.rule} does not say what is wrong`);
}

function checkSet(stmt: Kind<"set">, place: Place, scope: Scope): void {
  const { model, report } = scope;
  const decl = checkRef(stmt.target, at(place, "target"), scope);
  const type = typeOf(stmt.value, at(place, "value"), scope);
  if (!decl) return;
  if (!fits(type, decl.domain)) {
    const text = printStmt(stmt, model, scope.actor);
    const message = `${text} puts a ${showType(type)} into ${showType(decl.domain)}`;
    report("MR030", place, message);
    return;
  }
  checkAssigned(stmt.value, decl, at(place, "value"), scope);
}

/** A constant that can never be stored is a slip, not a behaviour. */
function checkAssigned(value: Expr, decl: VarDecl, place: Place, scope: Scope): void {
  if (value.kind !== "const" || value.domain.kind !== "range") return;
  const { lo, hi } = valueBounds(scope.model, decl.domain);
  const isSound = lo <= hi;
  if (!isSound || (lo <= value.value && value.value <= hi)) return;
  scope.report("MR033", place, `${value.value} is outside ${decl.name}'s range ${lo}..${hi}`);
}

function checkBranches(stmt: Kind<"either">, place: Place, scope: Scope): void {
  const { report } = scope;
  if (stmt.branches.length < 2) {
    report("MR047", place, `either has ${stmt.branches.length} branches`);
  }
  const names = stmt.branches.map((b) => b.name);
  for (const [i, name] of names.entries()) {
    const where = at(place, "branches", i, "name");
    if (name.trim() === "") report("MR010", where, "a branch has an empty name");
    if (names.indexOf(name) < i) report("MR048", where, `two branches are named ${name}`);
  }
}

function checkGoto(label: string, place: Place, scope: Scope): void {
  const labels = scope.actor?.steps.map((s) => s.label) ?? [];
  if (label === DONE || labels.includes(label)) return;
  const message = `${scope.actor?.name} has no label ${label}`;
  scope.report("MR025", at(place, "label"), message, known([...labels, DONE]));
}

function checkOutsideEach(stmt: Stmt, place: Place, scope: Scope, rounds: Round[]): void {
  const round = rounds.at(-1);
  if (!round) return;
  scope.report("MR044", place, `${stmt.kind} stands inside each ${round.bind}`);
}

/**
 * Members and processes have no order, so neither may the rounds over them: each keeps to its own.
 */
function isUnordered(over: Over): boolean {
  return over.kind === "scalarset" || over.kind === "proc";
}

function isOwn(ref: Ref, bindName: string): boolean {
  return ref.index.some((e) => e.kind === "bound" && e.name === bindName);
}

function checkRound(target: Ref, place: Place, scope: Scope, rounds: Round[]): void {
  const foreign = rounds.find((r) => isUnordered(r.over) && !isOwn(target, r.bind));
  if (!foreign) return;
  const text = printExpr({ kind: "read", ref: target }, scope.model, scope.actor);
  const message = `${text} is written in each round of ${foreign.bind}`;
  scope.report("MR043", at(place, "target"), message);
}

function checkEach(stmt: Kind<"each">, place: Place, scope: Scope, rounds: Round[]): void {
  const inner = bind(stmt.bind, stmt.over, place, scope);
  const round: Round = { bind: stmt.bind, over: stmt.over };
  if (isUnordered(stmt.over)) checkIndependent(stmt, place, scope);
  checkBody(stmt.body, at(place, "body"), inner, [...rounds, round]);
}

/** What one round writes, another may not read. */
function checkIndependent(stmt: Kind<"each">, place: Place, scope: Scope): void {
  const all = allStmts(stmt.body);
  const written = new Set(all.flatMap((s) => (s.kind === "set" ? [cellKey(s.target)] : [])));
  const reads = all.flatMap(exprsOfStmt).flatMap(refsRead);
  const foreign = reads.find((r) => written.has(cellKey(r)) && !isOwn(r, stmt.bind));
  if (!foreign) return;
  const text = printExpr({ kind: "read", ref: foreign }, scope.model, scope.actor);
  scope.report("MR056", place, `${text} is read in one round of ${stmt.bind}, written in another`);
}

function cellKey(ref: Ref): string {
  return `${ref.kind} ${ref.name}`;
}
