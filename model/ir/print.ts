/**
 * The IR as C-like text, for people: diagnostics, traces, documentation. Nothing reads it back.
 *
 * Operators bind as in C; `=>` binds weaker than `||` and stronger than `?:`. A quantifier reaches
 * as far to the right as it can, so it stands in parentheses wherever it is an operand.
 */
import { isDeclared, showCell, showValue } from "./names.ts";
import type {
  ActorDecl,
  ArithOp,
  CompareOp,
  Domain,
  Expr,
  Liveness,
  LockEvent,
  Model,
  Over,
  Ref,
  Step,
  Stmt,
  VarDecl,
} from "./types.ts";

/** Where names are looked up; without a model constants are spelled by number and cells plainly. */
interface Scope {
  model: Model | undefined;
  actor: ActorDecl | undefined;
}

/** How tightly an operator binds: a weaker operand of a stronger operator gets parentheses. */
const WEAKEST = 0;
const TERNARY = 1;
const IMPLIES = 2;
const OR = 3;
const AND = 4;
const COMPARE = 5;
const ADD = 6;
const MULTIPLY = 7;
const UNARY = 8;
const PRIMARY = 9;

const COMPARE_SIGN: Record<CompareOp, string> = {
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};
const ARITH_SIGN: Record<ArithOp, string> = { add: "+", sub: "-", mul: "*", mod: "%" };

/**
 * One expression on one line. With the model, constants and cells have their names; with the actor,
 * so have its locals that declare how they are shown.
 */
export function printExpr(expr: Expr, model?: Model, actor?: ActorDecl): string {
  return text(expr, WEAKEST, { model, actor });
}

/** One statement as lines, indented by `indent` spaces. */
export function printStmt(stmt: Stmt, model?: Model, actor?: ActorDecl, indent = 0): string {
  return stmtLines(stmt, { model, actor })
    .map((line) => " ".repeat(indent) + line)
    .join("\n");
}

/** The label with the C line it stands for, then the body. */
export function printStep(step: Step, model?: Model, actor?: ActorDecl, indent = 0): string {
  const flags = [step.idle ? "idle" : "", step.rare ? "rare" : "", step.mark ?? ""];
  const head = [`${step.label}:`, comment(step.text), ...flags.filter(Boolean).map(comment)];
  const body = block(step.body, { model, actor });
  return [head.join(" "), ...body].map((line) => " ".repeat(indent) + line).join("\n");
}

/** The whole model. */
export function printModel(model: Model): string {
  const scope: Scope = { model, actor: undefined };
  const sections = [
    [`model ${model.name}`],
    model.enums.map((e) => `enum ${e.name} { ${e.values.join(", ")} };`),
    model.scalarsets.map((s) => {
      const classes = s.classes.map((c) => `${c.name}[${c.size}]`);
      return `scalarset ${s.name} { ${classes.join(", ")} };`;
    }),
    model.shared.map((decl) => varLine(decl, model)),
    model.assume.map((e) => `assume ${text(e, WEAKEST, scope)};`),
    ...model.actors.map((actor) => actorLines(actor, model)),
    model.always.map((p) => `always ${p.name}: ${text(p.expr, WEAKEST, scope)};`),
    model.atRest.map((p) => `at rest ${p.name}: ${text(p.expr, WEAKEST, scope)};`),
    model.reachable.map((p) => `reachable ${p.name}: ${text(p.expr, WEAKEST, scope)};`),
    (model.liveness ?? []).map((p) => `${printLiveness(p, model)};`),
  ];
  const filled = sections.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** `leads_to served: p at client:asks ~> p at client:served`. */
export function printLiveness(p: Liveness, model?: Model): string {
  const show = (e: Expr, outer: number): string => text(e, outer, { model, actor: undefined });
  switch (p.kind) {
    case "eventually":
    case "always_eventually":
      return `${p.kind} ${p.name}: ${show(p.expr, WEAKEST)}`;
    case "leads_to":
      return `leads_to ${p.name}: ${show(p.from, TERNARY)} ~> ${show(p.expr, TERNARY)}`;
    case "ltl": {
      const atoms = p.atoms.map((a) => `${a.name}: ${show(a.expr, WEAKEST)}`);
      return `ltl ${p.name}: ${p.formula} { ${atoms.join("; ")} }`;
    }
  }
}

function actorLines(actor: ActorDecl, model: Model): string[] {
  const fair = actor.fairness ? ` ${comment(`fairness: ${actor.fairness}`)}` : "";
  const finite = actor.finite ? ` ${comment("finitely many steps")}` : "";
  const many = actor.count === 1 ? "" : `[${actor.count}]`;
  const head = `actor ${actor.name}${many}${fair}${finite} {`;
  const locals = actor.locals.map((decl) => `  ${varLine(decl, model)}`);
  return [head, ...locals, ...actor.steps.map((s) => printStep(s, model, actor, 2)), "}"];
}

function varLine(decl: VarDecl, model: Model): string {
  const name = showCell(decl, decl.index.map(printOver));
  return `${printOver(decl.domain)} ${name}${initText(decl, model)};`;
}

function initText(decl: VarDecl, model: Model): string {
  const show = (value: number): string => showValue(model, decl.domain, value);
  switch (decl.init.kind) {
    case "value":
      return ` = ${show(decl.init.value)}`;
    case "cells":
      return ` = { ${decl.init.values.map(show).join(", ")} }`;
    case "any":
      return " = any";
  }
}

/**
 * A domain, or what a quantifier ranges over: `Page`, `0..3`, `bool`, `process`, the name of an
 * actor.
 */
export function printOver(over: Over): string {
  switch (over.kind) {
    case "bool":
      return "bool";
    case "range":
      return `${over.lo}..${over.hi}`;
    case "enum":
    case "scalarset":
      return over.name;
    case "proc":
      return "process";
    case "instances":
      return over.actor;
  }
}

function comment(line: string): string {
  return `/* ${line.replaceAll("*/", "* /")} */`;
}

function text(expr: Expr, outer: number, scope: Scope): string {
  const [inner, printed] = operator(expr, scope);
  return inner < outer ? `(${printed})` : printed;
}

/** The text without parentheses around it, and how tightly its outermost operator binds. */
function operator(expr: Expr, scope: Scope): [number, string] {
  const sub = (e: Expr, outer: number): string => text(e, outer, scope);
  switch (expr.kind) {
    case "const":
      return [expr.value < 0 ? UNARY : PRIMARY, constant(expr.domain, expr.value, scope)];
    case "read":
      return [PRIMARY, cell(expr.ref, scope)];
    case "self":
      return [PRIMARY, "self"];
    case "bound":
      return [PRIMARY, expr.name];
    case "compare": {
      const sign = COMPARE_SIGN[expr.op];
      return [COMPARE, `${sub(expr.left, ADD)} ${sign} ${sub(expr.right, ADD)}`];
    }
    case "arith": {
      const level = expr.op === "add" || expr.op === "sub" ? ADD : MULTIPLY;
      const sign = ARITH_SIGN[expr.op];
      return [level, `${sub(expr.left, level)} ${sign} ${sub(expr.right, level + 1)}`];
    }
    case "not":
      return [UNARY, `!${sub(expr.arg, UNARY)}`];
    case "and":
      return joined(expr.args, " && ", AND, "true", scope);
    case "or":
      return joined(expr.args, " || ", OR, "false", scope);
    case "implies":
      return [IMPLIES, `${sub(expr.left, OR)} => ${sub(expr.right, IMPLIES)}`];
    case "ite": {
      const [then, other] = [sub(expr.then, TERNARY), sub(expr.else, TERNARY)];
      return [TERNARY, `${sub(expr.cond, IMPLIES)} ? ${then} : ${other}`];
    }
    case "quant": {
      const over = printOver(expr.over);
      return [WEAKEST, `${expr.op} ${expr.bind} in ${over}: ${sub(expr.body, WEAKEST)}`];
    }
    case "inClass":
      return [COMPARE, `${sub(expr.arg, ADD)} in ${expr.set}.${expr.class}`];
    case "atLabel": {
      const [first] = expr.labels;
      const labels = expr.labels.length === 1 && first ? first : `{${expr.labels.join(", ")}}`;
      return [COMPARE, `${sub(expr.proc, ADD)} at ${expr.actor}:${labels}`];
    }
  }
}

function joined(
  args: Expr[],
  sign: string,
  level: number,
  empty: string,
  scope: Scope,
): [number, string] {
  const [first] = args;
  if (!first) return [PRIMARY, empty];
  if (args.length === 1) return operator(first, scope);
  return [level, args.map((e) => text(e, level + 1, scope)).join(sign)];
}

function constant(domain: Domain, value: number, { model }: Scope): string {
  if (model && isDeclared(model, domain)) return showValue(model, domain, value);
  switch (domain.kind) {
    case "bool":
      return value === 0 ? "false" : "true";
    case "range":
      return String(value);
    case "enum":
      return `${domain.name}#${value}`;
    case "scalarset":
      return value === 0 ? "none" : `${domain.name}#${value}`;
    case "proc":
      return value === 0 ? "none" : `process#${value}`;
  }
}

function cell(ref: Ref, scope: Scope): string {
  const index = ref.index.map((e) => text(e, WEAKEST, scope));
  const decl = declarationOf(ref, scope);
  const name = decl ? showCell(decl, index) : ref.name + index.map((i) => `[${i}]`).join("");
  return ref.kind === "peek" ? `${text(ref.proc, PRIMARY, scope)}.${name}` : name;
}

function declarationOf(ref: Ref, { model, actor }: Scope): VarDecl | undefined {
  switch (ref.kind) {
    case "shared":
      return model?.shared.find((d) => d.name === ref.name);
    case "local":
      return actor?.locals.find((d) => d.name === ref.name);
    case "peek":
      return model?.actors
        .find((a) => a.name === ref.actor)
        ?.locals.find((d) => d.name === ref.name);
  }
}

function stmtLines(stmt: Stmt, scope: Scope): string[] {
  const show = (e: Expr): string => text(e, WEAKEST, scope);
  switch (stmt.kind) {
    case "choose": {
      const where = stmt.where ? ` where ${show(stmt.where)}` : "";
      return [`choose ${cell(stmt.target, scope)}${where};`];
    }
    case "wait":
      return [`wait(${show(stmt.cond)});`];
    case "assert":
      return [`assert(${show(stmt.cond)}); ${comment(`${stmt.rule}: ${stmt.text}`)}`];
    case "lock":
      return [`${lockText(stmt.event, scope)};`];
    case "set":
      return [`${cell(stmt.target, scope)} = ${show(stmt.value)};`];
    case "when":
      return whenLines(stmt, scope);
    case "either":
      return eitherLines(stmt.branches, scope);
    case "each": {
      const head = `for (${stmt.bind} in ${printOver(stmt.over)}) {`;
      return [head, ...block(stmt.body, scope), "}"];
    }
    case "goto":
      return [`goto ${stmt.label};${stmt.mark ? ` ${comment(stmt.mark)}` : ""}`];
  }
}

function block(body: Stmt[], scope: Scope): string[] {
  return body.flatMap((s) => stmtLines(s, scope)).map((line) => `  ${line}`);
}

function whenLines(stmt: Extract<Stmt, { kind: "when" }>, scope: Scope): string[] {
  const lines = [`if (${text(stmt.cond, WEAKEST, scope)}) {`, ...block(stmt.then, scope)];
  const [only] = stmt.else;
  if (!only) return [...lines, "}"];
  if (stmt.else.length === 1 && only.kind === "when") {
    const [head, ...rest] = whenLines(only, scope);
    return [...lines, `} else ${head}`, ...rest];
  }
  return [...lines, "} else {", ...block(stmt.else, scope), "}"];
}

function eitherLines(branches: { name: string; body: Stmt[] }[], scope: Scope): string[] {
  const lines = branches.flatMap((branch, i) => {
    const head = i === 0 ? `either ${branch.name} {` : `} or ${branch.name} {`;
    return [head, ...block(branch.body, scope)];
  });
  return [...lines, "}"];
}

function lockText(event: LockEvent, scope: Scope): string {
  const index = event.index.map((e) => `[${text(e, WEAKEST, scope)}]`).join("");
  const shared = event.mode === "shared" ? ", shared" : "";
  return `${event.op} ${event.lock} ${event.class}${index}${shared}`;
}
