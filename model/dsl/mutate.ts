/**
 * Named changes of a scheme: take a step out, put one in, replace, move or swap steps. A mutant is
 * a known mistake made of such changes; a variant is another design. Steps inside a call are named
 * by their flat label (`again.wait_event`).
 */
import type { Actor, AnyActor, Schedule, StepOf, Steps } from "./actor.ts";
import { makeRef, type Ref } from "./expr.ts";
import type { FlatActor, FlatStep } from "./flatten.ts";
import { captureFrames, type Frame, SpecError } from "./frames.ts";
import type { Fields } from "./shared.ts";
import type { SizeLike } from "./size.ts";
import type { Type } from "./type.ts";

/** A label of the actor, or one inside a call. */
export type LabelOf<A> =
  A extends Actor<infer _F extends Fields, infer S>
    ? (keyof S & string) | `${keyof S & string}.${string}`
    : string;

type LeafStep = Exclude<StepOf<string>, { kind: "routine" }>;

export type Change =
  | { kind: "steps"; actor: string; frames: Frame[]; apply: (actor: FlatActor) => void }
  | { kind: "count"; actor: string; frames: Frame[]; count: SizeLike }
  | { kind: "schedule"; actor: string; frames: Frame[]; schedule: Schedule };

function change(actor: AnyActor, apply: (actor: FlatActor) => void): Change {
  return { kind: "steps", actor: actor.name, frames: captureFrames(), apply };
}

function find(actor: FlatActor, label: string): { step: FlatStep; at: number } {
  const at = actor.steps.findIndex((s) => s.label === label);
  const step = actor.steps[at];
  if (step) return { step, at };
  const known = actor.steps.map((s) => s.label).join(", ");
  throw new SpecError("MR111", `${actor.name} has no step ${label}`, `its steps are: ${known}`);
}

function takeOut(actor: FlatActor, label: string): FlatStep {
  const { step, at } = find(actor, label);
  actor.steps.splice(at, 1);
  return step;
}

/**
 * A call returns to the place behind it, whatever stands there: in each pair, the second step
 * stands where the first one stood. A step's own routine is no call in front of it.
 */
function returnTo(
  actor: FlatActor,
  ...pairs: [FlatStep | undefined, FlatStep | undefined][]
): void {
  for (const scope of new Set(actor.steps.map((s) => s.scope))) {
    const pair = pairs.find(([old]) => scope.end === old);
    if (pair && scope.prefix !== "" && scope !== pair[1]?.scope) scope.end = pair[1];
  }
}

function putIn(actor: FlatActor, at: number, step: FlatStep): void {
  returnTo(actor, [actor.steps[at], step]);
  actor.steps.splice(at, 0, step);
}

/** The step, taken from its place to be put elsewhere. */
function moving(actor: FlatActor, label: string): FlatStep {
  const { at } = find(actor, label);
  const step = takeOut(actor, label);
  returnTo(actor, [step, actor.steps[at]]);
  return step;
}

function newSteps(list: Steps, like: FlatStep): FlatStep[] {
  return Object.entries(list).map(([key, step]) => {
    if ("kind" in step) {
      throw new SpecError(
        "MR112",
        `${key} is a call`,
        "insert the steps of the routine one by one",
      );
    }
    const [text, ...effects] = step;
    const { scope, routine, calls } = like;
    const frames = [...(effects[0]?.frames ?? []), ...calls];
    const label = scope.prefix + key;
    const made: FlatStep = { label, text, effects, scope, routine, frames, calls };
    scope.starts.set(key, made);
    return made;
  });
}

/** Takes the step out; who went there goes on behind it. */
export function remove<A extends AnyActor>(actor: A, label: LabelOf<A>): Change {
  return change(actor, (flat) => {
    const { at } = find(flat, label);
    const step = takeOut(flat, label);
    step.removed = { next: flat.steps[at] };
  });
}

/** Another step under the same label. */
export function replace<A extends AnyActor>(actor: A, label: LabelOf<A>, by: LeafStep): Change {
  return change(actor, (flat) => {
    const { step, at } = find(flat, label);
    const [text, ...effects] = by;
    const made: FlatStep = { ...step, text, effects, frames: effects[0]?.frames ?? [] };
    step.removed = { next: made };
    flat.steps.splice(at, 1, made);
  });
}

/** New steps in front of the label; who went to the label passes them. */
export function insert_before<A extends AnyActor>(
  actor: A,
  label: LabelOf<A>,
  steps: Steps,
): Change {
  return change(actor, (flat) => {
    const { step, at } = find(flat, label);
    const made = newSteps(steps, step);
    flat.steps.splice(at, 0, ...made);
    // A goto to the label now passes the new steps: the old step is reached by falling through
    // only.
    const twin: FlatStep = { ...step };
    flat.steps[at + made.length] = twin;
    step.removed = { next: made[0] };
  });
}

/** New steps behind the label. */
export function insert_after<A extends AnyActor>(
  actor: A,
  label: LabelOf<A>,
  steps: Steps,
): Change {
  return change(actor, (flat) => {
    const { step, at } = find(flat, label);
    flat.steps.splice(at + 1, 0, ...newSteps(steps, step));
  });
}

/**
 * Moves a step in front of another one. A `goto` to the moved step follows it; the return from a
 * call does not, and passes what is moved behind the call.
 */
export function move_before<A extends AnyActor>(
  actor: A,
  label: LabelOf<A>,
  target: LabelOf<A>,
): Change {
  return change(actor, (flat) => {
    const step = moving(flat, label);
    putIn(flat, find(flat, target).at, step);
  });
}

/** Moves a step behind another one. */
export function move_after<A extends AnyActor>(
  actor: A,
  label: LabelOf<A>,
  target: LabelOf<A>,
): Change {
  return change(actor, (flat) => {
    const step = moving(flat, label);
    putIn(flat, find(flat, target).at + 1, step);
  });
}

/** Exchanges the places of two steps. */
export function swap<A extends AnyActor>(actor: A, one: LabelOf<A>, two: LabelOf<A>): Change {
  return change(actor, (flat) => {
    const a = find(flat, one);
    const b = find(flat, two);
    returnTo(flat, [a.step, b.step], [b.step, a.step]);
    flat.steps[a.at] = b.step;
    flat.steps[b.at] = a.step;
  });
}

/**
 * A local of a call inside the actor, for steps that are put in: `local_of("get_pages.err", type)`.
 */
export function local_of<T>(path: string, type: Type<T>): Ref<T> {
  return makeRef<T>({ kind: "local", name: path, index: [] }, type.domain);
}

/** Another number of processes. */
export function count_of(actor: AnyActor, count: SizeLike): Change {
  return { kind: "count", actor: actor.name, frames: captureFrames(), count };
}

/** Another promise of the scheduler: `schedule_of(zap, { finite: false })`. */
export function schedule_of(actor: AnyActor, schedule: Schedule): Change {
  return { kind: "schedule", actor: actor.name, frames: captureFrames(), schedule };
}
