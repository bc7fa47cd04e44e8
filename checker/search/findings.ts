/** What a complete search says about the model itself: nothing may pass vacuously. */
import type { Model } from "../../model/ir/index.ts";
import type { CheckResult, Finding } from "../result.ts";

type Counts = Pick<CheckResult, "initialStates" | "terminalStates" | "coverage" | "reachable">;

export function findingsOf(model: Model, counts: Counts): Finding[] {
  if (counts.initialStates === 0) {
    const text = "no initial state satisfies the assumptions: nothing was checked";
    return [{ kind: "no_initial_state", subject: model.name, text }];
  }
  return [...deadLabels(model, counts), ...unreached(counts), ...restless(model, counts)];
}

function deadLabels(model: Model, counts: Counts): Finding[] {
  return model.actors.flatMap((actor) => {
    if (actor.count === 0) return [];
    const never = actor.steps.filter((step) => {
      const row = counts.coverage.find((c) => c.actor === actor.name && c.label === step.label);
      return !step.rare && row?.fired === 0;
    });
    return never.map((step): Finding => {
      const subject = `${actor.name}.${step.label}`;
      return { kind: "label_never_fired", subject, text: `the step ${subject} is never taken` };
    });
  });
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
