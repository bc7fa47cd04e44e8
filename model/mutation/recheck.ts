/** A check made again under a lock; a reference held while a name is used. */
import {
  type ActorDecl,
  allStmts,
  alwaysJumps,
  type Domain,
  type Expr,
  exprsOfStmt,
  type Model,
  printExpr,
  refsRead,
  type Step,
  type Stmt,
} from "../ir/index.ts";
import { changeOf, type Site } from "./checks.ts";
import { takeBlock } from "./order.ts";
import type { Section } from "./sections.ts";
import { labelAt, redirected, withBody } from "./steps.ts";
import { releasedOnJump, releaseOf } from "./widen.ts";

/** Each check that the actor makes before it takes the lock, made once more with the lock. */
export function rechecks(model: Model, actor: ActorDecl, section: Section): Site[] {
  const block = takeBlock(actor, section);
  const release = releaseOf(actor, section);
  if (!block || !release) return [];
  const [first, last] = block;
  const next = labelAt(actor, last + 1);
  return actor.steps.slice(0, first).flatMap((step, i) =>
    step.body.flatMap((stmt): Site[] => {
      const branch = stmt.kind === "when" && stmt.else.length === 0 ? stmt.then : [];
      if (stmt.kind !== "when" || !alwaysJumps(branch)) return [];
      if (allStmts(branch).some((s) => s.kind === "lock")) return [];
      const label = `${labelAt(actor, last)}_recheck_${i}`;
      const again: Step = {
        label,
        text: `again: ${step.text}`,
        body: [{ ...stmt, then: releasedOnJump(branch, release) }],
        ...(step.src ? { src: step.src } : {}),
      };
      const taking = redirected(actor.steps.slice(first, last + 1), next, label);
      const steps = [
        ...actor.steps.slice(0, first),
        ...taking,
        again,
        ...actor.steps.slice(last + 1),
      ];
      const subject = `if (${printExpr(stmt.cond, model, actor)}), ${section.lock.class}`;
      return [{ subject, step: actor.steps[first] as Step, changed: { ...actor, steps } }];
    }),
  );
}

/** A counter of an array that some actor raises and lowers, with what happens at zero. */
interface Counter {
  name: string;
  domain: Domain;
  put: Stmt[];
}

function countersOf(model: Model): Counter[] {
  const counters = new Map<string, Counter>();
  for (const step of model.actors.flatMap((a) => a.steps)) {
    step.body.forEach((stmt, i) => {
      if (stmt.kind !== "set" || changeOf(stmt) >= 0) return;
      const { name } = stmt.target;
      const domain = model.shared.find((v) => v.name === name)?.index;
      const at = step.body[i + 1];
      const put = at?.kind === "when" ? [stmt, at] : [stmt];
      const [only, ...more] = domain ?? [];
      if (only && more.length === 0 && !counters.has(name))
        counters.set(name, { name, domain: only, put });
    });
  }
  return [...counters.values()];
}

/** The actor takes a reference where it learns a name, and puts it where it uses it last. */
export function heldReferences(model: Model, actor: ActorDecl): Site[] {
  return countersOf(model).flatMap((counter) =>
    actor.locals
      .filter(
        (v) => v.index.length === 0 && JSON.stringify(v.domain) === JSON.stringify(counter.domain),
      )
      .flatMap(({ name }) => held(actor, counter, name) ?? []),
  );
}

function held(actor: ActorDecl, counter: Counter, name: string): Site | undefined {
  const sets = (s: Stmt): boolean =>
    (s.kind === "set" || s.kind === "choose") &&
    s.target.kind === "local" &&
    s.target.name === name;
  const from = actor.steps.findIndex((s) => allStmts(s.body).some(sets));
  const reads = (step: Step): boolean =>
    allStmts(step.body).some((s) =>
      exprsOfStmt(s)
        .flatMap(refsRead)
        .some((r) => r.kind === "local" && r.name === name),
    );
  const to = actor.steps.findLastIndex(reads);
  if (from < 0 || to <= from) return undefined;
  const me: Expr = { kind: "read", ref: { kind: "local", name, index: [] } };
  const cell: Expr = { kind: "read", ref: { kind: "shared", name: counter.name, index: [me] } };
  const one: Expr = { kind: "const", domain: { kind: "range", lo: 1, hi: 1 }, value: 1 };
  const raise: Stmt = {
    kind: "set",
    target: { kind: "shared", name: counter.name, index: [me] },
    value: { kind: "arith", op: "add", left: cell, right: one },
  };
  const known = { kind: "compare", op: "ne", left: me, right: noneOf(counter.domain) } as const;
  const get: Stmt = { kind: "when", cond: known, then: [raise], else: [] };
  const put: Stmt = {
    kind: "when",
    cond: known,
    then: renamed(counter.put, counter.name, me),
    else: [],
  };
  const steps = actor.steps.map((step, at) => {
    if (at === from && !alwaysJumps(step.body)) return withBody(step, [...step.body, get]);
    return at === to ? withBody(step, [...beforeJump(step.body, put)]) : step;
  });
  const subject = `${counter.name}[${name}]`;
  return { subject, step: actor.steps[from] as Step, changed: { ...actor, steps } };
}

function noneOf(domain: Domain): Expr {
  return { kind: "const", domain, value: 0 };
}

/** The put as it is written elsewhere, of this member. */
function renamed(put: Stmt[], name: string, me: Expr): Stmt[] {
  const swap = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(swap);
    if (typeof value !== "object" || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, swap(v)]));
    return copy.kind === "shared" && copy.name === name ? { ...copy, index: [me] } : copy;
  };
  return swap(put) as Stmt[];
}

function beforeJump(body: Stmt[], put: Stmt): Stmt[] {
  const jump = body.findIndex((s) => s.kind === "goto");
  return jump < 0 ? [...body, put] : [...body.slice(0, jump), put, ...body.slice(jump)];
}
