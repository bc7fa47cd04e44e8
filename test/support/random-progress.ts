/** Random models with marks, fairness, finite actors and claims about infinite runs. */
import fc from "fast-check";
import {
  bodiesOfStmt,
  type Fairness,
  type Liveness,
  type Model,
  type Stmt,
} from "../../model/ir/index.ts";
import { anyModel } from "./random-model.ts";

const fairness = fc.constantFrom<Fairness[]>("weak", "weak", "strong", "none");

/** Assertions would end most runs; marks and fairness are drawn anew. */
export const anyProgressModel = fc
  .record({
    model: anyModel,
    fair: fc.array(fairness, { minLength: 4, maxLength: 4 }),
    finite: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    marks: fc.array(fc.nat(7), { minLength: 24, maxLength: 24 }),
    kinds: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
    // A violated claim, or a partial deadlock, hides what is looked for after it.
    claimed: fc.boolean(),
    waits: fc.boolean(),
  })
  .map(({ model, fair, finite, marks, kinds, claimed, waits }): Model => {
    let next = 0;
    const mark = () => [undefined, "retry" as const, "progress" as const][marks[next++ % 24] ?? 0];
    const actors = model.actors.map((actor, i) => ({
      ...actor,
      fairness: fair[i % 4] as Fairness,
      finite: finite[i % 4] === 0,
      steps: actor.steps.map((step) => {
        const own = mark();
        const { mark: _, ...rest } = step;
        const marked = step.body.flatMap((s) => withMarks(s, mark));
        const body = waits ? marked : marked.filter((s) => s.kind !== "wait");
        return own && marks[0] ? { ...rest, body, mark: own } : { ...rest, body };
      }),
    }));
    const claims = [...model.always, ...model.atRest, ...model.reachable];
    const liveness = claims.map((p, i): Liveness => {
      const kind = (["eventually", "always_eventually", "leads_to"] as const)[kinds[i] ?? 0];
      if (kind === "leads_to") return { ...p, kind, from: claims[0]?.expr ?? p.expr };
      return { ...p, kind: kind ?? "eventually" };
    });
    return {
      ...model,
      actors,
      always: [],
      atRest: [],
      reachable: [],
      liveness: claimed ? liveness : [],
    };
  });

function withMarks(stmt: Stmt, mark: () => "retry" | "progress" | undefined): Stmt[] {
  if (stmt.kind === "assert") return [];
  if (stmt.kind === "goto") {
    const own = mark();
    return [own ? { ...stmt, mark: own } : stmt];
  }
  if (bodiesOfStmt(stmt).length === 0) return [stmt];
  const inner = (body: Stmt[]): Stmt[] => body.flatMap((s) => withMarks(s, mark));
  if (stmt.kind === "when") return [{ ...stmt, then: inner(stmt.then), else: inner(stmt.else) }];
  if (stmt.kind === "each") return [{ ...stmt, body: inner(stmt.body) }];
  if (stmt.kind !== "either") return [stmt];
  return [{ ...stmt, branches: stmt.branches.map((x) => ({ ...x, body: inner(x.body) })) }];
}
