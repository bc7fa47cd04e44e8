/** A random model with nothing to violate but ranges and unset values: more of it is explored. */
import type { Model, Stmt } from "../../../model/ir/index.ts";

export function relaxed(model: Model): Model {
  return {
    ...model,
    always: [],
    atRest: [],
    actors: model.actors.map((actor) => ({
      ...actor,
      steps: actor.steps.map((step) => ({
        ...step,
        idle: true,
        body: withoutAsserts(step.body),
      })),
    })),
  };
}

function withoutAsserts(body: Stmt[]): Stmt[] {
  return body.filter((stmt) => stmt.kind !== "assert").map(withoutAssertsIn);
}

function withoutAssertsIn(stmt: Stmt): Stmt {
  switch (stmt.kind) {
    case "when":
      return {
        ...stmt,
        then: withoutAsserts(stmt.then),
        else: withoutAsserts(stmt.else),
      };
    case "either":
      return {
        ...stmt,
        branches: stmt.branches.map((b) => ({ ...b, body: withoutAsserts(b.body) })),
      };
    default:
      return stmt;
  }
}
