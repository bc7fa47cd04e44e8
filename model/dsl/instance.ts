/** Properties that look at processes: where they stand and what their locals hold. */
import { type AnyActor, atLabels, type Instance, peek } from "./actor.ts";
import { bindOver, type Expr, lift, makeExpr, type Value } from "./expr.ts";
import type { Fields } from "./shared.ts";
import { type Proc, proc } from "./type.ts";

function instance<F extends Fields>(who: AnyActor<F>, p: Expr<Proc>): Instance<F> {
  return {
    proc: p,
    at: (...labels) => atLabels(who.name, p, labels),
    local: peek(who, p),
  };
}

function overProcesses<F extends Fields>(
  op: "forall" | "exists",
  who: AnyActor<F>,
  body: (t: Instance<F>) => Value<boolean>,
): Expr<boolean> {
  const { bind, member } = bindOver(proc);
  const domain = { kind: "bool" as const };
  const inner = lift<boolean>(domain, body(instance(who, member))).node;
  const over = { kind: "instances" as const, actor: who.name };
  return makeExpr({ kind: "quant", op, bind, over, body: inner }, domain);
}

/** True for every process of the actor (true when it has none). */
export function every<F extends Fields>(
  who: AnyActor<F>,
  body: (t: Instance<F>) => Value<boolean>,
): Expr<boolean> {
  return overProcesses("forall", who, body);
}

/** True for at least one process of the actor. */
export function some<F extends Fields>(
  who: AnyActor<F>,
  body: (t: Instance<F>) => Value<boolean>,
): Expr<boolean> {
  return overProcesses("exists", who, body);
}
