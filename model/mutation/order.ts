/** Sections made narrower by one step, and the order of two locks exchanged. */
import { type ActorDecl, alwaysJumps, type Step } from "../ir/index.ts";
import { touches, withoutLock } from "./locks.ts";
import { hasEvent, type Section, waysThrough } from "./sections.ts";
import { jumpsTo, labelAt, redirected, retargeted, withBody } from "./steps.ts";

/** The positions of steps that do nothing but take the lock, one after the other. */
export function takeBlock(actor: ActorDecl, section: Section): [number, number] | undefined {
  const [first, last] = [section.takes[0] as number, section.takes.at(-1) as number];
  if (last - first + 1 !== section.takes.length) return undefined;
  const pure = section.takes.every((at) => isOnlyLock(actor.steps[at] as Step, section));
  return pure ? [first, last] : undefined;
}

function isOnlyLock(step: Step, { lock }: Section): boolean {
  return withoutLock(step.body, lock).every((s) => s.kind === "assert" || s.kind === "goto");
}

/** The step behind the taking happens before it, without the lock. */
export function takeLater(actor: ActorDecl, section: Section): ActorDecl | undefined {
  const block = takeBlock(actor, section);
  if (!block) return undefined;
  const [first, last] = block;
  const moved = actor.steps[last + 1];
  if (!moved || !isStraight(moved, section, last + 1)) return undefined;
  const others = actor.steps.filter((_, at) => at < first || at > last);
  if (jumpsTo(others, moved.label)) return undefined;
  const outside = broughtOut(actor, moved, section);
  if (!outside) return undefined;
  const taking = redirected(
    actor.steps.slice(first, last + 1),
    moved.label,
    labelAt(actor, last + 2),
  );
  const entry = labelAt(actor, first);
  const before = redirected(actor.steps.slice(0, first), entry, moved.label);
  const after = redirected(actor.steps.slice(last + 2), entry, moved.label);
  const out = withBody(outside, retargeted(outside.body, entry, moved.label));
  return { ...actor, steps: [...before, out, ...taking, ...after] };
}

/** Runs under the lock to its end, unless it jumps away. */
function isStraight(step: Step, { inside, releases, lock }: Section, at: number): boolean {
  if (step.idle) return false;
  return inside.includes(at) || (releases.includes(at) && !step.body.some(isRelease));

  function isRelease(stmt: Step["body"][number]): boolean {
    return hasEvent([stmt], "release", lock) && stmt.kind === "lock";
  }
}

/**
 * The step as it is outside the section. Where it jumps to the release, it jumps behind it; where
 * it jumps to another place that runs under the lock, it can't be outside.
 */
function broughtOut(actor: ActorDecl, step: Step, section: Section): Step | undefined {
  let body = withoutLock(step.body, section.lock);
  for (const { label, held } of waysThrough(step.body, true, section.lock)) {
    if (label === undefined || !held) continue;
    const at = actor.steps.findIndex((s) => s.label === label);
    const target = actor.steps[at];
    if (target && !section.releases.includes(at)) return undefined;
    if (!target || !isOnlyLock(target, section)) return undefined;
    const jump = withoutLock(target.body, section.lock).find((s) => s.kind === "goto");
    body = retargeted(body, label, jump?.label ?? labelAt(actor, at + 1));
  }
  return withBody(step, body);
}

/** The step in front of a release happens behind it. */
export function releaseEarlier(
  actor: ActorDecl,
  section: Section,
  at: number,
): ActorDecl | undefined {
  const release = actor.steps[at] as Step;
  const moved = actor.steps[at - 1];
  const isPlain = release.body.some(
    (s) => s.kind === "lock" && hasEvent([s], "release", section.lock),
  );
  if (!moved || !isPlain || !section.inside.includes(at - 1)) return undefined;
  if (moved.idle || alwaysJumps(moved.body)) return undefined;
  const outside = broughtOut(actor, moved, section);
  if (!outside) return undefined;
  const early = withBody(
    { ...release, label: `${release.label}_early` },
    release.body.filter((s) => touches(s, section.lock)),
  );
  const rest = withoutLock(release.body, section.lock);
  const others = actor.steps.filter((_, i) => i !== at - 1);
  const tail = jumpsTo(others, release.label)
    ? [restOf(release, rest, labelAt(actor, at + 1)), release]
    : [withBody(release, rest)];
  const redirect = (steps: Step[]) => redirected(steps, moved.label, early.label);
  return {
    ...actor,
    steps: [
      ...redirect(actor.steps.slice(0, at - 1)),
      early,
      ...redirect([outside, ...tail, ...actor.steps.slice(at + 1)]),
    ],
  };
}

/** What a release does besides releasing, for those who have released already. */
function restOf(release: Step, body: Step["body"], next: string): Step {
  const end: Step["body"] = alwaysJumps(body) ? [] : [{ kind: "goto", label: next }];
  return { ...release, label: `${release.label}_rest`, body: [...body, ...end] };
}

/** Two locks that are taken one directly after the other, in the other order. */
export function swapped(actor: ActorDecl, outer: Section, inner: Section): ActorDecl | undefined {
  const one = takeBlock(actor, outer);
  const two = takeBlock(actor, inner);
  if (!one || !two || two[0] !== one[1] + 1) return undefined;
  const [entry, middle, next] = [one[0], two[0], two[1] + 1].map((at) => labelAt(actor, at));
  if (entry === undefined || middle === undefined || next === undefined) return undefined;
  const outside = actor.steps.filter((_, at) => at < one[0] || at > two[1]);
  if (jumpsTo(outside, middle)) return undefined;
  const taking = (from: number, to: number) => actor.steps.slice(from, to + 1);
  return {
    ...actor,
    steps: [
      ...redirected(actor.steps.slice(0, one[0]), entry, middle),
      ...redirected(taking(...two), next, entry),
      ...redirected(taking(...one), middle, next),
      ...redirected(actor.steps.slice(two[1] + 1), entry, middle),
    ],
  };
}
