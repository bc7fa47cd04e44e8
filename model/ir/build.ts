/**
 * Short constructors for models written by hand or by another front end. The only rewriting they do
 * is with constants, and only where it can't change what a faulting operand does.
 */
import {
  type ActorDecl,
  type ArithOp,
  type CompareOp,
  type Domain,
  type Expr,
  type Init,
  IR_FORMAT,
  IR_VERSION,
  type Liveness,
  type LockEvent,
  type Mark,
  type Model,
  type Over,
  type QuantOp,
  type Ref,
  type Step,
  type Stmt,
  type VarDecl,
} from "./types.ts";

export const BOOL: Domain = { kind: "bool" };
export const PROC: Domain = { kind: "proc" };

export function range(lo: number, hi: number): Domain {
  return { kind: "range", lo, hi };
}

export function enumOf(name: string): Domain {
  return { kind: "enum", name };
}

export function setOf(name: string): Domain {
  return { kind: "scalarset", name };
}

/** An array or, without index domains, a scalar. The first value of all cells is `init`. */
export function variable(
  name: string,
  domain: Domain,
  init: number | Init = 0,
  ...index: Domain[]
): VarDecl {
  const first: Init = typeof init === "number" ? { kind: "value", value: init } : init;
  return { name, domain, index, init: first };
}

export function constant(domain: Domain, value: number): Expr {
  return { kind: "const", domain, value };
}

export const TRUE: Expr = constant(BOOL, 1);
export const FALSE: Expr = constant(BOOL, 0);

export function int(value: number): Expr {
  return constant(range(value, value), value);
}

/** No member of this scalarset, or no process. */
export function none(domain: Domain): Expr {
  return constant(domain, 0);
}

export function shared(name: string, ...index: Expr[]): Ref {
  return { kind: "shared", name, index };
}

export function local(name: string, ...index: Expr[]): Ref {
  return { kind: "local", name, index };
}

/** A local of another process; in properties only. */
export function peek(actor: string, proc: Expr, name: string, ...index: Expr[]): Ref {
  return { kind: "peek", actor, proc, name, index };
}

export function read(ref: Ref): Expr {
  return { kind: "read", ref };
}

export const SELF: Expr = { kind: "self" };

export function bound(name: string): Expr {
  return { kind: "bound", name };
}

function truth(expr: Expr): boolean | undefined {
  return expr.kind === "const" && expr.domain.kind === "bool" ? expr.value !== 0 : undefined;
}

function compare(op: CompareOp, left: Expr, right: Expr): Expr {
  return { kind: "compare", op, left, right };
}

export const eq = (left: Expr, right: Expr): Expr => compare("eq", left, right);
export const ne = (left: Expr, right: Expr): Expr => compare("ne", left, right);
export const lt = (left: Expr, right: Expr): Expr => compare("lt", left, right);
export const le = (left: Expr, right: Expr): Expr => compare("le", left, right);
export const gt = (left: Expr, right: Expr): Expr => compare("gt", left, right);
export const ge = (left: Expr, right: Expr): Expr => compare("ge", left, right);

function arith(op: ArithOp, left: Expr, right: Expr): Expr {
  return { kind: "arith", op, left, right };
}

export const add = (left: Expr, right: Expr): Expr => arith("add", left, right);
export const sub = (left: Expr, right: Expr): Expr => arith("sub", left, right);
export const mul = (left: Expr, right: Expr): Expr => arith("mul", left, right);
export const mod = (left: Expr, right: Expr): Expr => arith("mod", left, right);

export function not(arg: Expr): Expr {
  const known = truth(arg);
  if (known !== undefined) return known ? FALSE : TRUE;
  return arg.kind === "not" ? arg.arg : { kind: "not", arg };
}

/** Drops what changes nothing, and whatever stands behind the operand that decides. */
function logic(op: "and" | "or", args: Expr[]): Expr {
  const decides = op === "or";
  const useful = args.filter((e) => truth(e) !== !decides);
  const end = useful.findIndex((e) => truth(e) === decides);
  const kept = end < 0 ? useful : useful.slice(0, end + 1);
  const [first] = kept;
  if (!first) return decides ? FALSE : TRUE;
  return kept.length === 1 ? first : { kind: op, args: kept };
}

export const and = (...args: Expr[]): Expr => logic("and", args);
export const or = (...args: Expr[]): Expr => logic("or", args);

export function implies(left: Expr, right: Expr): Expr {
  const known = truth(left);
  if (known !== undefined) return known ? right : TRUE;
  return { kind: "implies", left, right };
}

export function ite(cond: Expr, yes: Expr, no: Expr): Expr {
  const known = truth(cond);
  if (known !== undefined) return known ? yes : no;
  return { kind: "ite", cond, then: yes, else: no };
}

function quant(op: QuantOp, bind: string, over: Over, body: (member: Expr) => Expr): Expr {
  return { kind: "quant", op, bind, over, body: body(bound(bind)) };
}

type Body = (member: Expr) => Expr;
export const forall = (bind: string, over: Over, body: Body): Expr =>
  quant("forall", bind, over, body);
export const exists = (bind: string, over: Over, body: Body): Expr =>
  quant("exists", bind, over, body);
/** For how many members is it true? */
export const count = (bind: string, over: Over, body: Body): Expr =>
  quant("count", bind, over, body);

export function inClass(arg: Expr, set: string, className: string): Expr {
  return { kind: "inClass", arg, set, class: className };
}

export function atLabel(proc: Expr, actor: string, ...labels: string[]): Expr {
  return { kind: "atLabel", proc, actor, labels };
}

/** The processes of one actor, to quantify over. */
export function instances(actor: string): Over {
  return { kind: "instances", actor };
}

export function choose(target: Ref, where?: Expr): Stmt {
  return where ? { kind: "choose", target, where } : { kind: "choose", target };
}

export function wait(cond: Expr): Stmt {
  return { kind: "wait", cond };
}

export function assert(rule: string, cond: Expr, text: string = rule): Stmt {
  return { kind: "assert", cond, rule, text };
}

/** A mutex event unless told otherwise. */
export function lock(
  op: LockEvent["op"],
  className: string,
  index: Expr[] = [],
  more: Partial<Pick<LockEvent, "mode" | "lock">> = {},
): Stmt {
  const event: LockEvent = {
    op,
    mode: "exclusive",
    lock: "mutex",
    class: className,
    index,
    ...more,
  };
  return { kind: "lock", event };
}

export function set(target: Ref, value: Expr): Stmt {
  return { kind: "set", target, value };
}

export function when(cond: Expr, yes: Stmt[], no: Stmt[] = []): Stmt {
  return { kind: "when", cond, then: yes, else: no };
}

export function either(branches: Record<string, Stmt[]>): Stmt {
  const list = Object.entries(branches).map(([name, body]) => ({ name, body }));
  return { kind: "either", branches: list };
}

export function each(bind: string, over: Over, body: (member: Expr) => Stmt[]): Stmt {
  return { kind: "each", bind, over, body: body(bound(bind)) };
}

export function goto(label: string, mark?: Mark): Stmt {
  return mark ? { kind: "goto", label, mark } : { kind: "goto", label };
}

/** A step whose C line is `text`. */
export function step(label: string, text: string, ...body: Stmt[]): Step {
  return { label, text, body };
}

export function actor(
  name: string,
  steps: Step[],
  more: Partial<Pick<ActorDecl, "count" | "locals" | "fairness" | "finite">> = {},
): ActorDecl {
  return { name, count: 1, locals: [], steps, ...more };
}

/** At some moment it is true. */
export function eventually(name: string, expr: Expr): Liveness {
  return { kind: "eventually", name, expr };
}

/** Again and again it is true. */
export function alwaysEventually(name: string, expr: Expr): Liveness {
  return { kind: "always_eventually", name, expr };
}

/** Whenever `from` is true, `expr` is true then or later. */
export function leadsTo(name: string, from: Expr, expr: Expr): Liveness {
  return { kind: "leads_to", name, from, expr };
}

/** A formula of linear temporal logic, and what its names stand for. */
export function ltl(name: string, formula: string, atoms: Record<string, Expr>): Liveness {
  const list = Object.entries(atoms).map(([atom, expr]) => ({ name: atom, expr }));
  return { kind: "ltl", name, formula, atoms: list };
}

/** A model; whatever is left out is empty. Properties are given as name to expression. */
export function model(
  name: string,
  actors: ActorDecl[],
  parts: Partial<Pick<Model, "enums" | "scalarsets" | "shared" | "assume">> = {},
  properties: Partial<Record<"always" | "atRest" | "reachable", Record<string, Expr>>> = {},
): Model {
  const list = (of: Record<string, Expr> = {}) =>
    Object.entries(of).map(([property, expr]) => ({ name: property, expr }));
  return {
    format: IR_FORMAT,
    version: IR_VERSION,
    name,
    enums: [],
    scalarsets: [],
    shared: [],
    assume: [],
    ...parts,
    actors,
    always: list(properties.always),
    atRest: list(properties.atRest),
    reachable: list(properties.reachable),
  };
}
