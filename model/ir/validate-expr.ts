/** The types of expressions, and everything that can be wrong with one. */
import { type Place, pointer, type Report } from "./diagnostics.ts";
import { memberBounds, valueBounds } from "./layout.ts";
import { isDeclared } from "./names.ts";
import { printExpr, printOver } from "./print.ts";
import type { ActorDecl, Domain, Expr, Model, Over, Ref, VarDecl } from "./types.ts";
import { DONE } from "./types.ts";

export interface Scope {
  model: Model;
  report: Report;
  /** In a step: whose. Undefined in a property. */
  actor: ActorDecl | undefined;
  bound: ReadonlyMap<string, Over>;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PATH_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The name of a variable may have dots: `folio.lock.owner`. */
export function isPathName(text: string): boolean {
  return PATH_NAME.test(text);
}

/** Types of values. All ranges are numbers; undefined: a mistake that is reported already. */
export type Type = Domain | undefined;

const BOOL: Domain = { kind: "bool" };
const NUMBER: Domain = { kind: "range", lo: 0, hi: 0 };
const PROC: Domain = { kind: "proc" };

export function at(place: Place, ...keys: (string | number)[]): Place {
  return { ...place, path: keys.reduce<string>(pointer, place.path) };
}

export function known(names: string[]): string {
  return names.length > 0 ? `known: ${names.slice(0, 12).join(", ")}` : "none is declared";
}

/** Do values of these two types compare and assign? */
export function fits(a: Type, b: Type): boolean {
  if (!a || !b) return true;
  if (a.kind !== b.kind) return false;
  return "name" in a && "name" in b ? a.name === b.name : true;
}

export function showType(type: Type): string {
  if (!type) return "?";
  return type.kind === "range" ? "number" : printOver(type);
}

/** Is the domain declared and sound? Reports it when not. */
export function checkDomain(over: Over, place: Place, scope: Scope): boolean {
  const { model, report } = scope;
  switch (over.kind) {
    case "bool":
    case "proc":
      return true;
    case "range": {
      const { lo, hi } = over;
      if (Number.isSafeInteger(lo) && Number.isSafeInteger(hi) && lo <= hi && hi - lo < 2 ** 31) {
        return true;
      }
      report("MR052", place, `${lo}..${hi} is not a range`);
      return false;
    }
    case "enum": {
      const names = model.enums.map((e) => e.name);
      if (names.includes(over.name)) return true;
      report("MR021", place, `there is no enum ${over.name}`, known(names));
      return false;
    }
    case "scalarset": {
      const names = model.scalarsets.map((s) => s.name);
      if (names.includes(over.name)) return true;
      report("MR022", place, `there is no scalarset ${over.name}`, known(names));
      return false;
    }
    case "instances":
      return findActor(over.actor, place, scope) !== undefined;
  }
}

function findActor(name: string, place: Place, scope: Scope): ActorDecl | undefined {
  const found = scope.model.actors.find((a) => a.name === name);
  if (found) return found;
  const names = scope.model.actors.map((a) => a.name);
  scope.report("MR024", place, `there is no actor ${name}`, known(names));
  return undefined;
}

/** A scope in which the bound variable is known; reports a bad or shadowing name. */
export function bind(name: string, over: Over, place: Place, scope: Scope): Scope {
  if (!isName(name)) scope.report("MR010", at(place, "bind"), `"${name}" is not a name`);
  if (scope.bound.has(name)) {
    scope.report("MR027", at(place, "bind"), `${name} is bound further out already`);
  }
  if (over.kind === "instances" && scope.actor) {
    const message = `a step quantifies over the instances of ${over.actor}`;
    scope.report("MR045", at(place, "over"), message);
  }
  checkDomain(over, at(place, "over"), scope);
  return { ...scope, bound: new Map(scope.bound).set(name, over) };
}

/** Reports unless the expression is boolean. */
export function checkCondition(expr: Expr, place: Place, scope: Scope): void {
  const type = typeOf(expr, place, scope);
  if (fits(type, BOOL)) return;
  scope.report("MR032", place, `${printExpr(expr)} is a ${showType(type)}, not a condition`);
}

/** The type of an expression; reports what is wrong inside it. */
export function typeOf(expr: Expr, place: Place, scope: Scope): Type {
  const { report } = scope;
  switch (expr.kind) {
    case "const":
      return checkConstant(expr.domain, expr.value, place, scope);
    case "read":
      return checkRef(expr.ref, at(place, "ref"), scope)?.domain;
    case "self":
      if (!scope.actor) report("MR046", place, "self is the running process: steps have it only");
      return PROC;
    case "bound": {
      const over = scope.bound.get(expr.name);
      if (!over) report("MR026", place, `${expr.name} is not bound here`);
      return over?.kind === "instances" ? PROC : over;
    }
    case "compare":
      return checkCompare(expr, place, scope);
    case "arith":
      checkNumber(expr.left, at(place, "left"), scope);
      checkNumber(expr.right, at(place, "right"), scope);
      return NUMBER;
    case "not":
      checkCondition(expr.arg, at(place, "arg"), scope);
      return BOOL;
    case "and":
    case "or":
      for (const [i, arg] of expr.args.entries()) {
        checkCondition(arg, at(place, "args", i), scope);
      }
      return BOOL;
    case "implies":
      checkCondition(expr.left, at(place, "left"), scope);
      checkCondition(expr.right, at(place, "right"), scope);
      return BOOL;
    case "ite":
      return checkIte(expr, place, scope);
    case "quant":
      checkCondition(expr.body, at(place, "body"), bind(expr.bind, expr.over, place, scope));
      return expr.op === "count" ? NUMBER : BOOL;
    case "inClass":
      checkClass(expr, place, scope);
      return BOOL;
    case "atLabel":
      checkAtLabel(expr, place, scope);
      return BOOL;
  }
}

type Kind<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;

function checkConstant(domain: Domain, value: number, place: Place, scope: Scope): Type {
  if (!checkDomain(domain, at(place, "domain"), scope)) return undefined;
  const isMember = domain.kind === "scalarset" || domain.kind === "proc";
  if (isMember && value !== 0) {
    scope.report("MR034", place, `${printOver(domain)} number ${value} is named`);
  } else if (!isIn(value, valueBounds(scope.model, domain))) {
    scope.report("MR033", place, `${value} is not in ${printOver(domain)}`);
  }
  return domain;
}

function isIn(value: number, { lo, hi }: { lo: number; hi: number }): boolean {
  return Number.isSafeInteger(value) && lo <= value && value <= hi;
}

function checkCompare(expr: Kind<"compare">, place: Place, scope: Scope): Type {
  const left = typeOf(expr.left, at(place, "left"), scope);
  const right = typeOf(expr.right, at(place, "right"), scope);
  const isOrder = expr.op !== "eq" && expr.op !== "ne";
  if (!fits(left, right)) {
    const message = `${printExpr(expr)} compares ${showType(left)} with ${showType(right)}`;
    scope.report("MR030", place, message);
  } else if (isOrder && !(fits(left, NUMBER) && fits(right, NUMBER))) {
    const message = `${printExpr(expr)}: ${showType(left ?? right)} has no order`;
    scope.report("MR031", place, message);
  }
  return BOOL;
}

function checkNumber(expr: Expr, place: Place, scope: Scope): void {
  const type = typeOf(expr, place, scope);
  if (fits(type, NUMBER)) return;
  scope.report("MR031", place, `${printExpr(expr)} is a ${showType(type)}, not a number`);
}

function checkIte(expr: Kind<"ite">, place: Place, scope: Scope): Type {
  checkCondition(expr.cond, at(place, "cond"), scope);
  const yes = typeOf(expr.then, at(place, "then"), scope);
  const no = typeOf(expr.else, at(place, "else"), scope);
  if (!fits(yes, no)) {
    const message = `${printExpr(expr)} is either ${showType(yes)} or ${showType(no)}`;
    scope.report("MR030", place, message);
  }
  return yes ?? no;
}

function checkClass(expr: Kind<"inClass">, place: Place, scope: Scope): void {
  const type = typeOf(expr.arg, at(place, "arg"), scope);
  const domain: Domain = { kind: "scalarset", name: expr.set };
  if (!checkDomain(domain, at(place, "set"), scope)) return;
  if (!fits(type, domain)) {
    const message = `${printExpr(expr)} asks a ${showType(type)} for a class of ${expr.set}`;
    scope.report("MR030", place, message);
  }
  const set = scope.model.scalarsets.find((s) => s.name === expr.set);
  const names = set?.classes.map((c) => c.name) ?? [];
  if (!names.includes(expr.class)) {
    const message = `${expr.set} has no class ${expr.class}`;
    scope.report("MR023", at(place, "class"), message, known(names));
  }
}

function checkAtLabel(expr: Kind<"atLabel">, place: Place, scope: Scope): void {
  const { report } = scope;
  if (scope.actor) report("MR045", place, "a step asks where a process stands");
  const type = typeOf(expr.proc, at(place, "proc"), scope);
  if (!fits(type, PROC)) {
    report("MR030", at(place, "proc"), `${printExpr(expr.proc)} is not a process`);
  }
  const actor = findActor(expr.actor, at(place, "actor"), scope);
  if (!actor) return;
  const labels = [...actor.steps.map((s) => s.label), DONE];
  for (const [i, label] of expr.labels.entries()) {
    if (labels.includes(label)) continue;
    const message = `${actor.name} has no label ${label}`;
    report("MR025", at(place, "labels", i), message, known(labels));
  }
}

/** The declaration that a reference means; reports what is wrong with it. */
export function checkRef(ref: Ref, place: Place, scope: Scope): VarDecl | undefined {
  const decls = declarations(ref, place, scope);
  const decl = decls?.find((d) => d.name === ref.name);
  if (decls && !decl) {
    const what = ref.kind === "shared" ? "shared variable" : "local";
    const names = decls.map((d) => d.name);
    scope.report("MR020", at(place, "name"), `there is no ${what} ${ref.name}`, known(names));
  }
  const types = ref.index.map((e, i) => typeOf(e, at(place, "index", i), scope));
  if (!decl) return undefined;
  if (types.length !== decl.index.length) {
    const message = `${decl.name} has ${decl.index.length} indexes, not ${types.length}`;
    scope.report("MR028", place, message);
    return decl;
  }
  for (const [i, domain] of decl.index.entries()) {
    checkIndex(ref.index[i] as Expr, types[i], domain, at(place, "index", i), scope);
  }
  return decl;
}

function declarations(ref: Ref, place: Place, scope: Scope): VarDecl[] | undefined {
  const { report, model } = scope;
  switch (ref.kind) {
    case "shared":
      return model.shared;
    case "local":
      if (!scope.actor) report("MR046", place, `${ref.name} is a local: steps have locals only`);
      return scope.actor?.locals;
    case "peek": {
      if (scope.actor) report("MR045", place, `a step peeks at ${ref.actor}.${ref.name}`);
      const type = typeOf(ref.proc, at(place, "proc"), scope);
      if (!fits(type, PROC)) {
        report("MR030", at(place, "proc"), `${printExpr(ref.proc)} is not a process`);
      }
      return findActor(ref.actor, at(place, "actor"), scope)?.locals;
    }
  }
}

function checkIndex(expr: Expr, type: Type, domain: Domain, place: Place, scope: Scope): void {
  const { model, report } = scope;
  if (!fits(type, domain)) {
    const message = `${printExpr(expr)} is a ${showType(type)}, the index is ${printOver(domain)}`;
    report("MR030", place, message);
    return;
  }
  if (expr.kind !== "const" || !isDeclared(model, domain)) return;
  if (!isIn(expr.value, memberBounds(model, domain))) {
    report("MR033", place, `${printExpr(expr, model)} is no index of ${printOver(domain)}`);
  }
}
