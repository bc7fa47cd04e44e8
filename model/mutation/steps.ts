/** Changes of a list of steps that keep its jumps right. */
import { type ActorDecl, allStmts, DONE, type Step, type Stmt, withBodies } from "../ir/index.ts";

/** The statements with each jump to `from` leading to `to`. */
export function retargeted(body: Stmt[], from: string, to: string): Stmt[] {
  return body.map((stmt) =>
    stmt.kind === "goto" && stmt.label === from
      ? { ...stmt, label: to }
      : withBodies(stmt, (inner) => retargeted(inner, from, to)),
  );
}

/** The steps with each jump to `from` leading to `to`. */
export function redirected(steps: Step[], from: string, to: string): Step[] {
  return steps.map((step) => ({ ...step, body: retargeted(step.body, from, to) }));
}

export function jumpsTo(steps: Step[], label: string): boolean {
  return steps.some((s) => allStmts(s.body).some((t) => t.kind === "goto" && t.label === label));
}

/** The label of the step at that place; `done` behind the last one. */
export function labelAt(actor: ActorDecl, at: number): string {
  return actor.steps[at]?.label ?? DONE;
}

/** The step with other statements in it. */
export function withBody(step: Step, body: Stmt[]): Step {
  return { ...step, body };
}
