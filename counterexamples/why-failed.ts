/** The part of a property that is false: down through quantifiers and conjunctions to one claim. */
import {
  type Domain,
  type Expr,
  type Interpreter,
  memberBounds,
  printExpr,
  type Ref,
  type State,
  showValue,
  type Violation,
} from "../model/ir/index.ts";

/**
 * `page = page0: gpu.pte[page0] == none || ...`; undefined when the whole property says no more.
 */
export function failedPart(
  interpreter: Interpreter,
  violation: Violation,
  state: State,
): string | undefined {
  if (violation.kind !== "always" && violation.kind !== "atRest") return undefined;
  const property = interpreter.model[violation.kind].find((p) => p.name === violation.property);
  if (!property) return undefined;
  const members: string[] = [];
  const part = narrow(interpreter, property.expr, state, members);
  if (part === property.expr) return undefined;
  const text = printExpr(part, interpreter.model);
  return members.length > 0 ? `${members.join(", ")}: ${text}` : text;
}

function narrow(interpreter: Interpreter, expr: Expr, state: State, members: string[]): Expr {
  const isFalse = (e: Expr): boolean => interpreter.evaluate(e, state) === false;
  if (expr.kind === "and") {
    const failed = expr.args.find(isFalse);
    return failed ? narrow(interpreter, failed, state, members) : expr;
  }
  if (expr.kind === "ite") {
    const branch = isFalse(expr.cond) ? expr.else : expr.then;
    return isFalse(branch) ? narrow(interpreter, branch, state, members) : expr;
  }
  if (expr.kind === "implies") {
    return isFalse(expr.right) ? narrow(interpreter, expr.right, state, members) : expr;
  }
  if (expr.kind !== "quant" || expr.op !== "forall") return expr;
  const { model, layout } = interpreter;
  const { over, bind, body } = expr;
  const domain: Domain = over.kind === "instances" ? { kind: "proc" } : over;
  const { lo, hi } = memberBounds(model, domain);
  for (let value = lo; value <= hi; value++) {
    const actor = layout.processes[value - 1]?.actor.name;
    if (over.kind === "instances" && actor !== over.actor) continue;
    const filled = substitute(body, bind, { kind: "const", domain, value });
    if (!isFalse(filled)) continue;
    members.push(`${bind} = ${showValue(model, domain, value)}`);
    return narrow(interpreter, filled, state, members);
  }
  return expr;
}

/** The expression with a bound variable filled in; an inner binder of the same name hides it. */
function substitute(expr: Expr, bind: string, value: Expr): Expr {
  const inner = (e: Expr): Expr => substitute(e, bind, value);
  switch (expr.kind) {
    case "const":
    case "self":
      return expr;
    case "bound":
      return expr.name === bind ? value : expr;
    case "read":
      return { ...expr, ref: inRef(expr.ref, inner) };
    case "compare":
    case "arith":
    case "implies":
      return { ...expr, left: inner(expr.left), right: inner(expr.right) };
    case "not":
    case "inClass":
      return { ...expr, arg: inner(expr.arg) };
    case "and":
    case "or":
      return { ...expr, args: expr.args.map(inner) };
    case "ite":
      return { ...expr, cond: inner(expr.cond), then: inner(expr.then), else: inner(expr.else) };
    case "quant":
      return expr.bind === bind ? expr : { ...expr, body: inner(expr.body) };
    case "atLabel":
      return { ...expr, proc: inner(expr.proc) };
  }
}

function inRef(ref: Ref, inner: (e: Expr) => Expr): Ref {
  const index = ref.index.map(inner);
  return ref.kind === "peek" ? { ...ref, index, proc: inner(ref.proc) } : { ...ref, index };
}
