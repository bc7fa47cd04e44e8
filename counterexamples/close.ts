/** Expressions of steps and properties with everything filled in that depends on their place. */
import {
  type Domain,
  type Expr,
  type Layout,
  memberBounds,
  type Over,
  type Ref,
} from "../model/ir/index.ts";

/** The expression with each leaf exchanged that `fill` has something for. */
export function exchange(expr: Expr, fill: (leaf: Expr) => Expr | undefined): Expr {
  const inner = (e: Expr): Expr => exchange(e, fill);
  const filled = fill(expr);
  if (filled) return filled;
  switch (expr.kind) {
    case "const":
    case "self":
    case "bound":
      return expr;
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
      return { ...expr, body: exchange(expr.body, (e) => (hides(expr, e) ? e : fill(e))) };
    case "atLabel":
      return { ...expr, proc: inner(expr.proc) };
  }
}

/** An inner binder of the same name hides the outer one. */
function hides(quant: { bind: string }, leaf: Expr): boolean {
  return leaf.kind === "bound" && leaf.name === quant.bind;
}

function inRef(ref: Ref, inner: (e: Expr) => Expr): Ref {
  const index = ref.index.map(inner);
  return ref.kind === "peek" ? { ...ref, index, proc: inner(ref.proc) } : { ...ref, index };
}

/** The expression with a bound variable filled in. */
export function substitute(expr: Expr, bind: string, value: Expr): Expr {
  return exchange(expr, (e) => (e.kind === "bound" && e.name === bind ? value : undefined));
}

/** The members that a quantifier or `each` goes through, as constants. */
export function membersOf(layout: Layout, over: Over): Extract<Expr, { kind: "const" }>[] {
  const domain: Domain = over.kind === "instances" ? { kind: "proc" } : over;
  const { lo, hi } = memberBounds(layout.model, domain);
  const values = Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i);
  return values
    .filter((v) => over.kind !== "instances" || actorOf(layout, v) === over.actor)
    .map((value) => ({ kind: "const", domain, value }));
}

function actorOf(layout: Layout, pid: number): string | undefined {
  return layout.processes[pid - 1]?.actor.name;
}
