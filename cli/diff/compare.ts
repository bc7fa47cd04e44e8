/** Two versions of a scheme, told apart without searching: claims, sizes, state, steps. */
import {
  type ActorDecl,
  contentHash,
  type Model,
  printStmt,
  type Step,
} from "../../model/ir/index.ts";
import { propertiesOf } from "../expect/record.ts";
import type { Change } from "./change.ts";

export function claimChanges(base: Model, head: Model): Change[] {
  const [was, is] = [propertiesOf(base), propertiesOf(head)];
  const place = (name: string): Pick<Change, "src"> => {
    const lists = [...head.always, ...head.atRest, ...head.reachable, ...(head.liveness ?? [])];
    const src = lists.find((p) => p.name === name)?.src;
    return src ? { src } : {};
  };
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.flatMap((subject): Change[] => {
    if (was[subject] === is[subject]) return [];
    if (was[subject] === undefined) return [{ kind: "property-added", subject, ...place(subject) }];
    if (is[subject] === undefined) return [{ kind: "property-removed", subject }];
    return [{ kind: "property-changed", subject, ...place(subject) }];
  });
}

type Sizes = Record<string, number>;

export function sizeChanges(base: Sizes, head: Sizes): Change[] {
  const names = [...new Set([...Object.keys(base), ...Object.keys(head)])];
  return names
    .filter((name) => base[name] !== head[name])
    .map((name) => {
      const text = `${base[name] ?? "not there"} -> ${head[name] ?? "not there"}`;
      return { kind: "size-changed", subject: name, text };
    });
}

export function stepChanges(base: Model, head: Model): Change[] {
  const [was, is] = [stepsOf(base), stepsOf(head)];
  const changes: Change[] = [];
  for (const [subject, now] of is) {
    const { step, next } = now;
    const before = was.get(subject);
    const known = { subject, text: step.text, ...(step.src ? { src: step.src } : {}) };
    const isElsewhere = before !== undefined && leadsElsewhere(before.next, next);
    if (!before) changes.push({ kind: "step-added", ...known });
    else if (isElsewhere || contentHash(before.step) !== contentHash(step)) {
      const lines = differing(linesOf(base, before, isElsewhere), linesOf(head, now, isElsewhere));
      changes.push({ kind: "step-changed", ...known, ...lines });
    }
  }
  for (const [subject, { step }] of was) {
    if (!is.has(subject)) changes.push({ kind: "step-removed", subject, text: step.text });
  }
  /** To another step, both of which are there before and after. */
  function leadsElsewhere(from: string | undefined, to: string | undefined): boolean {
    return from !== to && [from, to].every((l) => l === undefined || (was.has(l) && is.has(l)));
  }
  const state = ({ shared, enums, scalarsets, assume, actors }: Model): string =>
    contentHash({
      shared,
      enums,
      scalarsets,
      assume,
      actors: actors.map(({ steps: _, ...rest }) => rest),
    });
  if (state(base) !== state(head)) changes.push({ kind: "state-changed", subject: "the state" });
  return changes;
}

interface Placed {
  actor: ActorDecl;
  step: Step;
  /** The label it falls through to; undefined: done. */
  next: string | undefined;
}

function stepsOf(model: Model): Map<string, Placed> {
  return new Map(
    model.actors.flatMap((actor) =>
      actor.steps.map((step, i): [string, Placed] => [
        `${actor.name}.${step.label}`,
        { actor, step, next: nextOf(actor.name, actor.steps, i) },
      ]),
    ),
  );
}

/** What a step does, line by line; where it falls through to only if that is asked. */
function linesOf(model: Model, { actor, step, next }: Placed, withNext: boolean): string[] {
  const { body, idle, rare, mark } = step;
  return [
    ...(idle ? ["idle"] : []),
    ...(rare ? ["rare"] : []),
    ...(mark ? [mark] : []),
    ...body.flatMap((stmt) => printStmt(stmt, model, actor).split("\n")),
    ...(withNext ? [`then ${next ?? "done"}`] : []),
  ];
}

/** Without the lines that both begin and end with. */
function differing(before: string[], after: string[]): { before: string[]; after: string[] } {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const middle = (lines: string[]): string[] => lines.slice(start, lines.length - end);
  return { before: middle(before), after: middle(after) };
}

function nextOf(actor: string, steps: Step[], at: number): string | undefined {
  const next = steps[at + 1];
  return next && `${actor}.${next.label}`;
}
