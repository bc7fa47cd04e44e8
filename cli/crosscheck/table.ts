/** The result of a cross-check as a table for the terminal. */
import type { Own, Row } from "./crosscheck.ts";

const HEAD = ["tool", "states", "transitions", "verdict", "agree", "note"];

/** Our own row first; columns aligned, notes last. */
export function crosscheckTable(own: Own, rows: Row[]): string {
  const count = (n: number | undefined): string => (n === undefined ? "-" : n.toLocaleString("en"));
  const ours = ["mmrace", count(own.states), count(own.transitions), own.verdict, "", ""];
  const others = rows.map((row) => [
    [row.tool, row.version].filter(Boolean).join(" "),
    count(row.states),
    count(row.transitions),
    row.verdict,
    row.agree === undefined ? "-" : row.agree ? "yes" : "NO",
    [row.claim, row.note].filter(Boolean).join("; "),
  ]);
  const lines = [HEAD, ours, ...others];
  const widths = HEAD.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? "").length)));
  const isNumber = (i: number): boolean => i === 1 || i === 2;
  return lines
    .map((cells) => {
      const padded = cells.map((cell, i) =>
        isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      );
      return padded.join("  ").trimEnd();
    })
    .join("\n");
}

/** Did anybody contradict us? */
export function contradicted(rows: Row[]): boolean {
  return rows.some((row) => row.agree === false);
}
