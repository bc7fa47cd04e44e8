/** What a run has against the specs, one problem each, as reports for other programs need it. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Src, Trace } from "../../model/ir/index.ts";
import { EXIT } from "../exit-codes.ts";
import { allExplained } from "../explained.ts";
import type { FindingRule } from "../finding.ts";
import type { Outcome } from "../judge.ts";
import { showPath } from "../loader/paths.ts";

export type Rule = FindingRule | "property_violated" | "not_violated_as_declared" | "incomplete";

export interface Problem {
  rule: Rule;
  level: "error" | "warning";
  /** `hmm-mirror.retry_not_checked (ci): no_stale_gpu_pte is violated`, one line. */
  text: string;
  src: Src;
  /** The same for the same problem in another revision: lines and counts do not matter. */
  fingerprint: string;
  trace?: Trace;
}

/** `hmm-mirror.no_recheck (ci)` */
export function nameOf({ task }: Pick<Outcome, "task">): string {
  const variant = task.variant ? `.${task.variant}` : "";
  return `${task.spec.name}${variant} (${task.config})`;
}

export function problemsOf(outcomes: Outcome[]): Problem[] {
  return outcomes.flatMap((outcome) => [...ofVerdict(outcome), ...ofFindings(outcome)]);
}

function ofVerdict(outcome: Outcome): Problem[] {
  const { verdict } = outcome.result;
  const { breaks, spec } = outcome.task;
  const whole = { file: spec.file, line: 1, column: 1 };
  if (verdict.kind === "incomplete") {
    return [problem(outcome, "incomplete", outcome.verdict, whole)];
  }
  if (outcome.code === EXIT.ok) return [];
  if (verdict.kind === "holds") {
    return breaks === undefined
      ? []
      : [problem(outcome, "not_violated_as_declared", outcome.verdict, whole)];
  }
  // A mutant that breaks what it must, and is reported for another reason.
  if (verdict.violation.property === breaks && outcome.findings.length > 0) return [];
  return allExplained(outcome).map((trace) => {
    const { property = "", text = "", src = whole } = trace.violation ?? {};
    const instead = breaks === undefined ? `${property} is violated` : outcome.verdict;
    const rule = breaks === undefined ? "property_violated" : "not_violated_as_declared";
    return { ...problem(outcome, rule, `${instead}: ${text}`, src, property), trace };
  });
}

function ofFindings(outcome: Outcome): Problem[] {
  const whole = { file: outcome.task.spec.file, line: 1, column: 1 };
  return outcome.findings.map(({ rule, text, src = whole }) => problem(outcome, rule, text, src));
}

/** @param subject what tells it from others of its rule; without it, the text but for numbers */
function problem(
  outcome: Outcome,
  rule: Rule,
  what: string,
  src: Src,
  subject: string = what.replace(/[\d,.]+/g, "#"),
): Problem {
  const { spec, config, variant } = outcome.task;
  const parts = JSON.stringify([rule, spec.name, config, variant, subject]);
  return {
    rule,
    level: rule === "incomplete" ? "warning" : "error",
    text: `${nameOf(outcome)}: ${what.replace(/\s+/g, " ")}`,
    src: { ...src, file: fromRoot(src.file) },
    fingerprint: createHash("sha256").update(parts).digest("hex").slice(0, 32),
  };
}

/** A path as the host of the repository knows it: from the folder with .git, with slashes. */
export function fromRoot(file: string): string {
  const path = resolve(file);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) {
      const shown = relative(folder, path);
      return shown.startsWith("..") ? path : shown;
    }
    if (folder === dirname(folder)) return showPath(path);
  }
}
