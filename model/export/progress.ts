/**
 * Claims about infinite runs, as the exporters see them: those that the model declares, and for
 * each actor with marked retry loops that no such loop starves it. Processes of one actor are
 * interchangeable, so the first one is watched.
 */
import {
  type ActorDecl,
  build,
  DONE,
  type Expr,
  type Liveness,
  type Ltl,
  type Model,
  marksOf,
  type PROGRESS,
  parseLtl,
  partsOf,
  RETRY,
} from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { type ActorView, type Claim, claimOf, movesExpr, type System } from "./system.ts";
import { type Exported, refused } from "./types.ts";

const { and, atLabel, constant, not, PROC } = build;

/** What must hold in every fair run. `key` is `kind property`, as verdicts are written. */
export type RunClaim = { key: string; name: string; text: string } & (
  | { kind: "eventually" | "always_eventually"; cond: Claim }
  | { kind: "leads_to"; from: Claim; cond: Claim }
  | { kind: "ltl"; formula: Ltl; atoms: Map<string, Claim> }
  /** Who passes retry marks again and again passes progress marks again and again. */
  | { kind: "starvation"; view: ActorView }
);

/** Keys of the claims about infinite runs: `liveness NAME`, `starvation ACTOR`. */
export function runClaimsOf({ liveness = [], actors }: Model): string[] {
  const retrying = actors.filter((a) => a.count > 0 && retries(a));
  return [
    ...liveness.map((p) => `liveness ${p.name}`),
    ...retrying.map((a) => `starvation ${a.name}`),
  ];
}

export function runClaims({ model, layout, actors }: System): RunClaim[] {
  const declared = (model.liveness ?? []).map((p): RunClaim => {
    const text = p.doc ?? p.name;
    const head = { key: `liveness ${p.name}`, name: p.name, text };
    if (p.kind === "ltl") {
      const atoms = p.atoms.map((a) => [a.name, claimOf(a.name, a.name, a.expr, layout)] as const);
      return { ...head, kind: p.kind, formula: formulaOf(p.formula), atoms: new Map(atoms) };
    }
    const cond = claimOf(p.name, text, p.expr, layout);
    if (p.kind !== "leads_to") return { ...head, kind: p.kind, cond };
    return { ...head, kind: p.kind, cond, from: claimOf(p.name, text, p.from, layout) };
  });
  const starving = actors.filter((view) => retries(view.decl)).map(noStarvation);
  return [...declared, ...starving];
}

function formulaOf(text: string): Ltl {
  const parsed = parseLtl(text);
  if ("mistake" in parsed) throw new Error(`formula in a valid model: ${parsed.mistake.message}`);
  return parsed.formula;
}

/** A formula with an operator that the target lacks. */
export function refusedOperator(
  claims: RunClaim[],
  lacks: readonly Ltl["kind"][],
  text: string,
): Exported | undefined {
  for (const claim of claims) {
    const parts = claim.kind === "ltl" ? partsOf(claim.formula) : [];
    const found = parts.find((part) => lacks.includes(part.kind));
    if (found) return refused(`the operator *${found.kind}*`, claim.name, text);
  }
  return undefined;
}

function noStarvation(view: ActorView): RunClaim {
  const { name } = view.decl;
  return {
    key: `starvation ${name}`,
    name: `no_starvation_${name}`,
    text: `no retry loop starves ${name}`,
    kind: "starvation",
    view,
  };
}

function retries(actor: ActorDecl): boolean {
  return marksOf(actor).some((bits) => (bits & RETRY) !== 0);
}

/** The model without any claim about infinite runs. */
export function safetyOf(model: Model): Model {
  const { liveness: _, ...rest } = model;
  return { ...rest, actors: model.actors.map((a) => (retries(a) ? withoutMarks(a) : a)) };
}

/** The model with this claim only, and the assumptions about the scheduler. */
export function onlyClaim(model: Model, key: string): Model {
  const isAsked = (p: Liveness): boolean => key === `liveness ${p.name}`;
  return {
    ...safetyOf(model),
    actors: model.actors.map((a) => (key === `starvation ${a.name}` ? a : withoutMarks(a))),
    liveness: (model.liveness ?? []).filter(isAsked),
  };
}

/** Marks carry no meaning but for starvation. */
function withoutMarks(actor: ActorDecl): ActorDecl {
  const plain = JSON.stringify(actor, (key, value) => (key === "mark" ? undefined : value));
  return JSON.parse(plain) as ActorDecl;
}

/** Retry and progress marks ({@link marksOf}) of the way of taking a step that ends there. */
export function marksOfJump(view: ActorView, from: number, to: number): number {
  return marksOf(view.decl)[from * (view.decl.steps.length + 1) + to] ?? 0;
}

/** Pairs of positions that processes of the actor jump between with this mark. */
export function markedJumps(view: ActorView, mark: typeof RETRY | typeof PROGRESS) {
  return view.steps.flatMap(({ position, branches }) => {
    const targets = new Set(branches.flatMap((b) => jumpsIn(b.body)));
    return [...targets]
      .filter((to) => (marksOfJump(view, position, to) & mark) !== 0)
      .map((to) => ({ from: position, to }));
  });
}

/** Steps that can lead back to themselves. */
export function selfJumps(view: ActorView): string[] {
  return view.steps
    .filter(({ position, branches }) => branches.some((b) => jumpsIn(b.body).includes(position)))
    .map(({ step }) => step.label);
}

function jumpsIn(body: Action[]): number[] {
  return body.flatMap((action) => {
    if (action.kind === "jump") return [action.to];
    return action.kind === "if" ? jumpsIn([...action.yes, ...action.no]) : [];
  });
}

/** Labels at which a finite process may stay for good. */
export function restingLabels({ steps }: ActorDecl): string[] {
  return [...steps.filter((s) => s.idle).map((s) => s.label), DONE];
}

/** Does the scheduler owe this process a step? */
export function owedExpr(view: ActorView, pid: number): Expr {
  const p = constant(PROC, pid);
  const moves = movesExpr(view, p);
  if (!view.decl.finite) return moves;
  return and(moves, not(atLabel(p, view.decl.name, ...restingLabels(view.decl))));
}
