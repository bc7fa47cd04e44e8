/**
 * Claims about infinite runs in Promela. They are there only for the preprocessor: with
 * `-DCLAIM_NAME` there is a formula, a few bits that it looks at, and a process that sets them
 * back; without it the text is the one that counts states.
 *
 * SPIN's weak fairness (`-f`) is ours for a process that is owed a step whenever it has one. What
 * is owed less gets a step that changes nothing. The rest is in the formula: `calm` tells that no
 * finite process has moved since the observer last looked, `..._taken` that a process has; the
 * observer is weakly fair itself, so that a bit is set again and again exactly when the event
 * happens again and again.
 */
import { type ActorDecl, type Ltl, PROGRESS, RETRY } from "../ir/index.ts";
import { withoutConditionals } from "./conditional.ts";
import { infix } from "./infix.ts";
import { commentText } from "./names.ts";
import { marksOfJump, owedExpr, type RunClaim } from "./progress.ts";
import { expressions } from "./promela-expr.ts";
import type { Naming, RunNames } from "./promela-names.ts";
import { simplify, unrollAll } from "./rewrite.ts";
import { type ActorView, type Claim, claimOf, type System } from "./system.ts";

/** Each makes the formula longer; with three, its translation takes minutes. */
export const MAX_STRONG = 2;

/** Processes whose strong fairness must be said in the formula. */
export function strongPids(system: System): number[] {
  return system.actors.flatMap(({ decl, first, last }) => {
    if (decl.fairness !== "strong") return [];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/**
 * For gcc. SPIN's fairness counters hold four processes a byte. With -DMA states are kept in a
 * minimized automaton (exact); the bound is the length of a state, which SPIN packs a little
 * tighter.
 */
export function runDefines({ layout }: System, naming: Naming): string[] {
  const processes = layout.processes.length + 3;
  const fair = Math.ceil((processes + 3) / 4);
  const of = [naming.shared, naming.pcs, ...naming.locals.values()];
  const variables = of.flatMap((map) => [...map.values()]);
  const bytes = variables.reduce((sum, v) => sum + v.count * SIZE[v.type], 0);
  const state = 40 + fair + bytes + layout.processes.length + 8 * processes;
  return ["-DNOREDUCE", `-DNFAIR=${fair}`, `-DMA=${state}`, `-DVECTORSZ=${Math.max(1024, state)}`];
}

const SIZE = { bool: 1, byte: 1, short: 2, int: 4 };

/** Bits, macros and formulas; after the variables, before the processes. */
export function runClaimLines(claims: RunClaim[], system: System, naming: Naming): string[] {
  const { runs } = naming;
  if (!runs) return [];
  const flags = claims.map((c) => `defined(${runs.flags.get(c.key)})`);
  const watched = system.actors.filter(({ decl }) => movesText(decl, naming) !== undefined);
  const fair = fairText(system, naming);
  return [
    "",
    "/* Claims about infinite runs, one at a time. */",
    `#if ${flags.join(" || ")}`,
    `#define ${runs.on}`,
    "/* What the formulas look at: set by steps, set back by the observer. */",
    ...bitsOf(system, naming).flatMap((b) => (b.declaration ? [`${b.declaration};`] : [])),
    ...watched.map(({ decl }) => `#define ${runs.moves.get(decl.name)} ${movesText(decl, naming)}`),
    ...(watched.length > 0 ? ["#else"] : []),
    ...watched.map(({ decl }) => `#define ${runs.moves.get(decl.name)} skip`),
    "#endif",
    ...claims.flatMap((claim) => claimLines(claim, fair, system, naming)),
  ];
}

interface Bit {
  declaration: string;
  /** True when there is something to set back. */
  pending: string;
  reset: string;
}

function bitsOf(system: System, { runs }: Naming): Bit[] {
  if (!runs) return [];
  const bit = (name: string): Bit => ({
    declaration: `bool ${name}`,
    pending: name,
    reset: `${name} = false`,
  });
  const taken = system.actors.flatMap(({ decl, first, last }): Bit[] => {
    const name = runs.taken.get(decl.name);
    if (!name) return [];
    if (first === last) return [bit(name)];
    const cells = Array.from({ length: last - first + 1 }, (_, i) => bit(`${name}[${i}]`));
    return cells.map((cell, i) => ({
      ...cell,
      declaration: i === 0 ? `bool ${name}[${cells.length}]` : "",
    }));
  });
  const calm: Bit = {
    declaration: `bool ${runs.calm} = true`,
    pending: `!${runs.calm}`,
    reset: `${runs.calm} = true`,
  };
  const finite = system.actors.some(({ decl }) => decl.finite);
  const marks = runs.retries.size > 0 ? [bit(runs.retried), bit(runs.progressed)] : [];
  return [...(finite ? [calm] : []), ...taken, ...marks];
}

/** What a step of the actor tells the observer; undefined when nobody asks. */
function movesText(decl: ActorDecl, naming: Naming): string | undefined {
  const { runs, me } = naming;
  if (!runs) return undefined;
  const taken = runs.taken.get(decl.name);
  const cell = me.has(decl.name) ? `${taken}[${me.get(decl.name)}]` : taken;
  const parts = [decl.finite ? `${runs.calm} = false` : "", taken ? `${cell} = true` : ""];
  return parts.filter(Boolean).join("; ") || undefined;
}

function claimLines(claim: RunClaim, fair: string[], system: System, naming: Naming): string[] {
  const runs = naming.runs as RunNames;
  const formula = formulaOf(claim, system, naming);
  const premise =
    fair.length > 0 ? `${fair.length > 1 ? `(${fair.join(" && ")})` : fair[0]} -> ` : "";
  const ltl = `ltl ${runs.claims.get(claim.key)} { ${premise}(${formula}) }`;
  const head = [`#ifdef ${runs.flags.get(claim.key)}`, `/* ${commentText(claim.text)} */`, ltl];
  if (claim.kind !== "starvation") return [...head, "#endif"];
  const names = runs.retries.get(claim.view.decl.name) as { retry: string; progress: string };
  const me = naming.me.get(claim.view.decl.name);
  const set = (bit: string): string => `${bit} = ${me ? `(${bit} || ${me} == 0)` : "true"}`;
  return [
    ...head,
    `#define ${names.retry} ${set(runs.retried)}`,
    `#define ${names.progress} ${set(runs.progressed)}`,
    "#else",
    `#define ${names.retry} skip`,
    `#define ${names.progress} skip`,
    "#endif",
  ];
}

function formulaOf(claim: RunClaim, system: System, naming: Naming): string {
  const atom = (c: Claim): string => {
    const born = system.open ? `!(${naming.unborn}) && ` : "";
    return `(${born}${conditionText(c, naming)})`;
  };
  switch (claim.kind) {
    case "eventually":
      return `<> ${atom(claim.cond)}`;
    case "always_eventually":
      return `[] <> ${atom(claim.cond)}`;
    case "leads_to":
      return `[] (${atom(claim.from)} -> <> ${atom(claim.cond)})`;
    case "ltl": {
      const text = ltlText(claim.formula, (name) => atom(claim.atoms.get(name) as Claim));
      return system.open ? `(${naming.unborn}) U (!(${naming.unborn}) && ${text})` : text;
    }
    case "starvation":
      return `([] <> ${naming.runs?.retried}) -> ([] <> ${naming.runs?.progressed})`;
  }
}

const UNARY = { not: "!", always: "[]", eventually: "<>" };
const BINARY = {
  and: "&&",
  or: "||",
  implies: "->",
  iff: "<->",
  until: "U",
  weak: "W",
  release: "V",
};

function ltlText(formula: Ltl, atom: (name: string) => string): string {
  switch (formula.kind) {
    case "const":
      return String(formula.value);
    case "atom":
      return atom(formula.name);
    case "next":
      throw new Error("next in Promela");
    case "not":
    case "always":
    case "eventually":
      return `${UNARY[formula.kind]} (${ltlText(formula.arg, atom)})`;
    default: {
      const [left, right] = [ltlText(formula.left, atom), ltlText(formula.right, atom)];
      return `((${left}) ${BINARY[formula.kind]} (${right}))`;
    }
  }
}

/** In formulas the arrow is an implication: conditional expressions can't be said there. */
function conditionText({ cond, scope }: Claim, naming: Naming): string {
  const plain = withoutConditionals(simplify(unrollAll(cond, scope), scope), scope);
  return `(${infix(plain, expressions(naming, scope, "property"))})`;
}

/** Assumptions that `-f` does not make. */
function fairText(system: System, naming: Naming): string[] {
  const { runs } = naming;
  if (!runs) return [];
  const finite = system.actors.some(({ decl }) => decl.finite);
  const strong = system.actors.flatMap((view) =>
    strongPids(system)
      .filter((pid) => pid >= view.first && pid <= view.last)
      .map((pid) => {
        const owed = claimOf("owed", "", owedExpr(view, pid), system.layout);
        const text = conditionText(owed, naming);
        if (view.decl.finite) return `(<> [] !${text})`;
        const name = runs.taken.get(view.decl.name);
        const bit = view.first === view.last ? name : `${name}[${pid - view.first}]`;
        return `(([] <> ${text}) -> ([] <> ${bit}))`;
      }),
  );
  return [...(finite ? [`(<> [] ${runs.calm})`] : []), ...strong];
}

/** Steps that change nothing, for a process that is not owed every step it has. */
export function restOptions({ decl }: ActorView, pc: string, naming: Naming): string[] {
  const { runs } = naming;
  if (!runs) return [];
  const labels = naming.labels.get(decl.name) ?? [];
  const idle = decl.steps.flatMap((s, i) => (s.idle ? [`${pc} == ${labels[i]}`] : []));
  const where = decl.fairness === "none" ? "true" : decl.finite ? idle.join(" || ") : "";
  if (where === "") return [];
  return [`#ifdef ${runs.on}`, `  :: d_step { ${where} -> skip }`, "#endif"];
}

/** Statements before the jump: what its marks tell the observer. */
export function markStatements(
  view: ActorView,
  from: number,
  to: number,
  naming: Naming,
): string[] {
  const names = naming.runs?.retries.get(view.decl.name);
  if (!names) return [];
  const bits = marksOfJump(view, from, to);
  return [...(bits & RETRY ? [names.retry] : []), ...(bits & PROGRESS ? [names.progress] : [])];
}

/** Sets the bits back; and lets a run stand still, where nobody is owed a step. */
export function observer(system: System, naming: Naming): string[] {
  const { runs } = naming;
  if (!runs) return [];
  const bits = bitsOf(system, naming);
  const pending = bits.map((b) => b.pending).join(" || ");
  const reset = bits.map((b) => b.reset).join("; ");
  const options = [
    ...(bits.length > 0 ? [`  :: d_step { ${pending} -> ${reset} }`] : []),
    `  :: d_step { ${bits.length > 0 ? `!(${pending})` : "true"} -> skip }`,
  ];
  const lines = [`active proctype ${runs.observer}()`, "{", "  do", ...options, "  od", "}"];
  return ["", `#ifdef ${runs.on}`, ...lines, "#endif"];
}
