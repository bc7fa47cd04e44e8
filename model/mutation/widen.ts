/** Sections made wider by one step, and steps put under a lock that the model has already. */
import {
  type ActorDecl,
  allStmts,
  alwaysJumps,
  bodiesOfStmt,
  exprsOfStmt,
  type Model,
  refsRead,
  type Step,
  type Stmt,
  withBodies,
} from "../ir/index.ts";
import { isEventOf, isTake, type LockName, touches, withoutLock } from "./locks.ts";
import { takeBlock } from "./order.ts";
import { type Section, sectionsOf } from "./sections.ts";
import { jumpsTo, labelAt, redirected, withBody } from "./steps.ts";

/** The statements with the release in front of every jump, and of the checks at an actor's end. */
export function releasedOnJump(body: Stmt[], release: Stmt[]): Stmt[] {
  const inner = body.map((s) => withBodies(s, (nested) => releasedOnJump(nested, release)));
  if (body.at(-1)?.kind !== "goto") return inner;
  const before = inner.slice(0, -1);
  const checks = before.length - 1 - before.findLastIndex((s) => !isExitCheck(s));
  const at = before.length - checks;
  return [...inner.slice(0, at), ...release, ...inner.slice(at)];
}

function isExitCheck(stmt: Stmt): boolean {
  return stmt.kind === "assert" && stmt.rule === "lock_held_on_exit";
}

/** What a release of the section does to the lock. */
export function releaseOf(actor: ActorDecl, { releases, lock }: Section): Stmt[] | undefined {
  for (const at of releases) {
    const { body } = actor.steps[at] as Step;
    const own = body.filter((s) => s.kind !== "when" && touches(s, lock));
    if (own.some((s) => s.kind === "lock")) return own.filter(isOfRelease);
  }
  return undefined;
}

/** The checks at the end of an actor are no part of a release. */
function isOfRelease(stmt: Stmt): boolean {
  return stmt.kind !== "assert" || stmt.rule === "unlock_by_stranger";
}

/** The step in front of the taking happens under the lock. */
export function takeEarlier(actor: ActorDecl, section: Section): ActorDecl | undefined {
  const block = takeBlock(actor, section);
  const release = releaseOf(actor, section);
  if (!block || !release) return undefined;
  const [first, last] = block;
  const moved = actor.steps[first - 1];
  if (!moved || moved.idle || alwaysJumps(moved.body) || usesLock(moved, section.lock)) {
    return undefined;
  }
  const entry = labelAt(actor, first);
  const others = actor.steps.filter((_, at) => at < first - 1 || at > last);
  if (jumpsTo(others, entry)) return undefined;
  const taking = redirected(
    actor.steps.slice(first, last + 1),
    labelAt(actor, last + 1),
    moved.label,
  );
  const redirect = (steps: Step[]) => redirected(steps, moved.label, entry);
  const under = withBody(moved, releasedOnJump(moved.body, release));
  return {
    ...actor,
    steps: [
      ...redirect(actor.steps.slice(0, first - 1)),
      ...taking,
      ...redirect([under]),
      ...redirect(actor.steps.slice(last + 1)),
    ],
  };
}

function usesLock(step: Step, lock: LockName): boolean {
  return allStmts(step.body).some(
    (s) => !isExitCheck(s) && bodiesOfStmt(s).length === 0 && touches(s, lock),
  );
}

/** The step behind a release happens under the lock. */
export function releaseLater(
  actor: ActorDecl,
  section: Section,
  at: number,
): ActorDecl | undefined {
  const release = actor.steps[at] as Step;
  const moved = actor.steps[at + 1];
  const isPure = withoutLock(release.body, section.lock).every((s) => s.kind === "assert");
  if (!moved || moved.idle || !isPure || alwaysJumps(moved.body)) return undefined;
  if (usesLock(moved, section.lock)) return undefined;
  const others = actor.steps.filter((s) => s !== release && s !== moved);
  if (jumpsTo(others, moved.label)) return undefined;
  const own = release.body.filter(isOfRelease);
  const under = withBody(moved, releasedOnJump(moved.body, own));
  const redirect = (steps: Step[]) => redirected(steps, release.label, moved.label);
  return {
    ...actor,
    steps: [
      ...redirect(actor.steps.slice(0, at)),
      ...redirect([under]),
      withBody(release, own),
      ...redirect(actor.steps.slice(at + 2)),
    ],
  };
}

/** How some actor takes and releases a lock that is no member of an array. */
interface Template {
  lock: LockName;
  take: Step;
  release: Stmt[];
}

/** One for each lock of the model that is taken in one step. */
export function templatesOf(model: Model): Template[] {
  const found = new Map<string, Template>();
  for (const actor of model.actors) {
    for (const section of sectionsOf(actor)) {
      const { lock, takes, tries } = section;
      const release = releaseOf(actor, section);
      const [at, ...more] = takes;
      if (at === undefined || more.length > 0 || tries || !release) continue;
      if (lock.indexes.length !== 1 || lock.indexes[0] !== "[]") continue;
      if (!takeBlock(actor, section) || found.has(lock.class)) continue;
      found.set(lock.class, { lock, take: actor.steps[at] as Step, release });
    }
  }
  return [...found.values()];
}

/** The step between taking and releasing the lock, which the actor does not hold there. */
export function guarded(actor: ActorDecl, at: number, template: Template): ActorDecl | undefined {
  const { lock, take, release } = template;
  const step = actor.steps[at] as Step;
  const isHeld = sectionsOf(actor).some(
    (s) => s.lock.class === lock.class && [...s.takes, ...s.inside, ...s.releases].includes(at),
  );
  const waits = step.body.some((s) => s.kind === "wait");
  if (isHeld || waits || step.idle || !usesShared(step)) return undefined;
  const takeStep: Step = {
    ...take,
    label: `${step.label}_lock`,
    body: take.body.filter((s) => touches(s, lock)),
  };
  const end: Step = {
    label: `${step.label}_unlock`,
    text: `release ${lock.class}`,
    body: release,
    ...(step.src ? { src: step.src } : {}),
  };
  const redirect = (steps: Step[]) => redirected(steps, step.label, takeStep.label);
  const under = withBody(step, releasedOnJump(step.body, release));
  return {
    ...actor,
    steps: [
      ...redirect(actor.steps.slice(0, at)),
      takeStep,
      ...redirect([under]),
      ...(alwaysJumps(step.body) ? [] : [end]),
      ...redirect(actor.steps.slice(at + 1)),
    ],
  };
}

/** Does it look at anything that others change? */
function usesShared(step: Step): boolean {
  return allStmts(step.body).some((s) =>
    s.kind === "set" || s.kind === "choose"
      ? s.target.kind === "shared" || readsShared(s)
      : readsShared(s),
  );
}

function readsShared(stmt: Stmt): boolean {
  return exprsOfStmt(stmt)
    .flatMap(refsRead)
    .some((ref) => ref.kind === "shared");
}

/** A blocking request where there is a trylock; what it does on failure is gone. */
export function waitNotTry(actor: ActorDecl, section: Section): ActorDecl | undefined {
  const [at, ...more] = section.takes;
  if (!section.tries || at === undefined || more.length > 0) return undefined;
  const step = actor.steps[at] as Step;
  const where = step.body.findIndex((s) => s.kind === "when" && takesIt(s.then, section.lock));
  const when = step.body[where];
  const before = step.body.slice(0, where);
  if (when?.kind !== "when" || before.some((s) => !isGuardPart(s))) return undefined;
  const taken = when.then.map((s): Stmt => {
    return s.kind === "lock" && isEventOf(s.event, section.lock)
      ? { ...s, event: { ...s.event, op: "acquire" } }
      : s;
  });
  const wait: Stmt = { kind: "wait", cond: when.cond };
  const body = [...before, ...taken.filter(isLockStmt), wait];
  const rest = [...taken.filter((s) => !isLockStmt(s)), ...step.body.slice(where + 1)];
  const steps = actor.steps.map((s, i) => (i === at ? withBody(s, [...body, ...rest]) : s));
  return { ...actor, steps };
}

function takesIt(body: Stmt[], lock: LockName): boolean {
  return body.some((s) => s.kind === "lock" && isTake(s.event) && isEventOf(s.event, lock));
}

const isLockStmt = (s: Stmt): boolean => s.kind === "lock";

function isGuardPart({ kind }: Stmt): boolean {
  return kind === "choose" || kind === "wait" || kind === "assert" || kind === "lock";
}
