/** The part of a property that is false: down through quantifiers and conjunctions to one claim. */
import {
  type Expr,
  type Interpreter,
  printExpr,
  type State,
  showValue,
  type Violation,
} from "../model/ir/index.ts";
import { membersOf, substitute } from "./close.ts";

export interface FailedPart {
  /** `page = page0: gpu.pte[page0] == none || ...`; absent when the whole property says no more. */
  text?: string;
  /** The false part, and the conditions under which it is claimed; no free variables. */
  claim: Expr[];
}

/** What the search has gone through on its way down. */
interface Found {
  members: string[];
  given: Expr[];
}

/** Undefined for what is no property of states. */
export function failedPart(
  interpreter: Interpreter,
  violation: Violation,
  state: State,
): FailedPart | undefined {
  if (violation.kind !== "always" && violation.kind !== "atRest") return undefined;
  const property = interpreter.model[violation.kind].find((p) => p.name === violation.property);
  if (!property) return undefined;
  const found: Found = { members: [], given: [] };
  const part = narrow(interpreter, property.expr, state, found);
  const claim = [...found.given, part];
  if (part === property.expr) return { claim };
  const { members } = found;
  const text = printExpr(part, interpreter.model);
  return { text: members.length > 0 ? `${members.join(", ")}: ${text}` : text, claim };
}

function narrow(interpreter: Interpreter, expr: Expr, state: State, found: Found): Expr {
  const isFalse = (e: Expr): boolean => interpreter.evaluate(e, state) === false;
  const down = (e: Expr): Expr => narrow(interpreter, e, state, found);
  if (expr.kind === "and") {
    const failed = expr.args.find(isFalse);
    return failed ? down(failed) : expr;
  }
  if (expr.kind === "ite") {
    const branch = isFalse(expr.cond) ? expr.else : expr.then;
    if (!isFalse(branch)) return expr;
    found.given.push(expr.cond);
    return down(branch);
  }
  if (expr.kind === "implies") {
    if (!isFalse(expr.right)) return expr;
    found.given.push(expr.left);
    return down(expr.right);
  }
  if (expr.kind !== "quant" || expr.op !== "forall") return expr;
  const { model, layout } = interpreter;
  for (const member of membersOf(layout, expr.over)) {
    const filled = substitute(expr.body, expr.bind, member);
    if (!isFalse(filled)) continue;
    found.members.push(`${expr.bind} = ${showValue(model, member.domain, member.value)}`);
    return down(filled);
  }
  return expr;
}
