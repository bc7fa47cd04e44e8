/** Tables in Markdown, and text that is kept up to date between two markers of a file. */
import { UserError } from "./errors.ts";

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map(escapeCell).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

/** A cell is one line, and a bar would end it. */
function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim();
}

/** The text with what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` exchanged. */
export function between(text: string, name: string, inside: string, file: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) {
    throw new UserError({ file, message: `it has no ${begin} ... ${end}` });
  }
  return `${text.slice(0, from + begin.length)}\n${inside}${text.slice(to)}`;
}
