/**
 * Fairness and claims about infinite runs in TLA+ (Lamport, "The temporal logic of actions",
 * 1994). A step that changes nothing is none there; where the model tells it from standing still,
 * the claim is refused.
 */
import { type Ltl, PROGRESS, RETRY } from "../ir/index.ts";
import { infix } from "./infix.ts";
import { commentText } from "./names.ts";
import {
  markedJumps,
  type RunClaim,
  refusedOperator,
  restingLabels,
  runClaims,
  selfJumps,
} from "./progress.ts";
import type { ActorView, Claim, System } from "./system.ts";
import type { ActionContext } from "./tla-action.ts";
import { bullets, indent, writerFor } from "./tla-expr.ts";
import { type Exported, refused } from "./types.ts";

/** A jump from a step to itself that is marked, of a finite process, or one of several choices. */
export function refusedRuns(system: System): Exported | undefined {
  const claims = runClaims(system);
  const why = "TLC can't tell it from standing still";
  for (const claim of claims) {
    if (claim.kind !== "starvation") continue;
    const { view } = claim;
    const marked = [...markedJumps(view, RETRY), ...markedJumps(view, PROGRESS)];
    const loop = marked.find(({ from, to }) => from === to);
    const place = `${view.decl.name}.${view.decl.steps[loop?.from ?? 0]?.label}`;
    if (loop) return refused("a marked jump from a step to itself", place, why);
  }
  const unknown = refusedOperator(claims, ["next", "until", "weak", "release"], "TLA+ has none");
  if (unknown || claims.length === 0) return unknown;
  for (const view of system.actors.filter((a) => a.decl.finite)) {
    const [label] = selfJumps(view).filter((l) => !restingLabels(view.decl).includes(l));
    const what = "a jump of a finite process from a step to itself";
    if (label) return refused(what, `${view.decl.name}.${label}`, why);
  }
  return system.actors.map((view) => refusedChoice(view, why)).find((refusal) => refusal);
}

/**
 * A process that may stay or go has taken a step when it stays; TLC, which sees no step, makes it
 * go. The same where it stays now and may go later, if that is to happen in the end (strong
 * fairness).
 */
function refusedChoice(view: ActorView, why: string): Exported | undefined {
  const { name, fairness } = view.decl;
  if (fairness === "none") return undefined;
  const staying = selfJumps(view);
  const found = view.steps.find(({ step, branches }) => {
    const chooses = branches.length > 1 || branches.some((b) => b.params.length > 0);
    return staying.includes(step.label) && (chooses || fairness === "strong");
  });
  const what = `a ${fairness === "strong" ? "strongly fair" : "fair"} choice to stay at a step`;
  return found && refused(what, `${name}.${found.step.label}`, why);
}

/** `Spec`, with what the scheduler owes when somebody asks. */
export function specLines({ naming, system }: ActionContext): string[] {
  const plain = "Spec == Init /\\ [][Next]_vars";
  const owed = naming.runs.size > 0 ? system.actors.flatMap((view) => fairness(view, naming)) : [];
  if (owed.length === 0) return [plain];
  const conditions = bullets(
    "/\\",
    owed.map((line) => [line]),
  );
  return ["Fairness ==", ...indent(conditions, 2), "", `${plain} /\\ Fairness`];
}

function fairness({ decl }: ActorView, naming: ActionContext["naming"]): string[] {
  const action = `${naming.actions.get(decl.name)}(self)`;
  const all = `\\A self \\in ${naming.pids.get(decl.name)} :`;
  const ends = decl.finite ? [`${all} <>[][~${action}]_vars`] : [];
  if (decl.fairness === "none") return ends;
  const sign = decl.fairness === "strong" ? "SF_vars" : "WF_vars";
  const labels = decl.steps.filter((s) => s.idle).map((s) => `"${s.label}"`);
  const where =
    decl.finite && labels.length > 0 ? `pc[self] \\notin {${labels.join(", ")}} /\\ ` : "";
  return [...ends, `${all} ${sign}(${where}${action})`];
}

export function runClaimLines(cx: ActionContext): string[] {
  return runClaims(cx.system).flatMap((claim) => [
    ...(claim.text === claim.name ? [] : [`\\* ${commentText(claim.text)}`]),
    `${cx.naming.runs.get(claim.key)} ==`,
    `  ${formula(claim, cx)}`,
    "",
  ]);
}

function formula(claim: RunClaim, cx: ActionContext): string {
  const atom = ({ cond, scope }: Claim): string =>
    `(${infix(cond, writerFor(scope, cx.naming, cx.system).dialect)})`;
  switch (claim.kind) {
    case "eventually":
      return `<>${atom(claim.cond)}`;
    case "always_eventually":
      return `[]<>${atom(claim.cond)}`;
    case "leads_to":
      return `${atom(claim.from)} ~> ${atom(claim.cond)}`;
    case "ltl":
      return ltlText(claim.formula, (name) => atom(claim.atoms.get(name) as Claim));
    case "starvation": {
      const { view } = claim;
      const [retry, progress] = [jumpText(view, RETRY), jumpText(view, PROGRESS)];
      // A mark may stand on a jump that no run takes.
      if (retry === "") return "TRUE";
      const never = `<>[][~(${retry})]_vars`;
      return progress === "" ? never : `${never} \\/ []<><<${progress}>>_vars`;
    }
  }
}

const SIGNS = { not: "~", always: "[]", eventually: "<>" };
const BINARY = { and: "/\\", or: "\\/", implies: "=>", iff: "<=>" };

function ltlText(formula: Ltl, atom: (name: string) => string): string {
  switch (formula.kind) {
    case "const":
      return formula.value ? "TRUE" : "FALSE";
    case "atom":
      return atom(formula.name);
    case "not":
    case "always":
    case "eventually":
      return `${SIGNS[formula.kind]}(${ltlText(formula.arg, atom)})`;
    case "and":
    case "or":
    case "implies":
    case "iff": {
      const [left, right] = [ltlText(formula.left, atom), ltlText(formula.right, atom)];
      return `((${left}) ${BINARY[formula.kind]} (${right}))`;
    }
    default:
      throw new Error(`${formula.kind} in TLA+`);
  }
}

/** What a marked step of the first process looks like. */
function jumpText(view: ActorView, mark: typeof RETRY | typeof PROGRESS): string {
  const { steps } = view.decl;
  const label = (at: number): string => `"${steps[at]?.label ?? "done"}"`;
  const pc = `pc[${view.first}]`;
  return markedJumps(view, mark)
    .map(({ from, to }) => `(${pc} = ${label(from)} /\\ pc'[${view.first}] = ${label(to)})`)
    .join(" \\/ ");
}
