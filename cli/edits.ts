/** Searches of models that a machine has changed. */

import type { CheckResult } from "../checker/index.ts";
import type { Edit } from "../model/mutation/index.ts";
import type { Task } from "./prepare.ts";

/** One search for each edit, in a fresh name. */
export function tasksOf(task: Task, edits: Edit[]): Task[] {
  return edits.map(({ id, model }, i) => {
    const { spec, config, kind } = task;
    const variant = task.variant === "" ? id : `${task.variant}, ${id}`;
    const stem = `${task.stem}.${slug(id)}`;
    const same = edits.slice(0, i).filter((e) => slug(e.id) === slug(id)).length;
    return { spec, config, kind, variant, model, stem: same > 0 ? `${stem}_${same + 1}` : stem };
  });
}

/** As part of a file name. */
function slug(id: string): string {
  return id
    .replace(/[^A-Za-z0-9.]+/g, "_")
    .replace(/_+$/, "")
    .slice(0, 80);
}

/** What an edit did to the model. */
export type Effect =
  | { kind: "breaks"; property: string; steps: number }
  /** Everything holds, but something that happened before happens no more. */
  | { kind: "stops"; fact: string; states: number }
  /** Everything holds as before. */
  | { kind: "nothing"; states: number }
  | { kind: "unknown"; limit: string };

export function effectOf({ verdict, states, moves, findings }: CheckResult): Effect {
  switch (verdict.kind) {
    case "holds": {
      const lost = findings.find((f) => f.kind === "never_reached" || f.kind === "never_at_rest");
      return lost ? { kind: "stops", fact: lost.subject, states } : { kind: "nothing", states };
    }
    case "incomplete":
      return { kind: "unknown", limit: verdict.limit };
    case "violated":
      return {
        kind: "breaks",
        property: verdict.violation.property,
        steps: moves?.length ?? 0,
      };
  }
}
