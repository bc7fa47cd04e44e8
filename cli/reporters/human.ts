/** Results for people: a table that grows as the searches end, then what needs attention. */

import { EXIT } from "../exit-codes.ts";
import { allExplained } from "../explained.ts";
import { countOf, type Outcome } from "../judge.ts";
import { traceText } from "../pictures.ts";
import type { Job } from "../plan.ts";
import { showCount } from "../progress.ts";
import type { Colors } from "../terminal.ts";
import { nameOf } from "./problems.ts";

const HEAD = ["spec", "config", "variant"] as const;
const NUMBERS = { states: 11, transitions: 12, depth: 5, seconds: 7 };

export interface HumanReporter {
  head(): string;
  row(outcome: Outcome): string;
  tail(outcomes: Outcome[], planned: number): string;
}

export function humanReporter(jobs: Job[], colors: Colors): HumanReporter {
  const cells = (job: Job): string[] => [job.spec.name, job.config, job.variant || "-"];
  const widths = HEAD.map((title, i) =>
    Math.max(title.length, ...jobs.map((job) => cells(job)[i]?.length ?? 0)),
  );
  const left = (texts: readonly string[]) => texts.map((t, i) => t.padEnd(widths[i] ?? 0));
  const right = (texts: string[]) => {
    const columns = Object.values(NUMBERS);
    return texts.map((t, i) => t.padStart(columns[i] ?? 0));
  };
  const line = (mark: string, rest: string[]): string => `${[mark, ...rest].join("  ")}\n`;
  return {
    head: () => line("    ", [...left(HEAD), ...right(Object.keys(NUMBERS)), "verdict"]),
    row(outcome) {
      const { states, transitions, depth, elapsed } = outcome.result;
      const seconds = (elapsed / 1000).toFixed(2);
      const numbers = [showCount(states), showCount(transitions), String(depth), seconds];
      const verdict = outcome.cached ? `${outcome.verdict} (cached)` : outcome.verdict;
      const texts = [...left(cells(outcome.task)), ...right(numbers), verdict];
      return line(markOf(outcome, colors), texts);
    },
    tail: (outcomes, planned) =>
      [
        ...outcomes.filter(isSurprise).map((outcome) => violationText(outcome, colors)),
        findingsText(outcomes),
        `\n${summary(outcomes, planned)}\n`,
      ].join(""),
  };
}

function markOf(outcome: Outcome, colors: Colors): string {
  switch (outcome.code) {
    case EXIT.ok:
      return colors.green("ok  ");
    case EXIT.incomplete:
      return colors.yellow("?   ");
    default:
      return colors.red("FAIL");
  }
}

function isSurprise(outcome: Outcome): boolean {
  return outcome.trace !== undefined && outcome.code !== EXIT.ok;
}

function violationText(outcome: Outcome, colors: Colors): string {
  const { task } = outcome;
  const texts = allExplained(outcome).map((trace) => {
    if (!trace.violation) return "";
    const { property, text, src } = trace.violation;
    const place = src ? `${src.file}:${src.line}:${src.column}` : task.spec.file;
    const head = colors.bold(`${nameOf(outcome)}: ${property} is violated`);
    return `\n${place}: ${head}\n  ${text}\n\n${traceText(trace)}`;
  });
  return texts.join("");
}

function findingsText(outcomes: Outcome[]): string {
  const lines = outcomes.flatMap((outcome) =>
    outcome.findings.map(({ text, src }) => {
      const place = src ? `${src.file}:${src.line}:${src.column}` : outcome.task.spec.file;
      return `${place}: ${nameOf(outcome)}: ${text}\n`;
    }),
  );
  return lines.length > 0 ? `\n${lines.join("")}` : "";
}

function summary(outcomes: Outcome[], planned: number): string {
  const number = (code: number) => outcomes.filter((o) => o.code === code).length;
  const ok = number(EXIT.ok);
  const incomplete = number(EXIT.incomplete);
  const failed = outcomes.length - ok - incomplete;
  const parts = [`${countOf(planned, "check")}: ${ok} as expected`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (incomplete > 0) parts.push(`${incomplete} incomplete`);
  if (outcomes.length < planned) parts.push(`${planned - outcomes.length} not done`);
  return parts.join(", ");
}
