/** How a step is written: its C line, and as a C comment what was chosen, or that it retries. */
import type { TraceStep } from "../../model/ir/trace.ts";
import { ascii, wrap } from "./text.ts";

/** `page = v1, enomem`; empty when nothing was chosen. */
export function chosenText(step: TraceStep): string {
  return step.chosen.map(ascii).join(", ");
}

/** What is said of a step that passes the retry mark of a process that gets nothing else done. */
export const RETRIES = "retries, again and again";

/** The C line; a step without one is named by its label. */
export function codeText(step: TraceStep): string {
  return step.text.trim() === "" ? `${step.label}:` : step.text;
}

/** Lines of at most `width` characters; a comment that does not fit gets its own line. */
export function stepLines(step: TraceStep, width: number, prefix = ""): string[] {
  const lines = wrap(prefix + codeText(step), width);
  const said = [chosenText(step), step.retries ? RETRIES : ""].filter((text) => text !== "");
  if (said.length === 0) return lines;
  const comment = `/* ${said.join("; ")} */`;
  const last = lines.at(-1) as string;
  if (last.length + 1 + comment.length > width) return [...lines, ...wrap(comment, width)];
  return [...lines.slice(0, -1), `${last} ${comment}`];
}
