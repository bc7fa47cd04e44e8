/**
 * Models changed by a machine. Mutations take protection away: each shows whether a lock, a check,
 * a wait or a reference is needed in the model (DeMillo, Lipton and Sayward, "Hints on test data
 * selection", 1978, with operators for locks).
 */
import { type ActorDecl, type Model, type Step, type Stmt, validate } from "../ir/index.ts";
import { ignoredChecks, ignoredWaits, type Site, untakenReferences } from "./checks.ts";
import { releaseEarlier, swapped, takeLater } from "./order.ts";
import { heldReferences, rechecks } from "./recheck.ts";
import { type Section, sectionsOf } from "./sections.ts";
import { seqOutside } from "./seq.ts";
import type { Edit, EditKind } from "./types.ts";
import { readForWrite, tryAndGoOn, withoutSection, writeForRead } from "./weaken.ts";
import { guarded, releaseLater, takeEarlier, templatesOf, waitNotTry } from "./widen.ts";

export type { Edit, EditKind } from "./types.ts";

/** The kinds that {@link mutationsOf} makes, strongest first. */
export const MUTATIONS: EditKind[] = [
  "drop lock",
  "read for write",
  "take later",
  "release earlier",
  "swap locks",
  "try, and go on",
  "ignore check",
  "do not wait",
  "set_seq outside",
  "no reference",
];

/** Every mutation of the model that is a valid model and differs from it, actor by actor. */
export function mutationsOf(model: Model): Edit[] {
  return editsOf(model, (actor, add) => {
    const sections = sectionsOf(actor);
    for (const section of sections) mutateSection(model, actor, section, sections, add);
    const sites = (kind: EditKind, found: Site[]): void => {
      for (const { subject, step, changed } of found) add(kind, subject, step, changed);
    };
    sites("ignore check", ignoredChecks(model, actor));
    sites("do not wait", ignoredWaits(model, actor));
    sites("no reference", untakenReferences(model, actor));
  });
}

/**
 * Every small edit that adds protection. Which of them repairs a scheme is for the checker to say;
 * most of them do not.
 */
export function repairsOf(model: Model): Edit[] {
  const templates = templatesOf(model);
  return editsOf(model, (actor, add) => {
    const sections = sectionsOf(actor);
    for (const section of sections) strengthenSection(model, actor, section, sections, add);
    for (const { subject, step, changed } of heldReferences(model, actor)) {
      add("hold reference", subject, step, changed);
    }
    for (const template of templates) {
      actor.steps.forEach((step, at) => {
        add("guard", template.lock.class, step, guarded(actor, at, template));
      });
    }
  });
}

function strengthenSection(
  model: Model,
  actor: ActorDecl,
  section: Section,
  all: Section[],
  add: Add,
): void {
  const taking = actor.steps[section.takes[0] as number] as Step;
  const name = section.lock.class;
  for (const { subject, step, changed } of rechecks(model, actor, section)) {
    add("check again", subject, step, changed);
  }
  add("take earlier", name, taking, takeEarlier(actor, section));
  for (const at of section.releases) {
    add("release later", name, actor.steps[at] as Step, releaseLater(actor, section, at));
  }
  for (const inner of all) {
    add("swap locks", `${name}, ${inner.lock.class}`, taking, swapped(actor, section, inner));
  }
  add("wait, not try", name, taking, waitNotTry(actor, section));
  add("write for read", name, taking, writeForRead(model, actor, section));
}

export type Add = (kind: EditKind, subject: string, step: Step, changed?: ActorDecl) => void;

function mutateSection(
  model: Model,
  actor: ActorDecl,
  section: Section,
  all: Section[],
  add: Add,
): void {
  const taking = actor.steps[section.takes[0] as number] as Step;
  const name = section.lock.class;
  add("drop lock", name, taking, withoutSection(actor, section));
  add("read for write", name, taking, readForWrite(model, actor, section));
  add("take later", name, taking, takeLater(actor, section));
  for (const at of section.releases) {
    add("release earlier", name, actor.steps[at] as Step, releaseEarlier(actor, section, at));
  }
  for (const inner of all) {
    add("swap locks", `${name}, ${inner.lock.class}`, taking, swapped(actor, section, inner));
  }
  add("try, and go on", name, taking, tryAndGoOn(actor, section));
  const isInnermost = (at: number): boolean =>
    all.every(
      (s) => s === section || !s.inside.includes(at) || section.inside.length <= s.inside.length,
    );
  for (const { step, changed } of seqOutside(actor, section, isInnermost)) {
    add("set_seq outside", name, step, changed);
  }
}

/** Calls `make` for every actor that runs, and keeps what is valid and new. */
export function editsOf(model: Model, make: (actor: ActorDecl, add: Add) => void): Edit[] {
  const edits: Edit[] = [];
  const known = new Set([JSON.stringify(model.actors)]);
  for (const actor of model.actors.filter((a) => a.count > 0)) {
    make(actor, (kind, subject, step, changed) => {
      if (!changed) return;
      const actors = model.actors.map((a) => (a === actor ? tidy(changed) : a));
      const mutated = { ...model, actors };
      const text = JSON.stringify(actors);
      if (known.has(text) || validate(mutated).length > 0) return;
      known.add(text);
      const { label, src } = step;
      const id = unique(edits, `${kind}: ${actor.name}.${label}`, subject);
      const edit = { kind, actor: actor.name, subject, label, id, model: mutated };
      edits.push(src ? { ...edit, src } : edit);
    });
  }
  return edits;
}

/** Nothing behind a jump that is always taken, and no `goto` to the next step. */
function tidy(actor: ActorDecl): ActorDecl {
  const cut = (body: Stmt[]): Stmt[] => {
    const jump = body.findIndex((s) => s.kind === "goto");
    return jump < 0 ? body : body.slice(0, jump + 1);
  };
  return { ...actor, steps: actor.steps.map((s) => ({ ...s, body: cut(s.body) })) };
}

/** With the subject where a step has several, with a number where that is not enough. */
function unique(edits: Edit[], id: string, subject: string): string {
  const taken = (candidate: string): boolean => edits.some((e) => e.id === candidate);
  if (!taken(id)) return id;
  const named = `${id} ${subject}`;
  for (let n = 2, next = named; ; n++) {
    if (!taken(next)) return next;
    next = `${named} #${n}`;
  }
}
