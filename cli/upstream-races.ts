/** The upstream races that specs retell, as Markdown: all but the seconds follow from the specs. */
import { dirname, relative } from "node:path";
import type { Trace } from "../model/ir/index.ts";
import type { Outcome } from "./judge.ts";
import type { Race } from "./loader/load.ts";
import { table } from "./markdown.ts";
import { showCount } from "./progress.ts";

/** @param page where the text will lie, for links: "docs/races.md" */
export function racesText(outcomes: Outcome[], gallery: string, page: string): string {
  const link = (text: string, target: string) => `[${text}](${relative(dirname(page), target)})`;
  const fixed = outcomes.filter((o) => o.task.kind === "scheme" && o.task.spec.race);
  const rows = fixed.flatMap((scheme) => {
    const { spec } = scheme.task;
    return outcomes
      .filter((o) => o.task.spec === spec && o.task.kind === "bug")
      .map((bug) => [link(spec.name, spec.file), ...row(scheme, bug), pictures(bug)]);
  });
  return table(HEAD, rows) + chains(fixed);

  function pictures({ task }: Outcome): string {
    const file = (ending: string) => `${gallery}/${task.stem}.${ending}`;
    return `${link("picture", file("svg"))} ${link("ladder", file("txt"))}`;
  }
}

/** The page without what is measured anew each time. */
export function withoutSeconds(text: string): string {
  return text.replace(/\| \d+\.\d\d \|/g, "| - |");
}

const HEAD = [
  ...["race", "year", "subsystem", "class", "violated"],
  ...["steps", "switches", "fixed: states", "fixed", "seconds", "shown"],
];

function row(scheme: Outcome, { task, trace, verdict, code, result }: Outcome): string[] {
  const { year, subsystem, class: kind } = task.spec.race as Race;
  const violated = code === 0 ? `\`${task.breaks}\`` : verdict;
  const steps = trace ? String(trace.steps.length) : "-";
  const switches = trace ? String(contextSwitches(trace)) : "-";
  const states = showCount(scheme.result.states);
  const seconds = ((scheme.result.elapsed + result.elapsed) / 1000).toFixed(2);
  const found = [String(year), subsystem, kind, violated, steps, switches];
  return [...found, states, scheme.verdict, seconds];
}

/** How often another process goes on than the one before. */
function contextSwitches({ steps }: Trace): number {
  return steps.filter((step, i) => i > 0 && steps[i - 1]?.pid !== step.pid).length;
}

/** Races that came with the fix of another one. */
function chains(fixed: Outcome[]): string {
  const lines = fixed.flatMap(({ task }) => {
    const earlier = task.spec.race?.bug_in_fix_of;
    return earlier === undefined ? [] : [`- \`${earlier}\` -> \`${task.spec.name}\`\n`];
  });
  return lines.length > 0
    ? `\nBugs that came with the fix of another one:\n\n${lines.join("")}`
    : "";
}
