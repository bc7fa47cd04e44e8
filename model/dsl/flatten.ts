/**
 * From nested routine calls to one flat list of steps per actor. A step of a routine that is called
 * at `fault` is labelled `fault.take_lock`; a call itself is no step. Where a `goto` leads is kept
 * as a link to a step, so that steps can be removed and moved afterwards.
 */
import type { Actor, StepOf, Steps } from "./actor.ts";
import type { Effect } from "./effect.ts";
import { type Frame, SpecError } from "./frames.ts";
import { access, type Declared } from "./shared.ts";

/** The labels that a `goto` in this list of steps can name, and where `ret()` leads. */
export interface Scope {
  prefix: string;
  /** First flat step at or after the label; undefined: the actor is done. */
  starts: Map<string, FlatStep | undefined>;
  end: FlatStep | undefined;
}

export interface FlatStep {
  label: string;
  text: string;
  effects: readonly Effect<string>[];
  scope: Scope;
  routine: string[];
  frames: Frame[];
  /** Where the routines are called that the step is in, innermost first, and the actor declared. */
  calls: Frame[];
  /** A step that was taken out: who reaches it goes on here (undefined: done). */
  removed?: { next: FlatStep | undefined };
}

export interface FlatActor {
  name: string;
  declared: Declared[];
  steps: FlatStep[];
  /** The labels as written, before any change took a step out. */
  written: string[];
}

const LABEL = /^[a-z_][a-z0-9_]*$/;

/** A list of steps before the steps behind it are known: positions stand for links. */
interface Unlinked {
  scope: Scope;
  positions: Map<string, number>;
  end: number;
}

/** What the body of an actor says. Nobody changes it: all variants of a spec share it. */
interface Laid {
  name: string;
  declared: Declared[];
  steps: FlatStep[];
  unlinked: Unlinked[];
}

const known = new WeakMap<Actor, Laid>();

/** The steps of the actor, for the caller to change. */
export function flatten(who: Actor): FlatActor {
  const laid = known.get(who) ?? layOut(who);
  known.set(who, laid);
  return linked(laid);
}

function layOut(who: Actor): Laid {
  const out: Laid = { name: who.name, declared: [], steps: [], unlinked: [] };
  for (const [name, decl] of Object.entries(who.locals)) access(decl, "local", name, out.declared);
  addSteps(who.body(who.me), { prefix: "", routine: [], calls: who.frames }, out);
  return out;
}

function linked({ name, declared, steps: laid, unlinked }: Laid): FlatActor {
  const scopes = new Map(unlinked.map(({ scope }) => [scope, newScope(scope.prefix)]));
  const steps = laid.map((step) => ({ ...step, scope: scopes.get(step.scope) as Scope }));
  for (const { scope, positions, end } of unlinked) {
    const own = scopes.get(scope) as Scope;
    for (const [key, position] of positions) own.starts.set(key, steps[position]);
    own.end = steps[end];
  }
  return { name, declared: [...declared], steps, written: steps.map((s) => s.label) };
}

const newScope = (prefix: string): Scope => ({ prefix, starts: new Map(), end: undefined });

/** Where a list of steps stands: its prefix, and the routines around it. */
interface Place {
  prefix: string;
  routine: string[];
  calls: Frame[];
}

function addSteps(list: Steps, place: Place, out: Laid): void {
  const scope = newScope(place.prefix);
  const positions = new Map<string, number>();
  for (const [key, step] of Object.entries(list)) {
    checkLabel(key, place.prefix);
    positions.set(key, out.steps.length);
    addStep(step, place.prefix + key, scope, place, out);
  }
  out.unlinked.push({ scope, positions, end: out.steps.length });
}

function addStep(
  step: StepOf<string>,
  label: string,
  scope: Scope,
  { routine, calls }: Place,
  out: Laid,
): void {
  if ("kind" in step) {
    const prefix = `${label}.`;
    const inner = step.instantiate(prefix, out.declared);
    const around = [...step.frames, ...calls];
    addSteps(inner, { prefix, routine: [...routine, step.name], calls: around }, out);
    return;
  }
  const [text, ...effects] = step;
  const frames = [...(effects[0]?.frames ?? []), ...calls];
  out.steps.push({ label, text, effects, scope, routine, frames, calls });
}

function checkLabel(key: string, prefix: string): void {
  if (LABEL.test(key) && key !== "done") return;
  throw new SpecError(
    "MR110",
    `"${prefix}${key}" is not a label`,
    'use lower-case letters, digits and _, not starting with a digit, and not "done"',
  );
}
