/**
 * Small random models that are valid by construction. A model is grown from a list of numbers, each
 * of which decides one thing; 0 is the simplest decision, so that fast-check's shrinking of the
 * list shrinks the model. Runs may still fault (an index that is none, a value out of its range):
 * that is behaviour.
 */
import fc from "fast-check";
import * as b from "../../model/ir/build.ts";
import type {
  ActorDecl,
  Domain,
  Expr,
  Init,
  Model,
  Over,
  Ref,
  Step,
  Stmt,
  VarDecl,
} from "../../model/ir/types.ts";

/** What can be named at one place of the model. */
interface Scope {
  shared: VarDecl[];
  /** Of the running actor; empty in properties. */
  locals: VarDecl[];
  /** Set in properties: the actors to peek into. */
  actors: ActorDecl[];
  bound: { name: string; over: Over }[];
  inStep: boolean;
}

/** Decides: a number below `n`. */
type Draw = (n: number) => number;

const COLOR = b.enumOf("Color");
const PAGE = b.setOf("Page");
const SMALL = b.range(0, 2);
const SIGNED = b.range(-1, 1);

const grown: fc.Arbitrary<Model> = fc
  .array(fc.noBias(fc.nat(0xffff)), { minLength: 300, maxLength: 1200, size: "max" })
  .map((numbers) => {
    let used = 0;
    return randomModel((n) => (numbers[used++] ?? 0) % n);
  });

/** Any small valid model. Shrinking is cut short: a long list has far too many shorter ones. */
export const anyModel: fc.Arbitrary<Model> = fc.limitShrink(grown, 300);

function pick<T>(draw: Draw, options: readonly [T, ...T[]]): T {
  return options[draw(options.length)] as T;
}

function times<T>(n: number, make: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => make(i));
}

export function randomModel(draw: Draw): Model {
  const more = draw(3) === 2 ? [{ name: "vram", size: 1 }] : [];
  const classes = [{ name: "Page", size: 1 + draw(2 - more.length) }, ...more];
  const index = [b.variable("page", PAGE), b.variable("owner", b.PROC)];
  const others = times(1 + draw(4), (i) => randomVar(draw, `${pick(draw, ["v", "mm.x"])}${i}`));
  const shared = [...others, ...index];
  const actors = times(2 + draw(2), (i) => randomActor(draw, `actor${i}`, shared));
  const scope: Scope = { shared, locals: [], actors, bound: [], inStep: false };
  const property = () => boolExpr(draw, scope, 3);
  return b.model(
    "random",
    actors,
    {
      enums: [{ name: "Color", values: ["red", "green", "blue"] }],
      scalarsets: [{ name: "Page", classes }],
      shared,
      assume: draw(9) === 8 ? [property()] : [],
    },
    {
      always: { claim: property() },
      atRest: draw(2) ? { settled: property() } : {},
      reachable: draw(2) ? { event: property() } : {},
    },
  );
}

function randomVar(draw: Draw, name: string): VarDecl {
  const domain = pick<Domain>(draw, [b.BOOL, SMALL, COLOR, PAGE, b.PROC, SIGNED]);
  const shape = draw(6);
  if (shape === 3) return b.variable(name, domain, 0, pick(draw, [PAGE, PAGE, b.PROC]));
  if (shape === 4) return b.variable(name, domain, cellInit(draw, domain), b.range(0, 1));
  if (shape === 5 && domain.kind === "bool") return b.variable(name, domain, { kind: "any" });
  const decl = b.variable(name, domain, 0);
  return draw(4) === 3 ? { ...decl, show: `${name}->value` } : decl;
}

function cellInit(draw: Draw, domain: Domain): Init {
  const isNamed = domain.kind === "scalarset" || domain.kind === "proc";
  return isNamed ? { kind: "value", value: 0 } : { kind: "cells", values: [draw(2), draw(2)] };
}

function randomActor(draw: Draw, name: string, shared: VarDecl[]): ActorDecl {
  const locals = times(1 + draw(3), (i) => randomVar(draw, `local${i}`));
  const scope: Scope = { shared, locals, actors: [], bound: [], inStep: true };
  const labels = times(2 + draw(4), (i) => (draw(3) === 2 ? `call.l${i}` : `l${i}`));
  const steps = labels.map((label) => randomStep(draw, label, labels, scope));
  return b.actor(name, steps, { count: 1 + (draw(4) === 3 ? 1 : 0), locals });
}

function randomStep(draw: Draw, label: string, labels: string[], scope: Scope): Step {
  const guard = times(draw(3), () => guardStmt(draw, scope));
  const effects = block(draw, scope, labels, 2);
  const step = b.step(label, `do ${label}`, ...guard, ...effects);
  return draw(5) === 4 ? { ...step, idle: true } : step;
}

function guardStmt(draw: Draw, scope: Scope): Stmt {
  switch (draw(7)) {
    case 0:
    case 1:
      return b.wait(boolExpr(draw, scope, 2));
    case 2:
    case 3:
    case 4: {
      const target = randomCell(draw, scope, scope.locals);
      return draw(2) ? b.choose(target, boolExpr(draw, scope, 2)) : b.choose(target);
    }
    case 5:
      return b.assert("guard_rule", likely(draw, scope), "holds on entry");
    default:
      return b.lock("acquire", "big_lock", []);
  }
}

/** More often true than not, so that runs go on. */
function likely(draw: Draw, scope: Scope): Expr {
  return { kind: "or", args: times(3, () => boolExpr(draw, scope, 2)) };
}

/** Statements, the last of which may be a goto. */
function block(draw: Draw, scope: Scope, labels: string[], depth: number): Stmt[] {
  const body = times(draw(4), () => effect(draw, scope, labels, depth));
  const jump = draw(3) === 2 ? [b.goto(pick(draw, ["done", ...labels]))] : [];
  const end = body.findIndex(alwaysJumps);
  return end < 0 ? [...body, ...jump] : body.slice(0, end + 1);
}

function alwaysJumps(stmt: Stmt): boolean {
  const jumps = (body: Stmt[]): boolean => body.some(alwaysJumps);
  if (stmt.kind === "when") return jumps(stmt.then) && jumps(stmt.else);
  if (stmt.kind === "either") return stmt.branches.every((branch) => jumps(branch.body));
  return stmt.kind === "goto";
}

function effect(draw: Draw, scope: Scope, labels: string[], depth: number): Stmt {
  const kind = draw(depth > 0 ? 8 : 4);
  const nested = (): Stmt[] => block(draw, scope, labels, depth - 1);
  switch (kind) {
    case 4:
      return b.when(boolExpr(draw, scope, 2), nested(), nested());
    case 5:
      return b.when(boolExpr(draw, scope, 2), nested());
    case 6:
      return b.either({ ok: nested(), enomem: nested() });
    case 7:
      return eachStmt(draw, scope);
    case 3:
      return draw(2)
        ? b.assert("rule", likely(draw, scope), "holds here")
        : b.lock(pick(draw, ["release", "trylock"]), "small_lock", [read(draw, scope, SMALL)]);
    default:
      return setStmt(draw, scope);
  }
}

function setStmt(draw: Draw, scope: Scope): Stmt {
  const decls = draw(2) ? scope.shared : [...scope.shared, ...scope.locals];
  const { target, domain } = randomTarget(draw, scope, decls);
  return b.set(target, exprOf(draw, scope, domain, 2));
}

/** Each round reads and writes its own cell, and may read variables that no round writes. */
function eachStmt(draw: Draw, scope: Scope): Stmt {
  const arrays = scope.shared.filter((d) => d.index.length === 1);
  const decl = arrays[draw(Math.max(1, arrays.length))];
  const over = decl?.index[0];
  if (!decl || !over) return b.each("page", PAGE, () => []);
  const name = `m${scope.bound.length}`;
  const bound = [...scope.bound, { name, over }];
  const inner: Scope = { ...scope, bound, shared: scope.shared.filter((d) => d !== decl) };
  const value = () => exprOf(draw, inner, decl.domain, 1);
  return b.each(name, over, (member) => {
    const own = b.shared(decl.name, member);
    const write = b.set(own, value());
    const conds = [boolExpr(draw, inner, 1), b.eq(b.read(own), value())] as const;
    return draw(2) ? [b.when(pick(draw, conds), [write])] : [write];
  });
}

/** A cell to write or choose; `fallback` must not be empty. */
function randomCell(draw: Draw, scope: Scope, decls: VarDecl[]): Ref {
  return randomTarget(draw, scope, decls).target;
}

function randomTarget(draw: Draw, scope: Scope, decls: VarDecl[]) {
  const decl = decls[draw(decls.length)] as VarDecl;
  return { target: refTo(draw, scope, decl), domain: decl.domain };
}

function refTo(draw: Draw, scope: Scope, decl: VarDecl): Ref {
  const index = decl.index.map((domain) => indexExpr(draw, scope, domain));
  return scope.locals.includes(decl) ? b.local(decl.name, ...index) : b.shared(decl.name, ...index);
}

/** Indexes are read from scalars only, so that growing an index comes to an end. */
function indexExpr(draw: Draw, scope: Scope, domain: Domain): Expr {
  const members = scope.bound.filter(({ over }) => same(overDomain(over), domain));
  if (members.length > 0 || domain.kind === "range") return leaf(draw, scope, domain);
  if (domain.kind === "proc" && scope.inStep && draw(2)) return b.SELF;
  const scalars = (decls: VarDecl[]) => decls.filter((d) => d.index.length === 0);
  const inner = { ...scope, shared: scalars(scope.shared), locals: scalars(scope.locals) };
  return read(draw, inner, domain);
}

function same(a: Domain, other: Domain): boolean {
  if (a.kind !== other.kind) return false;
  return !("name" in a) || !("name" in other) || a.name === other.name;
}

function exprOf(draw: Draw, scope: Scope, domain: Domain, depth: number): Expr {
  if (domain.kind === "bool") return boolExpr(draw, scope, depth);
  if (depth > 0 && draw(5) === 4) {
    const part = () => exprOf(draw, scope, domain, depth - 1);
    return b.ite(boolExpr(draw, scope, depth - 1), part(), part());
  }
  if (domain.kind === "range" && depth > 0 && draw(3) === 2) return number(draw, scope, depth);
  return draw(3) === 2 ? leaf(draw, scope, domain) : read(draw, scope, domain);
}

function leaf(draw: Draw, scope: Scope, domain: Domain): Expr {
  const members = scope.bound.filter(({ over }) => same(overDomain(over), domain));
  const member = members[draw(Math.max(1, members.length))];
  if (member) return b.bound(member.name);
  switch (domain.kind) {
    case "bool":
      return draw(2) ? b.TRUE : b.FALSE;
    case "range":
      return b.int(draw(2));
    case "enum":
      return b.constant(domain, draw(3));
    case "scalarset":
      return b.none(domain);
    case "proc":
      return scope.inStep ? b.SELF : b.none(domain);
  }
}

function overDomain(over: Over): Domain {
  return over.kind === "instances" ? b.PROC : over;
}

/** Some variable of that domain, or a leaf when there is none. */
function read(draw: Draw, scope: Scope, domain: Domain): Expr {
  const fits = [...scope.shared, ...scope.locals].filter((d) => same(d.domain, domain));
  const decl = fits[draw(Math.max(1, fits.length))];
  if (!decl) return leaf(draw, scope, domain);
  return b.read(refTo(draw, scope, decl));
}

function number(draw: Draw, scope: Scope, depth: number): Expr {
  const part = () => exprOf(draw, scope, SMALL, depth - 1);
  switch (draw(4)) {
    case 0:
      return b.mod(b.add(part(), b.int(1)), b.int(3));
    case 1:
      return b.sub(part(), part());
    case 2:
      return quantified(draw, scope, (name, over, inner) =>
        b.count(name, over, () => boolExpr(draw, inner, depth - 1)),
      );
    default:
      return b.mul(part(), b.int(draw(2)));
  }
}

function quantified(
  draw: Draw,
  scope: Scope,
  make: (name: string, over: Over, inner: Scope) => Expr,
): Expr {
  const named = scope.actors.map((a) => b.instances(a.name));
  const over = pick<Over>(draw, [PAGE, SMALL, b.PROC, ...named]);
  const name = `q${scope.bound.length}`;
  return make(name, over, { ...scope, bound: [...scope.bound, { name, over }] });
}

function boolExpr(draw: Draw, scope: Scope, depth: number): Expr {
  if (depth === 0) return draw(4) === 3 ? leaf(draw, scope, b.BOOL) : read(draw, scope, b.BOOL);
  const part = () => boolExpr(draw, scope, depth - 1);
  switch (draw(9)) {
    case 0:
      return read(draw, scope, b.BOOL);
    case 1:
    case 2:
      return comparison(draw, scope, depth - 1);
    case 3:
      return { kind: "not", arg: part() };
    case 4:
      return { kind: "and", args: times(draw(4), part) };
    case 5:
      return { kind: "or", args: times(draw(4), part) };
    case 6:
      return b.implies(part(), part());
    case 7:
      return quantified(draw, scope, (name, over, inner) => {
        const body = () => aboutMember(draw, inner, name, over, depth - 1);
        return draw(2) ? b.forall(name, over, body) : b.exists(name, over, body);
      });
    default:
      return b.inClass(exprOf(draw, scope, PAGE, depth - 1), "Page", "Page");
  }
}

/** In properties: where the process stands, or what a local of it holds. */
function aboutMember(draw: Draw, scope: Scope, name: string, over: Over, depth: number): Expr {
  if (over.kind !== "instances" || draw(3) === 0) return boolExpr(draw, scope, depth);
  const actor = scope.actors.find((a) => a.name === over.actor) as ActorDecl;
  if (draw(2)) {
    const label = (actor.steps[draw(actor.steps.length)] as Step).label;
    return b.atLabel(b.bound(name), actor.name, ...(draw(2) ? [label] : [label, "done"]));
  }
  const decl = actor.locals[draw(actor.locals.length)] as VarDecl;
  const index = decl.index.map((domain) => indexExpr(draw, scope, domain));
  const value = b.read(b.peek(actor.name, b.bound(name), decl.name, ...index));
  return b.eq(value, exprOf(draw, scope, decl.domain, depth));
}

function comparison(draw: Draw, scope: Scope, depth: number): Expr {
  const domain = pick<Domain>(draw, [SMALL, COLOR, PAGE, b.PROC, b.BOOL]);
  const compare = pick(draw, domain.kind === "range" ? [b.eq, b.lt, b.ge] : [b.eq, b.ne]);
  return compare(exprOf(draw, scope, domain, depth), exprOf(draw, scope, domain, depth));
}
