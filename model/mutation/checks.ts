/** Checks that are not made, waits that are not waited for, references that are not taken. */
import {
  type ActorDecl,
  allExprs,
  allStmts,
  type Expr,
  type Model,
  printExpr,
  type Ref,
  refsRead,
  type Step,
  type Stmt,
  withBodies,
} from "../ir/index.ts";
import { isTake } from "./locks.ts";
import { withBody } from "./steps.ts";

export interface Site {
  subject: string;
  step: Step;
  changed: ActorDecl;
}

function changed(actor: ActorDecl, at: number, body: Stmt[]): ActorDecl {
  return { ...actor, steps: actor.steps.map((s, i) => (i === at ? withBody(s, body) : s)) };
}

/** `if (cond) goto x` that falls through whatever `cond` says; tests of locks are none. */
export function ignoredChecks(model: Model, actor: ActorDecl): Site[] {
  return actor.steps.flatMap((step, at) =>
    step.body.flatMap((stmt, i): Site[] => {
      if (stmt.kind !== "when" || takes(stmt)) return [];
      const [jumps, stays] = [stmt.then, stmt.else].map((b) => b.some((s) => s.kind === "goto"));
      if (jumps === stays) return [];
      const kept = jumps ? stmt.else : stmt.then;
      const body = [...step.body.slice(0, i), ...kept, ...step.body.slice(i + 1)];
      const subject = `if (${printExpr(stmt.cond, model, actor)})`;
      return [{ subject, step, changed: changed(actor, at, body) }];
    }),
  );
}

function takes(stmt: Stmt): boolean {
  return allStmts([stmt]).some((s) => s.kind === "lock" && isTake(s.event));
}

/** A wait for somebody else's work that is not made; waits for a lock, and of daemons, are none. */
export function ignoredWaits(model: Model, actor: ActorDecl): Site[] {
  return actor.steps.flatMap((step, at) => {
    const wait = step.body.find((s) => s.kind === "wait");
    if (wait?.kind !== "wait" || step.idle || step.body.some(takes)) return [];
    const body = step.body.filter((s) => s !== wait && s.kind !== "lock");
    const subject = `wait(${printExpr(wait.cond, model, actor)})`;
    return [{ subject, step, changed: changed(actor, at, body) }];
  });
}

/** A counter that the actor raises and lowers again, which it does neither any more. */
export function untakenReferences(model: Model, actor: ActorDecl): Site[] {
  const counts = new Map<string, { ref: Ref; up: Step; down: boolean }>();
  for (const step of actor.steps) {
    for (const stmt of allStmts(step.body)) {
      const by = changeOf(stmt);
      if (!by || stmt.kind !== "set") continue;
      const key = JSON.stringify(stmt.target);
      const known = counts.get(key);
      if (by > 0 && !known) counts.set(key, { ref: stmt.target, up: step, down: false });
      if (by < 0 && known) known.down = true;
    }
  }
  return [...counts.values()]
    .filter(({ down }) => down)
    .map(({ ref, up }) => {
      const steps = actor.steps.map((s) =>
        withBody(
          s,
          s.body.flatMap((t) => uncounted(t, ref)),
        ),
      );
      const subject = printExpr({ kind: "read", ref }, model, actor);
      return { subject, step: up, changed: { ...actor, steps } };
    });
}

/** +1 or -1 for `x = x + 1` and `x = x - 1` on a shared number, else 0. */
export function changeOf(stmt: Stmt): number {
  if (stmt.kind !== "set" || stmt.target.kind !== "shared" || stmt.value.kind !== "arith") return 0;
  const { op, left, right } = stmt.value;
  const isSame = left.kind === "read" && same(left.ref, stmt.target);
  const isOne = right.kind === "const" && right.value === 1;
  if (!isSame || !isOne) return 0;
  return op === "add" ? 1 : op === "sub" ? -1 : 0;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Without raising and lowering it, and without what happens when it is zero. */
function uncounted(stmt: Stmt, ref: Ref): Stmt[] {
  const asks = (cond: Expr): boolean => refsRead(cond).some((r) => same(r, ref));
  if (changeOf(stmt) !== 0 && stmt.kind === "set" && same(stmt.target, ref)) return [];
  if (stmt.kind === "assert" && asks(stmt.cond)) return [];
  if (stmt.kind === "when" && asks(stmt.cond) && isZeroTest(stmt.cond)) return stmt.else;
  return [withBodies(stmt, (body) => body.flatMap((s) => uncounted(s, ref)))];
}

function isZeroTest(cond: Expr): boolean {
  return allExprs(cond).some(
    (e) => e.kind === "compare" && e.op === "eq" && e.right.kind === "const" && e.right.value === 0,
  );
}
