/** Which transitions pass a retry or progress mark. */
import type { ActorDecl } from "./types.ts";
import { DONE } from "./types.ts";
import { allStmts } from "./walk.ts";

/** Bits of an entry of {@link marksOf}. */
export const RETRY = 1;
export const PROGRESS = 2;

/**
 * For the transition of a process of the actor from the step at position `from` to the one at `to`
 * (the number of steps means done): entry `from * (steps + 1) + to`. Leaving an idle step is
 * progress, because whoever rests there has got what it wanted.
 */
export function marksOf({ steps }: ActorDecl): Uint8Array {
  const width = steps.length + 1;
  const marks = new Uint8Array(steps.length * width);
  const add = (at: number, mark: string): void => {
    marks[at] = (marks[at] as number) | (mark === "retry" ? RETRY : PROGRESS);
  };
  for (const [from, step] of steps.entries()) {
    for (let to = 0; to < width; to++) {
      if (step.mark) add(from * width + to, step.mark);
      if (step.idle) add(from * width + to, "progress");
    }
    for (const stmt of allStmts(step.body)) {
      if (stmt.kind !== "goto" || !stmt.mark) continue;
      const target = stmt.label === DONE ? -1 : steps.findIndex((s) => s.label === stmt.label);
      add(from * width + (target < 0 ? steps.length : target), stmt.mark);
    }
  }
  return marks;
}
