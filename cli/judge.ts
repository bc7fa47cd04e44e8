/** What a search was expected to say, what it said, and whether that is good. */
import type { AuditReport, CheckResult } from "../checker/index.ts";
import { type Model, replay, type Src, type Trace } from "../model/ir/index.ts";
import { firstOutOfOrder } from "./documented-order.ts";
import { EXIT, type ExitCode, worse } from "./exit-codes.ts";
import type { Review } from "./expect/review.ts";
import type { Finding } from "./finding.ts";
import type { Task } from "./prepare.ts";
import type { Further } from "./races.ts";
import type { SearchResult } from "./search.ts";

export interface Outcome {
  task: Task;
  result: SearchResult;
  code: ExitCode;
  /** `holds`, `violated no_stale_gpu_pte, as it must`. */
  verdict: string;
  /** Found in an earlier run. */
  cached?: boolean;
  /** Of a violation. */
  trace?: Trace;
  /** Other violations, when they were asked for. */
  others?: Further;
  /** What makes a verdict worth less than it looks, and what is not as it was promoted. */
  findings: Finding[];
}

export interface Terms {
  /** Without it, nothing is compared with what was promoted. */
  review?: Review | undefined;
  /** The search was: of several orders it keeps one, which need not be the documented one. */
  reduced?: boolean;
  /** When time has ended the search: it was that of the whole spec. */
  outOfBudget?: boolean;
}

export function judge(task: Task, result: SearchResult, terms: Terms = {}): Outcome {
  const { review, reduced, outOfBudget } = terms;
  const reviewed = review?.(task, result);
  const alone = judgedAlone(task, result, reviewed?.findings ?? []);
  const { verdict } = result;
  if (outOfBudget && verdict.kind === "incomplete" && verdict.limit === "time") {
    return { ...alone, verdict: "incomplete: --budget of the spec spent" };
  }
  const outcome = reduced ? alone : inDocumentedOrder(alone);
  const isNew = outcome.code === EXIT.ok && reviewed?.promoted === false;
  return isNew ? { ...outcome, verdict: `${outcome.verdict}, not promoted` } : outcome;
}

/** @param more findings that somebody else made */
function judgedAlone(task: Task, result: SearchResult, more: Finding[]): Outcome {
  const compared = compare(task.breaks, result);
  // A mutant is broken on purpose: a label that it makes unreachable is no news.
  const isMutant = task.breaks !== undefined && task.kind !== "scheme";
  const findings = isMutant ? [] : findingsOf(task.model, result);
  findings.push(...more);
  const outcome: Outcome = { task, result, ...compared, findings };
  if (result.findings.some((f) => f.kind === "no_initial_state")) {
    outcome.code = EXIT.usage;
    outcome.verdict = "nothing checked: no initial state";
  } else if (findings.length > 0) {
    outcome.code = worse(outcome.code, EXIT.violation);
    outcome.verdict += `, ${countOf(findings.length, "finding")}`;
  }
  if (result.audit) addAudit(outcome, result.audit);
  if (result.verdict.kind !== "violated") return outcome;
  const { violation } = result.verdict;
  const { model, config, variant } = task;
  const { moves = [], start, loopFrom } = result;
  return { ...outcome, trace: replay(model, config, variant, moves, violation, start, loopFrom) };
}

/** The verdict stays, and is worth less. */
function addAudit(outcome: Outcome, { states, of, faults }: AuditReport): void {
  const all = of.toLocaleString("en");
  const looked = states === of ? `all ${all}` : `${states.toLocaleString("en")} of ${all}`;
  outcome.verdict += `, audited in ${looked} states`;
  if (faults.length === 0) return;
  outcome.code = EXIT.internal;
  outcome.verdict += `: ${countOf(faults.length, "assumption")} of mmrace not true`;
  for (const fault of faults) {
    const text = `a mistake in mmrace, not in the spec; please report it: ${fault}`;
    outcome.findings.push({ rule: "assumption_false", text });
  }
}

/** A bug is found again only when its decisive steps come as they are documented. */
function inDocumentedOrder(outcome: Outcome): Outcome {
  const { code, trace } = outcome;
  const { breaks, order } = outcome.task;
  if (!trace || order === undefined || code !== EXIT.ok) return outcome;
  const missing = firstOutOfOrder(order, trace);
  if (missing === undefined) return { ...outcome, verdict: `violated ${breaks}, as documented` };
  const verdict = `violated ${breaks}, but ${missing} does not come where it is documented`;
  return { ...outcome, code: EXIT.violation, verdict };
}

function compare(breaks: string | undefined, result: CheckResult) {
  const { verdict } = result;
  switch (verdict.kind) {
    case "incomplete":
      return { code: EXIT.incomplete, verdict: `incomplete: ${incompleteText(result)}` };
    case "holds":
      if (breaks === undefined) return { code: EXIT.ok, verdict: "holds" };
      return { code: EXIT.violation, verdict: `holds, but must violate ${breaks}` };
    case "violated": {
      const { property } = verdict.violation;
      if (property === breaks)
        return { code: EXIT.ok, verdict: `violated ${property}, as it must` };
      const instead = breaks === undefined ? "" : `, but must violate ${breaks}`;
      const longer = result.shortest === false ? " (there may be shorter runs)" : "";
      return { code: EXIT.violation, verdict: `violated ${property}${instead}${longer}` };
    }
  }
}

function incompleteText({ verdict, omission }: CheckResult): string {
  if (verdict.kind !== "incomplete") return "";
  const text = limitText(verdict.limit);
  if (omission === undefined || verdict.limit !== "hash_compaction") return text;
  return `nothing violated, but ${text} (probability at most ${omission.toPrecision(2)})`;
}

type Limit = Extract<CheckResult["verdict"], { kind: "incomplete" }>["limit"];

export function limitText(limit: Limit): string {
  switch (limit) {
    case "states":
      return "--max-states reached";
    case "memory":
      return "--max-memory reached";
    case "time":
      return "--time-limit reached";
    case "disk":
      return "the disk is full";
    case "interrupted":
      return "interrupted";
    case "hash_compaction":
      return "hash compaction may have left out states";
  }
}

function findingsOf(model: Model, result: CheckResult): Finding[] {
  return result.findings.map((finding) => {
    const src = sourceOf(model, finding);
    const found = { rule: finding.kind, text: finding.text };
    return src ? { ...found, src } : found;
  });
}

function sourceOf(model: Model, { kind, subject }: CheckResult["findings"][number]) {
  const named = (list: { name: string; src?: Src }[]) => list.find((x) => x.name === subject)?.src;
  switch (kind) {
    case "never_reached":
      return named([...model.reachable, ...(model.liveness ?? [])]);
    case "never_at_rest":
      return named(model.atRest);
    case "no_initial_state":
      return undefined;
    case "label_never_fired":
      return model.actors
        .flatMap((a) => a.steps.map((s) => ({ name: `${a.name}.${s.label}`, src: s.src })))
        .find((step) => step.name === subject)?.src;
  }
}

/** `1 finding`, `2 findings`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
