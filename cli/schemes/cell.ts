/** The verdict on one claim of one scheme: derived from searches that were promoted. */
import { isHarmless, type LockOrder } from "../../checker/index.ts";
import type { Problem } from "../errors.ts";
import {
  type ConfigExpectation,
  type RunExpectation,
  SCHEME,
  type SpecExpectation,
} from "../expect/format.ts";
import { didYouMean } from "../suggest.ts";
import { type Cell, type Evidence, PREDICTIONS } from "./format.ts";

/** A spec with what was promoted of it, by its name in {@link Promoted}. */
export interface PromotedSpec extends SpecExpectation {
  /** The folder it stands in, as shown. */
  folder: string;
}

export type Promoted = ReadonlyMap<string, PromotedSpec>;

export interface Piece {
  evidence: Evidence;
  spec: PromotedSpec;
  run: RunExpectation;
  sizes: Record<string, number>;
  holds: boolean;
  /** Where this is what the evidence is. */
  lockOrder?: LockOrder;
}

export type Verdict = "holds" | "violated" | "conditional" | "na" | "open";

export interface Judged {
  cell: Cell;
  verdict: Verdict;
  pieces: Piece[];
}

type Refuse = (problem: Pick<Problem, "message" | "fix">) => undefined;

/** Undefined after `refuse` was told what is wrong. */
export function judgeCell(cell: Cell, promoted: Promoted, refuse: Refuse): Judged | undefined {
  const { predicted, evidence, na, open, differs } = cell;
  if (!PREDICTIONS.includes(predicted)) {
    return refuse({
      message: `predicted is "${predicted}"`,
      fix: didYouMean(predicted, PREDICTIONS),
    });
  }
  if ([evidence, na, open].filter((given) => given !== undefined).length !== 1) {
    return refuse({ message: "it needs one of evidence, na and open, and no second one" });
  }
  if ((evidence ?? na ?? open)?.length === 0) return refuse({ message: "it is empty" });
  const pieces = (evidence ?? []).map((e) => pieceOf(e, promoted, refuse));
  if (!pieces.every((p) => p !== undefined)) return undefined;
  const verdict = na !== undefined ? "na" : open !== undefined ? "open" : verdictOf(pieces);
  if (verdict === "conditional" && !pieces.some(({ evidence }) => evidence.under)) {
    const fix = 'give the pieces that hold an "under": the assumption that they make';
    return refuse({ message: "some pieces hold and some do not, and none says under what", fix });
  }
  if (contradicts(verdict, predicted) !== (differs !== undefined)) {
    const message = `the verdict is ${verdict}, predicted was ${predicted}`;
    const fix = differs ? 'remove "differs"' : 'say in "differs" who was wrong, and why';
    return refuse({ message, fix });
  }
  return { cell, verdict, pieces };
}

function verdictOf(pieces: Piece[]): Verdict {
  if (pieces.every((p) => !p.holds)) return "violated";
  return pieces.every((p) => p.holds && !p.evidence.under) ? "holds" : "conditional";
}

const ANSWERS: readonly string[] = ["holds", "violated", "conditional"];

/** An answer where none was predicted is no contradiction, and none is no answer. */
export function contradicts(verdict: Verdict, predicted: string): boolean {
  return ANSWERS.includes(verdict) && ANSWERS.includes(predicted) && verdict !== predicted;
}

/** No circle of lock classes that lockdep knows or that deadlocks, no sleep in atomic context. */
export const LOCK_ORDER = "lock order";

/** What every search looks for, in whatever spec. */
const ALWAYS_CLAIMED = ["deadlock", "starvation", "range", "unset"];

function pieceOf(evidence: Evidence, promoted: Promoted, refuse: Refuse): Piece | undefined {
  const { config, variant, property } = evidence;
  const spec = promoted.get(evidence.spec);
  if (!spec) return refuse(missing("spec", evidence.spec, promoted.keys()));
  const configured = spec.configs[config];
  const inSpec = ` in ${evidence.spec}`;
  if (!configured) return refuse(missing("configuration", config, keys(spec.configs), inSpec));
  const run = configured.runs[variant];
  if (!run) {
    return refuse(missing("variant", variant, keys(configured.runs), `${inSpec}, ${config}`));
  }
  const where = `${evidence.spec}, ${config}${variant === SCHEME ? "" : `, ${variant}`}`;
  const piece = { evidence, spec, run, sizes: configured.sizes };
  if (property === LOCK_ORDER) {
    const lockOrder = lockOrderOf(configured, variant, run, where, refuse);
    if (!lockOrder) return undefined;
    return { ...piece, lockOrder, holds: Object.values(lockOrder.cycles).every(isHarmless) };
  }
  const holds = run.verdict === "holds" || breaksOnlyLater(run.verdict, property, spec);
  if (!holds && run.verdict !== `violated ${property}`) {
    const said = `${where} came to "${run.verdict}", which says nothing about ${property}`;
    return refuse({ message: said });
  }
  const claimed = [...keys(spec.properties), ...ALWAYS_CLAIMED];
  if (holds && !claimed.includes(property)) {
    return refuse(missing("claim", property, claimed, inSpec));
  }
  if (spec.properties[property]?.startsWith("reachable")) {
    return refuse({ message: `${property} of ${evidence.spec} is something to reach, no claim` });
  }
  return { ...piece, holds };
}

/**
 * Is what was violated only asked about when this claim was found to hold? First all states are
 * searched, then come the claims about infinite runs, then partial deadlocks, and starvation last.
 */
function breaksOnlyLater(verdict: string, property: string, { properties }: PromotedSpec): boolean {
  const rank = (name: string): number => {
    if (name === "starvation") return 3;
    if (properties[name]?.startsWith("liveness")) return 1;
    return name === "deadlock" ? 2 : 0;
  };
  const broken = rank(verdict.replace("violated ", ""));
  return (broken === 1 || broken === 3) && rank(property) < broken;
}

function lockOrderOf(
  { lock_order }: ConfigExpectation,
  variant: string,
  run: RunExpectation,
  where: string,
  refuse: Refuse,
): LockOrder | undefined {
  const found = lock_order?.[variant];
  if (found?.model === run.model) return found;
  const message = found
    ? `the lock order of ${where} was promoted of another model`
    : `no lock order of ${where} was promoted`;
  return refuse({ message, fix: "mmrace promote: of schemes and variants it is kept" });
}

const keys = Object.keys;

function missing(kind: string, name: string, known: Iterable<string>, where = "") {
  return {
    message: `no ${kind} "${name}" was promoted${where}`,
    fix: didYouMean(name, [...known]),
  };
}
