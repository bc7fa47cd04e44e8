/** What a complete search says about the model itself: nothing may pass vacuously. */
import type { Model, Step } from "../../model/ir/index.ts";
import type { CheckResult, Finding } from "../result.ts";

type Counts = Pick<CheckResult, "initialStates" | "terminalStates" | "coverage" | "reachable">;

export function findingsOf(model: Model, counts: Counts): Finding[] {
  if (counts.initialStates === 0) {
    const text = "no initial state satisfies the assumptions: nothing was checked";
    return [{ kind: "no_initial_state", subject: model.name, text }];
  }
  return [...deadLabels(model, counts), ...unreached(counts), ...restless(model, counts)];
}

/**
 * Steps that never fired. A step of a routine counts as fired when it fired at one call of the
 * routine at least: a call that can't reach every path of a shared kernel function is no mistake
 * of the model.
 */
function deadLabels(model: Model, counts: Counts): Finding[] {
  const fired = new Set<string>();
  for (const actor of model.actors) {
    for (const step of actor.steps) {
      const row = counts.coverage.find((c) => c.actor === actor.name && c.label === step.label);
      if (row && row.fired > 0) fired.add(sourceOf(actor.name, step));
    }
  }
  return model.actors.flatMap((actor) => {
    if (actor.count === 0) return [];
    const never = actor.steps.filter((s) => !s.rare && !fired.has(sourceOf(actor.name, s)));
    return never.map((step): Finding => {
      const subject = `${actor.name}.${step.label}`;
      return { kind: "label_never_fired", subject, text: `the step ${subject} is never taken` };
    });
  });
}

/** The step as written: the routine and its label, or the actor and its label. */
function sourceOf(actor: string, step: Step): string {
  const routine = step.routine?.at(-1);
  const label = step.label.slice(step.label.lastIndexOf(".") + 1);
  return routine === undefined ? `${actor}.${step.label}` : `${routine}(): ${label}`;
}

function unreached(counts: Counts): Finding[] {
  return counts.reachable
    .filter((fact) => !fact.reached)
    .map(({ name }) => ({
      kind: "never_reached",
      subject: name,
      text: `${name} is true in no reachable state`,
    }));
}

function restless(model: Model, counts: Counts): Finding[] {
  if (counts.terminalStates > 0) return [];
  return model.atRest.map(({ name }) => ({
    kind: "never_at_rest",
    subject: name,
    text: `${name} was never evaluated: the system never comes to rest`,
  }));
}
