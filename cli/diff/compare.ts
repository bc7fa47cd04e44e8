/** Two versions of a scheme, told apart without searching: claims, sizes, state, steps. */
import { contentHash, type Model, type Step } from "../../model/ir/index.ts";
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
  for (const [subject, { step, next }] of is) {
    const before = was.get(subject);
    const where = step.src ? { src: step.src } : {};
    if (!before) changes.push({ kind: "step-added", subject, text: step.text, ...where });
    else if (contentHash(before.step) !== contentHash(step) || leadsElsewhere(before.next, next)) {
      changes.push({ kind: "step-changed", subject, text: step.text, ...where });
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

/** Each with the label it falls through to. */
function stepsOf(model: Model): Map<string, { step: Step; next: string | undefined }> {
  return new Map(
    model.actors.flatMap(({ name, steps }) =>
      steps.map(
        (step, i) => [`${name}.${step.label}`, { step, next: nextOf(name, steps, i) }] as const,
      ),
    ),
  );
}

function nextOf(actor: string, steps: Step[], at: number): string | undefined {
  const next = steps[at + 1];
  return next && `${actor}.${next.label}`;
}
