/** From flat steps and effects to the IR: gotos get their labels, places become sources. */
import type { Liveness, Mark, Model, Property, Src, Step, Stmt } from "../ir/index.ts";
import { allStmts, DONE } from "../ir/index.ts";
import type { Effect, EffectNode } from "./effect.ts";
import { type Claim, type Expr, irDomain, literalValue } from "./expr.ts";
import type { FlatActor, FlatStep } from "./flatten.ts";
import { type Frame, type Locate, SpecError } from "./frames.ts";
import type { Declared, HeldLock } from "./shared.ts";
import type { Temporal } from "./temporal.ts";

export interface Lowering {
  locate: Locate | undefined;
  /** Nobody may end while holding one of these; see also `assert_holds_none`. */
  locks: HeldLock[];
}

/** An object with `src` when the place is known. */
function withSrc<T extends object>(object: T, frames: Frame[], cx: Lowering): T & { src?: Src } {
  const src = cx.locate?.(frames);
  return src ? { ...object, src } : object;
}

export function lowerVars(declared: Declared[]): Model["shared"] {
  return declared.map(({ name, show, domain, first, index }) => {
    const decl = { name, domain: irDomain(domain), index: index.map(irDomain) };
    const init =
      first.kind === "any"
        ? { kind: "any" as const }
        : {
            kind: "value" as const,
            value: first.kind === "value" ? literalValue(domain, first.value) : firstValue(domain),
          };
    const plain = name + "[]".repeat(index.length);
    return show === plain ? { ...decl, init } : { ...decl, init, show };
  });
}

/** The first value of a domain: false, the low end, the first name, none. */
function firstValue(domain: Declared["domain"]): number {
  return domain.kind === "range" ? (domain.lo as number) : 0;
}

export function lowerProperties(
  named: Record<string, Expr<boolean> | Claim>,
  actors: FlatActor[],
  cx: Lowering,
): Property[] {
  return Object.entries(named).map(([name, property]) => {
    const expr = "says" in property ? property.expr : property;
    const lowered = { name, expr: widenLabels(expr.node, actors) };
    const doc = "says" in property ? { doc: property.says } : {};
    return withSrc({ ...lowered, ...doc }, expr.frames, cx);
  });
}

export function lowerLiveness(
  named: Record<string, Temporal>,
  actors: FlatActor[],
  cx: Lowering,
): Liveness[] {
  return Object.entries(named).map(([name, claim]) => lowerClaim(name, claim, actors, cx));
}

function lowerClaim(name: string, claim: Temporal, actors: FlatActor[], cx: Lowering): Liveness {
  const { says, frames } = claim;
  const node = (expr: Expr<boolean>) => widenLabels(expr.node, actors);
  const own = withSrc({ name, ...(says === undefined ? {} : { doc: says }) }, frames, cx);
  switch (claim.temporal) {
    case "eventually":
    case "always_eventually":
      return { kind: claim.temporal, expr: node(claim.expr), ...own };
    case "leads_to":
      return { kind: "leads_to", from: node(claim.from), expr: node(claim.expr), ...own };
    case "ltl": {
      const named = Object.entries(claim.atoms);
      const atoms = named.map(([atom, expr]) => ({ name: atom, expr: node(expr) }));
      return { kind: "ltl", formula: claim.formula, atoms, ...own };
    }
  }
}

/** The label of a call in `t.at("fault")` stands for all labels inside the call. */
export function widenLabels<T>(node: T, actors: FlatActor[]): T {
  if (Array.isArray(node)) return node.map((n) => widenLabels(n, actors)) as T;
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([k, v]) => [k, widenLabels(v, actors)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  if (copy.kind === "atLabel") {
    const actor = actors.find((a) => a.name === copy.actor);
    const labels = copy.labels as string[];
    copy.labels = labels.flatMap((l) => widened(l, actor));
  }
  return copy as T;
}

/**
 * The labels that it stands for; none when a mutant took them all out; itself when nobody knows it.
 */
function widened(label: string, actor: FlatActor | undefined): string[] {
  if (label === DONE || !actor) return [label];
  const meant = (l: string) => l === label || l.startsWith(`${label}.`);
  const found = actor.steps.map((s) => s.label).filter(meant);
  return found.length > 0 || actor.written.some(meant) ? found : [label];
}

export function lowerSteps(actor: FlatActor, cx: Lowering): Step[] {
  const steps = actor.steps.map((step) => lowerStep(step, actor, cx));
  const last = steps.at(-1);
  if (last && last.body.at(-1)?.kind !== "goto") last.body.push(...exitChecks(actor, cx));
  return steps;
}

/** In front of the end of an actor: it holds no lock any more. */
function exitChecks(actor: FlatActor, cx: Lowering): Stmt[] {
  return cx.locks.map(({ path, held }) => ({
    kind: "assert",
    cond: { kind: "not", arg: held.node },
    rule: "lock_held_on_exit",
    text: `${actor.name} ends while it holds ${path}`,
  }));
}

function lowerStep(step: FlatStep, actor: FlatActor, cx: Lowering): Step {
  const { label, text } = step;
  const parts = step.effects.map((e) => lowerEffect(e, step, actor, cx));
  const lowered: Step = withSrc({ label, text, body: parts.flat() }, step.frames, cx);
  if (step.routine.length > 0) lowered.routine = step.routine;
  step.effects.forEach((e, at) => {
    for (const { mark, frames } of marksIn([e])) {
      if (mark === "idle" || mark === "rare") lowered[mark] = true;
      else markEnds(lowered, mark, [parts.slice(0, at).flat(), parts.slice(at).flat()], frames);
    }
  });
  return lowered;
}

/** A mark is one of the whole step, unless some way out of the step does not come by. */
function markEnds(
  step: Step,
  mark: Mark,
  [before, after]: [Stmt[], Stmt[]],
  frames: Frame[],
): void {
  if (gotosIn(before).every((s) => s.mark === mark)) {
    step.mark = mark;
    return;
  }
  if (after.at(-1)?.kind !== "goto") throw misplaced(mark, frames);
  for (const s of gotosIn(after)) s.mark ??= mark;
}

function gotosIn(body: Stmt[]) {
  return allStmts(body).filter((s) => s.kind === "goto");
}

/** A mark in a branch is on the jump that ends the branch. */
function markJump(list: readonly Effect<string>[], stmts: Stmt[]): Stmt[] {
  const [first] = marksIn(list);
  if (!first) return stmts;
  const { mark, frames } = first;
  const last = stmts.at(-1);
  if (last?.kind === "goto" && (mark === "retry" || mark === "progress")) {
    return [...stmts.slice(0, -1), { ...last, mark }];
  }
  throw misplaced(mark, frames);
}

function misplaced(mark: AnyMark, frames: Frame[]): SpecError {
  const where = mark === "idle" || mark === "rare" ? "outside branches" : "before a goto";
  return new SpecError("MR114", `${mark}() is misplaced`, `write it ${where}`, frames);
}

type AnyMark = Mark | "idle" | "rare";

function marksIn(list: readonly Effect<string>[]) {
  return list.flatMap(({ effect, frames }): { mark: AnyMark; frames: Frame[] }[] => {
    if (effect.kind === "block") return marksIn(effect.effects);
    return effect.kind === "mark" ? [{ mark: effect.mark, frames }] : [];
  });
}

function lowerEffect(e: Effect<string>, step: FlatStep, actor: FlatActor, cx: Lowering): Stmt[] {
  const plain = (list: readonly Effect<string>[]): Stmt[] =>
    list.flatMap((inner) => lowerEffect(inner, step, actor, cx));
  const all = (list: readonly Effect<string>[]): Stmt[] => markJump(list, plain(list));
  const { effect } = e;
  const frames = [...e.frames, ...step.calls];
  switch (effect.kind) {
    case "plain":
      return [withSrc(effect.stmt, frames, cx)];
    case "block":
      return plain(effect.effects);
    case "when": {
      const stmt: Stmt = {
        kind: "when",
        cond: effect.cond.node,
        then: all(effect.yes),
        else: all(effect.no),
      };
      return [withSrc(stmt, frames, cx)];
    }
    case "either": {
      const branches = effect.branches.map(({ name, body }) => ({ name, body: all(body) }));
      return [withSrc({ kind: "either" as const, branches }, frames, cx)];
    }
    case "each": {
      const over = irDomain(effect.type.domain);
      const stmt = { kind: "each" as const, bind: effect.bind, over, body: all(effect.body) };
      return [withSrc(stmt, frames, cx)];
    }
    case "goto":
    case "ret": {
      const label =
        effect.kind === "goto" ? target(effect.label, step, e) : labelOf(step.scope.end);
      const checks = label === DONE ? exitChecks(actor, cx) : [];
      return [...checks, withSrc({ kind: "goto" as const, label }, frames, cx)];
    }
    case "holds_none":
      return holdsNone(effect, cx).map((stmt) => withSrc(stmt, frames, cx));
    case "mark":
      return [];
  }
}

/** One assertion for each lock of these kinds that the spec declares. */
function holdsNone(rule: Extract<EffectNode, { kind: "holds_none" }>, cx: Lowering): Stmt[] {
  const forbidden = cx.locks.filter((lock) => rule.structs.includes(lock.struct));
  return forbidden.map(({ path, held }) => ({
    kind: "assert",
    cond: { kind: "not", arg: held.node },
    rule: rule.rule,
    text: `${rule.text} while it holds ${path}`,
  }));
}

function target(label: string, { scope }: FlatStep, { frames }: Effect<string>): string {
  if (label === DONE) return DONE;
  if (scope.starts.has(label)) return labelOf(scope.starts.get(label));
  const known = [...scope.starts.keys()].join(", ");
  throw new SpecError("MR113", `goto ${label}: no such label here`, `labels are: ${known}`, frames);
}

/** Where a link leads once removed steps are skipped. */
function labelOf(step: FlatStep | undefined): string {
  let at = step;
  while (at?.removed) at = at.removed.next;
  return at ? at.label : DONE;
}
