/** The page that records the last complete cross-check. */
import type { Own, Row } from "../../../cli/crosscheck/crosscheck.ts";

export interface Answer {
  /** `hmm-mirror.retry_not_checked`, `random program 17`. */
  title: string;
  kind: "spec" | "random";
  own: Own;
  row: Row;
}

export function crosscheckPage(answers: Answer[]): string {
  const specs = answers.filter((a) => a.kind === "spec");
  const random = answers.filter((a) => a.kind === "random");
  const versions = [
    ...new Set(
      answers.map((a) => `${a.row.tool} ${a.row.version}`).filter((v) => !v.endsWith(" ")),
    ),
  ];
  const titles = [...new Set(specs.map((a) => a.title))];
  return `${[
    "# Cross-check",
    "",
    "Every spec and every variant of it in its first configuration, and random programs, by this",
    "checker and by others. Where a model holds, the numbers of states and transitions are equal;",
    "where it does not, every tool finds a violation. `npm run crosscheck:all` repeats it and",
    "writes this page.",
    "",
    `Tools: ${versions.join(", ")}.`,
    "",
    "## Specs",
    "",
    "| model | verdict | states | transitions | SPIN | Rumur |",
    "|---|---|--:|--:|---|---|",
    ...titles.map((title) => specRow(title, specs)),
    "",
    "## Random programs",
    "",
    "| tool | programs | holds, equal counts | violated, too | incomplete | different |",
    "|---|--:|--:|--:|--:|--:|",
    randomRow("spin", random),
    randomRow("rumur", random),
  ].join("\n")}\n`;
}

function specRow(title: string, specs: Answer[]): string {
  const of = (tool: string) => specs.find((a) => a.title === title && a.row.tool === tool);
  const own = of("spin")?.own ?? of("rumur")?.own;
  const count = (n: number | undefined): string => (n ?? 0).toLocaleString("en");
  const holds = own?.verdict === "holds";
  const counts = holds ? [count(own.states), count(own.transitions)] : ["", ""];
  const says = [said(of("spin")), said(of("rumur"))];
  return `| ${[title, own?.verdict ?? "", ...counts, ...says].join(" | ")} |`;
}

function said(answer: Answer | undefined): string {
  if (!answer) return "";
  const { agree, verdict, claim, note } = answer.row;
  if (agree === undefined) return `${verdict}: ${note}`;
  if (!agree) return `**${verdict}**, ${note}`;
  return claim ? `agrees (${claim})` : "agrees";
}

function randomRow(tool: string, random: Answer[]): string {
  const of = random.filter((a) => a.row.tool === tool);
  const agreed = of.filter((a) => a.row.agree === true);
  const numbers = [
    of.length,
    agreed.filter((a) => a.own.verdict === "holds").length,
    agreed.filter((a) => a.own.verdict === "violated").length,
    of.filter((a) => a.row.agree === undefined).length,
    of.filter((a) => a.row.agree === false).length,
  ];
  return `| ${[tool, ...numbers].join(" | ")} |`;
}
