/** How a step is written: its C line, and what was chosen in it as a C comment. */
import type { TraceStep } from "../../model/ir/trace.ts";
import { ascii, wrap } from "./text.ts";

/** `page = v1, enomem`; empty when nothing was chosen. */
export function chosenText(step: TraceStep): string {
  return step.chosen.map(ascii).join(", ");
}

/** The C line; a step without one is named by its label. */
export function codeText(step: TraceStep): string {
  return step.text.trim() === "" ? `${step.label}:` : step.text;
}

/** Lines of at most `width` characters; a comment that does not fit gets its own line. */
export function stepLines(step: TraceStep, width: number, prefix = ""): string[] {
  const lines = wrap(prefix + codeText(step), width);
  const chosen = chosenText(step);
  if (chosen === "") return lines;
  const comment = `/* ${chosen} */`;
  const last = lines.at(-1) as string;
  if (last.length + 1 + comment.length > width) return [...lines, ...wrap(comment, width)];
  return [...lines.slice(0, -1), `${last} ${comment}`];
}
