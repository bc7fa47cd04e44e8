/** The four files of a counterexample: what replays, and three pictures of it. */
import { join } from "node:path";
import { counterexampleText } from "./counterexample.ts";
import { writeText } from "./files.ts";
import type { Outcome } from "./judge.ts";
import { tracePictures, traceText } from "./pictures.ts";

/** Contents by file name. Empty when nothing was violated. */
export async function drawn(outcome: Outcome, folder: string): Promise<Map<string, string>> {
  const { task, trace } = outcome;
  if (!trace) return new Map();
  const { dot, svg } = await tracePictures(trace);
  return new Map([
    [`${task.stem}.json`, counterexampleText(trace, task.model, task.spec.file, folder)],
    [`${task.stem}.txt`, traceText(trace)],
    [`${task.stem}.dot`, dot],
    [`${task.stem}.svg`, svg],
  ]);
}

export async function draw(outcome: Outcome, folder: string): Promise<void> {
  for (const [name, text] of await drawn(outcome, folder)) writeText(join(folder, name), text);
}
