/**
 * TLA+, for TLC (Lamport, "Specifying Systems", 2002).
 *
 * One action per label. Members of scalarsets are model values, enum values are strings,
 * processes are numbers. Deadlock is an invariant, because processes that are done or idle may
 * stand still; a failed assertion is a step that sets the variable `violation`.
 */
import { type Cells, initialValue, type Model, memberBounds } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { infix } from "./infix.ts";
import { commentText, identifier } from "./names.ts";
import { symmetricSets } from "./symmetry.ts";
import { type Claim, noDeadlock, type System, systemOf, whenResting } from "./system.ts";
import { type ActionContext, stepDefinition } from "./tla-action.ts";
import { bullets, indent, writerFor } from "./tla-expr.ts";
import { constantText, memberSet, type Naming, nameAll } from "./tla-names.ts";
import { refusedRuns, runClaimLines, specLines } from "./tla-progress.ts";
import type { Exported, ExportOptions } from "./types.ts";

export function exportTla(model: Model, options: ExportOptions): Exported {
  const system = systemOf(model);
  const naming = nameAll(system);
  const refusal = refusedRuns(system);
  if (refusal) return refusal;
  const rules = rulesOf(system);
  const variables = [
    ...naming.shared.values(),
    "pc",
    ...[...naming.locals.values()].flatMap((m) => [...m.values()]),
  ];
  const cx: ActionContext = { system, naming, variables, rules };
  const module = identifier(options.name);
  const claims = new Map([...naming.claims, ...naming.runs].map(([key, name]) => [name, key]));
  for (const [key, rule] of rules) claims.set(rule, key);
  return {
    files: [
      { name: `${module}.tla`, text: `${moduleLines(module, options, cx).join("\n")}\n` },
      { name: `${module}.cfg`, text: `${configLines(options, cx).join("\n")}\n` },
    ],
    refusals: [],
    extra: { states: 0, transitions: 0 },
    claims: Object.fromEntries(claims),
  };
}

/** `kind rule` of every check to its name in the variable `violation`. */
function rulesOf(system: System): Map<string, string> {
  const rules = new Map<string, string>();
  const collect = (body: Action[]): void => {
    for (const action of body) {
      if (action.kind === "check") {
        rules.set(
          `${action.violation} ${action.rule}`,
          commentText(action.rule).replace(/["\\]/g, "'"),
        );
      }
      if (action.kind === "if") collect([...action.yes, ...action.no]);
      if (action.kind === "each") collect(action.body);
    }
  };
  for (const view of system.actors) {
    for (const step of view.steps) for (const b of step.branches) collect(b.body);
  }
  return rules;
}

function moduleLines(module: string, options: ExportOptions, cx: ActionContext): string[] {
  const title = `---- MODULE ${module} ----`;
  return [
    title,
    ...[
      ...options.header,
      "",
      `java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -workers auto ${module}.tla`,
      "",
      "TLC counts initial states among the states it generates; the others are transitions.",
    ].map((line) => `\\* ${commentText(line)}`.trimEnd()),
    "EXTENDS Integers, FiniteSets, TLC",
    "",
    ...sets(cx),
    "",
    ...variableLines(cx),
    "",
    ...initLines(cx),
    "",
    ...stepLines(cx),
    "",
    ...claimLines(cx),
    "=".repeat(title.length),
  ];
}

function sets({ naming, system }: ActionContext): string[] {
  const members = [...naming.sets.values()].flatMap((s) => s.members);
  const lines: string[] = [];
  if (naming.sets.size > 0) {
    lines.push(`CONSTANTS ${[naming.none, ...members].join(", ")} \\* model values`, "");
  }
  for (const decl of system.model.scalarsets) {
    const named = naming.sets.get(decl.name);
    if (!named) continue;
    let first = 0;
    for (const c of decl.classes) {
      const name = named.classes.get(c.name);
      const part = named.members.slice(first, first + c.size);
      if (name) lines.push(`${name} == {${part.join(", ")}}`);
      first += c.size;
    }
    lines.push(`${named.set} == {${named.members.join(", ")}}`);
  }
  for (const e of system.model.enums) {
    lines.push(`${naming.enums.get(e.name)} == {${e.values.map((v) => `"${v}"`).join(", ")}}`);
  }
  for (const { decl, first, last } of system.actors) {
    lines.push(`${naming.pids.get(decl.name)} == ${first}..${last}`);
  }
  const groups = symmetryGroups(system, naming);
  const permutations = groups.map((set) => `Permutations(${set})`).join(" \\cup ");
  return groups.length > 0 ? [...lines, `Symmetry == ${permutations}`] : lines;
}

/** Sets with two members or more that nothing tells apart. */
function symmetryGroups(system: System, naming: Naming): string[] {
  const symmetric = symmetricSets(system);
  return system.model.scalarsets.flatMap((decl) => {
    const named = naming.sets.get(decl.name);
    if (!named || !symmetric.has(decl.name)) return [];
    return decl.classes
      .filter((c) => c.size > 1)
      .map((c) => named.classes.get(c.name) ?? named.set);
  });
}

function variableLines({ naming, system, variables, rules }: ActionContext): string[] {
  const docs = new Map<string, string>();
  for (const v of system.model.shared) docs.set(naming.shared.get(v.name) ?? "", v.doc ?? "");
  for (const { decl } of system.actors) {
    for (const v of decl.locals) {
      docs.set(naming.locals.get(decl.name)?.get(v.name) ?? "", v.doc ?? "");
    }
  }
  const all = rules.size > 0 ? [...variables, "violation"] : variables;
  const lines = all.map((name, i) => {
    const doc = docs.get(name);
    const comma = i < all.length - 1 ? "," : "";
    return `  ${name}${comma}${doc ? ` \\* ${commentText(doc)}` : ""}`;
  });
  const violates = [
    "",
    "\\* A failed assertion: nothing else changes.",
    `Violates(rule) == violation' = rule /\\ UNCHANGED <<${variables.join(", ")}>>`,
  ];
  return [
    "VARIABLES",
    ...lines,
    "",
    `vars == <<${all.join(", ")}>>`,
    ...(rules.size > 0 ? violates : []),
  ];
}

function initLines(cx: ActionContext): string[] {
  const { naming, system } = cx;
  const items = [...system.layout.shared].map(([key, cells]) => [
    `${naming.shared.get(key)} ${firstValue(cells, undefined, cx)}`,
  ]);
  const p = naming.namer.inner().take("p");
  const labels = system.actors.map(({ decl }) => {
    const first = decl.steps[0]?.label ?? "done";
    return `${p} \\in ${naming.pids.get(decl.name)} -> "${first}"`;
  });
  const processes = `1..${naming.processes}`;
  items.push([`pc = [${p} \\in ${processes} |-> CASE ${labels.join(" [] ")}]`]);
  for (const { decl } of system.actors) {
    const pids = naming.pids.get(decl.name);
    const position = system.model.actors.indexOf(decl);
    for (const [key, cells] of system.layout.locals[position] ?? []) {
      items.push([`${naming.locals.get(decl.name)?.get(key)} ${firstValue(cells, pids, cx)}`]);
    }
  }
  if (cx.rules.size > 0) items.push(['violation = ""']);
  for (const claim of system.assume) {
    items.push([infix(claim.cond, writerFor(claim.scope, naming, system).dialect)]);
  }
  return ["Init ==", ...indent(bullets("/\\", items), 2)];
}

/** `= value` or `\in set`; a local is a function over the processes `pids`. */
function firstValue(cells: Cells, pids: string | undefined, cx: ActionContext): string {
  const { naming, system } = cx;
  const { decl } = cells;
  const domains = decl.index.map((d) => memberSet(d, naming));
  if (decl.init.kind === "any") {
    const set = [...(pids ? [pids] : []), ...domains].reduceRight(
      (inner, domain) => `[${domain} -> ${inner}]`,
      memberSet(decl.domain, naming),
    );
    return `\\in ${set}`;
  }
  const text = (cell: number): string =>
    constantText(decl.domain, initialValue(cells, cell) ?? 0, naming, system);
  const values = Array.from({ length: cells.count }, (_, i) => text(i));
  const namer = naming.namer.inner();
  const binds = decl.index.map(() => namer.take("i"));
  const inner = values.every((v) => v === values[0])
    ? (values[0] ?? text(0))
    : `CASE ${values.map((v, i) => `${caseText(cells, i, binds, cx)} -> ${v}`).join(" [] ")}`;
  const array = domains.reduceRight(
    (body, domain, i) => `[${binds[i]} \\in ${domain} |-> ${body}]`,
    inner,
  );
  return `= ${pids ? `[${namer.take("p")} \\in ${pids} |-> ${array}]` : array}`;
}

function caseText(cells: Cells, cell: number, binds: string[], cx: ActionContext): string {
  let rest = cell;
  const tests = [...cells.decl.index.entries()].reverse().map(([i, domain]) => {
    const { lo, hi } = memberBounds(cx.system.model, domain);
    const size = hi - lo + 1;
    const value = constantText(domain, lo + (rest % size), cx.naming, cx.system);
    rest = Math.floor(rest / size);
    return `${binds[i]} = ${value}`;
  });
  return tests.reverse().join(" /\\ ");
}

function stepLines(cx: ActionContext): string[] {
  const { naming, system } = cx;
  const lines: string[] = [];
  for (const view of system.actors) {
    if (view.decl.doc) lines.push(`\\* ${commentText(view.decl.doc)}`, "");
    for (const step of view.steps) {
      lines.push(`\\* ${commentText(step.step.text)}`, ...stepDefinition(view, step, cx), "");
    }
    const actions = [...(naming.steps.get(view.decl.name)?.values() ?? [])];
    const any = actions.map((name) => [`${name}(self)`]);
    lines.push(`${naming.actions.get(view.decl.name)}(self) ==`);
    lines.push(...indent(any.length > 0 ? bullets("\\/", any) : ["FALSE"], 2), "");
  }
  const next = system.actors.map(({ decl }) => [
    `\\E self \\in ${naming.pids.get(decl.name)} : ${naming.actions.get(decl.name)}(self)`,
  ]);
  return [...lines, "Next ==", ...indent(bullets("\\/", next), 2), "", ...specLines(cx)];
}

function claimLines(cx: ActionContext): string[] {
  const { naming, system, rules } = cx;
  const define = (key: string, claim: Claim, cond = claim.cond): string[] => [
    ...(claim.text === claim.name ? [] : [`\\* ${commentText(claim.text)}`]),
    `${naming.claims.get(key)} ==`,
    `  ${infix(cond, writerFor(claim.scope, naming, system).dialect)}`,
    "",
  ];
  const deadlock: Claim = {
    ...system.stuck,
    text: "Somebody can move, or everybody is done or idle.",
    cond: noDeadlock(system),
  };
  const reach = system.reachable.length
    ? ["\\* Events that should be seen: as an INVARIANT, the counterexample shows one."]
    : [];
  const not = (claim: Claim) => ({ kind: "not" as const, arg: claim.cond });
  return [
    ...(rules.size > 0 ? ['NoViolation == violation = ""', ""] : []),
    ...system.always.flatMap((c) => define(`always ${c.name}`, c)),
    ...define("deadlock deadlock", deadlock),
    ...system.atRest.flatMap((c) => define(`atRest ${c.name}`, c, whenResting(system, c))),
    ...reach,
    ...system.reachable.flatMap((c) => define(`reachable ${c.name}`, c, not(c))),
    ...runClaimLines(cx),
  ];
}

function configLines(options: ExportOptions, cx: ActionContext): string[] {
  const { naming, system, rules } = cx;
  const values = [...naming.sets.values()].flatMap((s) => s.members);
  const constants = naming.sets.size > 0 ? [naming.none, ...values] : [];
  const claims = [...naming.claims].filter(([key]) => !key.startsWith("reachable "));
  const events = [...naming.claims].filter(([key]) => key.startsWith("reachable "));
  const symmetry = naming.runs.size === 0 && symmetryGroups(system, naming).length > 0;
  return [
    "SPECIFICATION Spec",
    ...(constants.length > 0 ? ["CONSTANTS", ...constants.map((c) => `  ${c} = ${c}`)] : []),
    ...(rules.size > 0 ? ["INVARIANT NoViolation"] : []),
    ...claims.map(([, name]) => `INVARIANT ${name}`),
    ...events.map(([, name]) => `\\* INVARIANT ${name}`),
    ...[...naming.runs.values()].map((name) => `PROPERTY ${name}`),
    "\\* Deadlock is the invariant NoDeadlock.",
    "CHECK_DEADLOCK FALSE",
    ...(symmetry ? [`${options.symmetry ? "" : "\\* "}SYMMETRY Symmetry`] : []),
  ];
}
