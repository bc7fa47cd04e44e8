/** The state of the specs as Markdown: no times, so that the same specs give the same text. */
import type { Outcome } from "./judge.ts";
import { table } from "./markdown.ts";
import { showCount } from "./progress.ts";

export function statusText(outcomes: Outcome[]): string {
  const isScheme = ({ task }: Outcome): boolean =>
    task.kind === "scheme" || task.breaks === undefined;
  const schemes = outcomes.filter(isScheme);
  const mutants = outcomes.filter((o) => !isScheme(o));
  const head = ["spec", "configuration", "states", "transitions", "depth", "verdict"];
  const known = table(["spec", "mutant", "steps", "verdict"], mutants.map(mutantRow));
  return table(head, schemes.map(schemeRow)) + (mutants.length > 0 ? `\n${known}` : "");
}

/** One row for each scheme, and how many changes of it are declared. */
export function briefText(outcomes: Outcome[]): string {
  const head = ["scheme", "what", "states", "verdict", "mutants", "variants"];
  const rows = outcomes.map(({ task, result, verdict }) => {
    const { name, doc, variants } = task.spec;
    const number = (kind: string) => String(variants.filter((v) => v.kind === kind).length);
    return [name, doc, showCount(result.states), verdict, number("mutant"), number("variant")];
  });
  return table(head, rows);
}

function schemeRow({ task, result, verdict }: Outcome): string[] {
  const { spec, variant, config } = task;
  const sizes = spec.configs.find((c) => c.name === config)?.sizes ?? {};
  const shown = Object.entries(sizes).map(([name, n]) => `${name} ${n}`);
  const { states, transitions, depth } = result;
  return [
    variant ? `${spec.name}, ${variant}` : spec.name,
    shown.length > 0 ? `${config}: ${shown.join(", ")}` : config,
    showCount(states),
    showCount(transitions),
    String(depth),
    verdict,
  ];
}

function mutantRow({ task, trace, verdict }: Outcome): string[] {
  const steps = trace ? String(trace.steps.length) : "-";
  return [task.spec.name, `\`${task.variant}\``, steps, verdict];
}
