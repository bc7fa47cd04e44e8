/** What each lock, check, wait and reference of a spec is needed for. */
import type { Edit } from "../../model/mutation/index.ts";
import type { Effect } from "../edits.ts";
import { isCovered } from "../expect/coverage.ts";
import { answerTo, fits, type Survivors } from "../expect/survivors.ts";
import { version } from "../home.ts";
import { countOf } from "../judge.ts";
import type { Task } from "../prepare.ts";
import { showCount } from "../progress.ts";

export interface Judged {
  edit: Edit;
  effect: Effect;
}

export interface Necessity {
  task: Task;
  judged: Judged[];
  planned: number;
  /** Answers to mutations that break nothing. */
  survivors: Survivors;
  /** Steps that the scheme never takes, `actor.label`: who changes them changes nothing. */
  never: string[];
  /** This is the model that the answers are about. */
  isStrict: boolean;
  /** Answers to nothing. */
  stale: string[];
}

/** The mutations that break nothing, and that nobody has answered for yet. */
export function questionsIn(report: Necessity): Edit[] {
  const open = report.judged.filter(
    ({ edit, effect }) => effect.kind === "nothing" && reasonOf(edit, report) === undefined,
  );
  return open.map(({ edit }) => edit);
}

/** Why it breaks nothing, if that is known. */
function reasonOf({ id, actor, label }: Edit, { survivors, never }: Necessity) {
  const isNever = isCovered(`${actor}.${label}`, never);
  return answerTo(id, survivors) ?? (isNever ? "the step is never taken" : undefined);
}

/** Answers that also fit mutations that break something. */
export function neededIn({ judged, survivors, isStrict }: Necessity): string[] {
  if (!isStrict) return [];
  const broken = judged.filter(({ effect: { kind } }) => kind === "breaks" || kind === "stops");
  return Object.keys(survivors).flatMap((pattern) => {
    const fitting = broken.filter(({ edit }) => fits(pattern, edit.id));
    return fitting.map(({ edit }) =>
      edit.id === pattern ? pattern : `${pattern} fits ${edit.id}`,
    );
  });
}

export const NECESSITY_FORMAT = "mmrace-necessity";
export const NECESSITY_VERSION = 1;

/** Actor by actor, each lock or check with what was done to it. */
export function mutationTable(report: Necessity): string {
  const { judged, stale } = report;
  const lines = [head(report)];
  for (const actor of new Set(judged.map((j) => j.edit.actor))) {
    const own = judged.filter((j) => j.edit.actor === actor);
    lines.push("", actor);
    for (const subject of new Set(own.map((j) => j.edit.subject))) {
      lines.push(`  ${subject}`);
      for (const j of own) if (j.edit.subject === subject) lines.push(rowOf(j, report));
    }
  }
  const open = questionsIn(report);
  if (open.length > 0) lines.push("", "questions");
  for (const edit of open) lines.push(`  ${placeOf(edit)}${questionOf(edit)}`, `      ${edit.id}`);
  lines.push(...listed("answered in expect.json, and needed after all", neededIn(report)));
  lines.push(...listed("answered in expect.json, and not asked by any mutation", stale));
  return `${lines.join("\n")}\n`;
}

function listed(title: string, rows: string[]): string[] {
  return rows.length === 0 ? [] : ["", title, ...rows.map((row) => `  ${row}`)];
}

function head(report: Necessity): string {
  const { task, judged, planned } = report;
  const number = (kind: Effect["kind"]): number =>
    judged.filter((j) => j.effect.kind === kind).length;
  const parts = [
    `${countOf(planned, "mutation")}: ${number("breaks")} break a property`,
    ...(number("stops") > 0 ? [`${number("stops")} make a fact unreachable`] : []),
    `${number("nothing")} redundant in this model`,
    ...(number("nothing") > 0 ? [`${questionsIn(report).length} of these unanswered`] : []),
  ];
  if (number("unknown") > 0) parts.push(`${number("unknown")} incomplete`);
  if (judged.length < planned) parts.push(`${planned - judged.length} not done`);
  const variant = task.variant ? `.${task.variant}` : "";
  return `${task.spec.name}${variant} (${task.config}): ${parts.join(", ")}`;
}

function rowOf({ edit, effect }: Judged, report: Necessity): string {
  const reason = effect.kind === "nothing" ? reasonOf(edit, report) : undefined;
  const text = effectText(effect) + (reason === undefined ? "" : `: ${reason}`);
  return `    ${edit.kind.padEnd(16)}${edit.label.padEnd(34)}  ${text}`;
}

function effectText(effect: Effect): string {
  switch (effect.kind) {
    case "breaks":
      return `breaks ${effect.property} in ${countOf(effect.steps, "step")}`;
    case "stops":
      return `nothing reaches ${effect.fact} any more`;
    case "nothing":
      return `redundant in this model (${showCount(effect.states)} states)`;
    case "unknown":
      return `incomplete: ${effect.limit}`;
  }
}

function placeOf({ src }: Edit): string {
  return src ? `${src.file}:${src.line}: ` : "";
}

/** A survivor, worded as what it is: something to be answered. */
function questionOf({ kind, actor, label, subject }: Edit): string {
  switch (kind) {
    case "drop lock":
      return `what does ${actor} need ${subject} for at ${label}?`;
    case "read for write":
      return `why does ${actor} take ${subject} for writing at ${label}?`;
    case "take later":
      return `why does ${actor} take ${subject} at ${label}, and not one step later?`;
    case "release earlier":
      return `why does ${actor} hold ${subject} until ${label}, and not one step less?`;
    case "swap locks":
      return `does the order of ${subject} matter to ${actor} at ${label}?`;
    case "try, and go on":
      return `must ${actor} have got ${subject} at ${label}?`;
    case "ignore check":
      return `what does ${actor} need the check at ${label} for: ${subject}?`;
    case "do not wait":
      return `what does ${actor} wait for at ${label}: ${subject}?`;
    case "set_seq outside":
      return `must ${actor} call mmu_interval_set_seq() under ${subject} at ${label}?`;
    case "no reference":
      return `what does ${actor} need its reference to ${subject} for at ${label}?`;
    default:
      return `what is ${subject} needed for in ${actor} at ${label}?`;
  }
}

export function mutationJson(report: Necessity): string {
  const { task, judged, planned, stale } = report;
  const document = {
    format: NECESSITY_FORMAT,
    version: NECESSITY_VERSION,
    mmrace: version(),
    spec: task.spec.name,
    config: task.config,
    variant: task.variant,
    planned,
    mutations: judged.map(({ edit, effect }) => {
      const { model: _, ...shown } = edit;
      const reason = effect.kind === "nothing" ? reasonOf(edit, report) : undefined;
      return { ...shown, effect, ...(reason === undefined ? {} : { accepted: reason }) };
    }),
    needed: neededIn(report),
    stale,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
