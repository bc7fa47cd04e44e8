/** The result of a cross-check as a table for the terminal. */
import { askedText, type Own, type OwnClaim, type Row } from "./crosscheck.ts";

const HEAD = ["tool", "asked", "states", "transitions", "verdict", "agree", "note"];

/** Our own row first, then one for each tool; the same for each claim about infinite runs. */
export function crosscheckTable(own: Own, rows: Row[], claims: OwnClaim[] = []): string {
  const count = (n: number | undefined): string => (n === undefined ? "-" : n.toLocaleString("en"));
  const lines = [
    HEAD,
    ["mmrace", "safety", count(own.states), count(own.transitions), own.verdict],
  ];
  const answers = (asked: string | undefined): string[][] =>
    rows
      .filter((row) => row.asked === asked)
      .map((row) => [
        [row.tool, row.version].filter(Boolean).join(" "),
        askedText(asked),
        count(row.states),
        count(row.transitions),
        row.verdict,
        row.agree === undefined ? "-" : row.agree ? "yes" : "NO",
        [row.claim, row.note].filter(Boolean).join("; "),
      ]);
  lines.push(...answers(undefined));
  for (const { key, verdict } of claims) {
    lines.push(["mmrace", askedText(key), "-", "-", verdict], ...answers(key));
  }
  const widths = HEAD.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? "").length)));
  const isNumber = (i: number): boolean => i === 2 || i === 3;
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
