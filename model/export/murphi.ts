/**
 * Murphi, for Rumur and CMurphi (Dill, "The Murphi verification system", 1996).
 *
 * One rule per branch, named after actor and label. A scalarset stays one when nothing names its
 * members. Deadlock is an invariant of the text, because processes that are done or idle may
 * stand still.
 */
import { type Cells, initialValue, type Model, type State } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import type { Branch } from "./branches.ts";
import { conjunct, infix } from "./infix.ts";
import {
  assignLines,
  binding,
  constantText,
  indexTexts,
  type Writer,
  writerFor,
} from "./murphi-expr.ts";
import { memberType, type Naming, nameAll, processLegend, valueType } from "./murphi-names.ts";
import { commentText, quotedText } from "./names.ts";
import type { Scope } from "./scope.ts";
import {
  type ActorView,
  type Claim,
  initialList,
  noDeadlock,
  type StepView,
  type System,
  systemOf,
  whenResting,
} from "./system.ts";
import type { Exported, ExportOptions } from "./types.ts";

interface Out {
  system: System;
  naming: Naming;
  functions: string[];
  claims: Map<string, string>;
}

export function exportMurphi(model: Model, options: ExportOptions): Exported {
  const system = systemOf(model);
  const initial = initialList(system, "Murphi");
  if (!Array.isArray(initial)) return initial;
  const out: Out = { system, naming: nameAll(system), functions: [], claims: new Map() };
  const rules = system.actors.flatMap((view) => ["", ...actorRules(view, out)]);
  const claims = claimLines(out);
  const starts = startLines(initial, out);
  const lines = [
    ...head(options, out),
    "",
    ...typeLines(out),
    "",
    ...varLines(out),
    "",
    ...out.functions,
    ...starts,
    ...rules,
    "",
    ...claims,
  ];
  return {
    files: [{ name: `${options.name}.m`, text: `${lines.join("\n")}\n` }],
    refusals: [],
    extra: { states: 0, transitions: 0 },
    claims: Object.fromEntries(out.claims),
  };
}

function head(options: ExportOptions, { system, naming }: Out): string[] {
  const file = `${options.name}.m`;
  const ranges = [...naming.sets].filter(([, s]) => !s.proper).map(([name]) => name);
  const notes = ranges.length
    ? [`Not symmetric here, therefore numbers from 1 with 0 for none: ${ranges.join(", ")}.`]
    : [];
  return [
    ...options.header,
    "",
    `rumur --symmetry-reduction off --deadlock-detection off --output ${options.name}.c ${file}`,
    `gcc -O2 -std=c11 -march=native -o ${options.name} ${options.name}.c -lpthread`,
    `./${options.name}`,
    "",
    "With --symmetry-reduction heuristic there are fewer states: one per orbit of the scalarsets.",
    "Deadlock is an invariant below. A cover that is not hit counts as an error in Rumur.",
    `Processes: ${processLegend(system)}.`,
    ...notes,
  ].map((line) => `-- ${commentText(line)}`.trimEnd());
}

function typeLines({ system, naming }: Out): string[] {
  const lines = ["type"];
  for (const { type, values } of naming.enums.values()) {
    lines.push(`  ${type}: enum { ${values.join(", ")} };`);
  }
  for (const set of system.model.scalarsets) {
    const named = naming.sets.get(set.name);
    const size = set.classes.reduce((sum, c) => sum + c.size, 0);
    if (!named) continue;
    if (named.proper) lines.push(`  ${named.type}: scalarset(${size});`);
    else lines.push(`  ${named.type}: 1..${size};`, `  ${named.orNone}: 0..${size};`);
  }
  for (const { decl, first, last } of system.actors) {
    lines.push(`  ${naming.instances.get(decl.name)}: ${first}..${last};`);
    const labels = (naming.labels.get(decl.name) ?? []).join(", ");
    lines.push(`  ${naming.labelTypes.get(decl.name)}: enum { ${labels} };`);
  }
  return lines;
}

function varLines({ system, naming }: Out): string[] {
  const lines = ["var"];
  const declare = (name: string, cells: Cells, owner: string): void => {
    const arrays = cells.decl.index.map((d) => `array[${memberType(d, naming)}] of `).join("");
    const doc = cells.decl.doc ? ` -- ${commentText(cells.decl.doc)}` : "";
    lines.push(`  ${name}: ${owner}${arrays}${valueType(cells.decl.domain, naming)};${doc}`);
  };
  for (const [key, cells] of system.layout.shared) {
    declare(naming.shared.get(key) ?? "", cells, "");
  }
  for (const { decl } of system.actors) {
    const owner = `array[${naming.instances.get(decl.name)}] of `;
    lines.push(`  ${naming.pcs.get(decl.name)}: ${owner}${naming.labelTypes.get(decl.name)};`);
    const position = system.model.actors.indexOf(decl);
    for (const [key, cells] of system.layout.locals[position] ?? []) {
      declare(naming.locals.get(decl.name)?.get(key) ?? "", cells, owner);
    }
  }
  return lines;
}

/** Closed variables get their first values in a procedure, open ones in each start state. */
function startLines(initial: State[], out: Out): string[] {
  const { system, naming } = out;
  const lines = [`procedure ${naming.reset}();`, "begin"];
  const scope: Scope = { layout: system.layout, actor: undefined, binds: new Map() };
  for (const [key, cells] of system.layout.shared) {
    lines.push(...firstValues(naming.shared.get(key) ?? "", cells, out, scope));
  }
  for (const { decl } of system.actors) {
    const self = naming.namer.inner().take("p");
    const position = system.model.actors.indexOf(decl);
    const inside = [
      `${naming.pcs.get(decl.name)}[${self}] := ${naming.labels.get(decl.name)?.[0]};`,
    ];
    for (const [key, cells] of system.layout.locals[position] ?? []) {
      const name = `${naming.locals.get(decl.name)?.get(key)}[${self}]`;
      inside.push(...firstValues(name, cells, out, scope).map((l) => l.trim()));
    }
    lines.push(`  for ${self}: ${naming.instances.get(decl.name)} do`);
    lines.push(...inside.map((l) => `    ${l}`), "  end;");
  }
  lines.push("end;", "");
  initial.forEach((state, i) => {
    const sets = openValues(state, out, scope).map((line) => ` ${line}`);
    lines.push(`startstate "start ${i + 1}" begin ${naming.reset}();${sets.join("")} end;`);
  });
  return lines;
}

function firstValues(name: string, cells: Cells, out: Out, scope: Scope): string[] {
  const values = Array.from({ length: cells.count }, (_, i) => initialValue(cells, i) ?? cells.lo);
  const { domain, index } = cells.decl;
  const set = (cell: string, value: number): string => {
    const isNone = domain.kind === "scalarset" && value === 0;
    if (isNone && out.naming.sets.get(domain.name)?.proper) return `undefine ${cell};`;
    return `${cell} := ${constantText(domain, value, out.naming)};`;
  };
  if (values.length === 0) return [];
  if (values.some((v) => v !== values[0])) {
    return cellTexts(name, cells, out, scope).map((cell, i) => `  ${set(cell, values[i] ?? 0)}`);
  }
  const namer = out.naming.namer.inner();
  const loops = index.map((d) => [namer.take("i"), memberType(d, out.naming)] as const);
  const cell = name + loops.map(([bind]) => `[${bind}]`).join("");
  const open = loops.map(([bind, type]) => `for ${bind}: ${type} do `).join("");
  return [`  ${open}${set(cell, values[0] ?? 0)}${" end;".repeat(loops.length)}`];
}

/** The cells of a variable, row-major. */
function cellTexts(name: string, cells: Cells, out: Out, scope: Scope): string[] {
  return cells.decl.index.reduce(
    (done: string[], domain) =>
      done.flatMap((text) =>
        indexTexts(domain, out.naming, scope).map((index) => `${text}[${index}]`),
      ),
    [name],
  );
}

function openValues(state: State, out: Out, scope: Scope): string[] {
  const { system, naming } = out;
  const put = (name: string, cells: Cells, at: number): string[] => {
    if (cells.decl.init.kind !== "any") return [];
    return cellTexts(name, cells, out, scope).map(
      (cell, i) =>
        `${cell} := ${constantText(cells.decl.domain, state[at + i] as number, naming)};`,
    );
  };
  const sets = [...system.layout.shared].flatMap(([key, cells]) =>
    put(naming.shared.get(key) ?? "", cells, cells.offset),
  );
  for (const p of system.layout.processes) {
    for (const [key, cells] of system.layout.locals[p.actorIndex] ?? []) {
      const name = `${naming.locals.get(p.actor.name)?.get(key)}[${p.pid}]`;
      sets.push(...put(name, cells, p.pc + 1 + cells.offset));
    }
  }
  return sets;
}

function actorRules(view: ActorView, out: Out): string[] {
  const { decl } = view;
  const rules = view.steps.flatMap((step) => [
    `  -- ${step.step.label}: ${commentText(step.step.text)}`,
    ...step.branches.flatMap((branch) => rule(view, step, branch, out)),
  ]);
  const doc = decl.doc ? [`-- ${commentText(decl.doc)}`] : [];
  if (!view.steps.some((s) => s.branches.length > 0)) return [...doc, ...rules];
  return [...doc, `ruleset self: ${out.naming.instances.get(decl.name)} do`, ...rules, "end;"];
}

function rule(view: ActorView, step: StepView, branch: Branch, out: Out): string[] {
  const { naming } = out;
  let writer = writerFor(branch.scope, naming, out.functions);
  const params = branch.params.map((param) => {
    const inner = binding(writer, param.name);
    writer = inner.writer;
    return `ruleset ${inner.name}: ${memberType(param.domain, naming)} do`;
  });
  const pc = `${naming.pcs.get(view.decl.name)}[self]`;
  const here = naming.labels.get(view.decl.name)?.[step.position];
  const guard = [`${pc} = ${here}`, ...branch.guard.map((e) => conjunct(e, writer.dialect))];
  const name = [view.decl.name, step.step.label, ...branch.names].join(" ");
  const body = branch.body.flatMap((action) => statement(action, view, writer, out));
  return [
    ...params.map((line) => `  ${line}`),
    `  rule ${quotedText(name)}`,
    `    ${guard.join(" & ")}`,
    "  ==> begin",
    ...body.map((line) => `    ${line}`),
    "  end;",
    ...params.map(() => "  end;"),
  ];
}

function statement(action: Action, view: ActorView, writer: Writer, out: Out): string[] {
  const { naming } = out;
  const indented = (body: Action[], inner: Writer): string[] =>
    body.flatMap((a) => statement(a, view, inner, out)).map((line) => `  ${line}`);
  switch (action.kind) {
    case "assign":
      return assignLines(action.target, action.value, writer);
    case "jump": {
      const label = naming.labels.get(view.decl.name)?.[action.to];
      return [`${naming.pcs.get(view.decl.name)}[self] := ${label};`];
    }
    case "check": {
      const text = quotedText(`${action.rule}: ${action.text}`);
      out.claims.set(text.slice(1, -1), `${action.violation} ${action.rule}`);
      return [`assert ${conjunct(action.cond, writer.dialect)} ${text};`];
    }
    case "if": {
      const yes = indented(action.yes, writer);
      const no = action.no.length > 0 ? ["else", ...indented(action.no, writer)] : [];
      return [`if ${infix(action.cond, writer.dialect)} then`, ...yes, ...no, "end;"];
    }
    case "each": {
      const inner = binding(writer, action.bind);
      const head = `for ${inner.name}: ${memberType(action.over, naming)} do`;
      return [head, ...indented(action.body, inner.writer), "end;"];
    }
    case "assume":
      throw new Error("assume in a finished branch");
  }
}

function claimLines(out: Out): string[] {
  const { system } = out;
  const line = (word: string, key: string, claim: Claim, cond = claim.cond): string[] => {
    const writer = writerFor(claim.scope, out.naming, out.functions);
    const wish = quotedText(claim.name);
    const name = out.claims.has(wish.slice(1, -1)) ? quotedText(key) : wish;
    out.claims.set(name.slice(1, -1), key);
    return [
      ...(claim.text === claim.name ? [] : [`-- ${commentText(claim.text)}`]),
      `${word} ${name}`,
      `  ${infix(cond, writer.dialect)};`,
    ];
  };
  const deadlock: Claim = {
    name: "deadlock",
    text: "somebody can move, or everybody is done or idle",
    cond: noDeadlock(system),
    scope: system.stuck.scope,
  };
  return [
    ...system.always.flatMap((c) => line("invariant", `always ${c.name}`, c)),
    ...line("invariant", "deadlock deadlock", deadlock),
    ...system.atRest.flatMap((c) =>
      line("invariant", `atRest ${c.name}`, c, whenResting(system, c)),
    ),
    ...system.reachable.flatMap((c) => line("cover", `reachable ${c.name}`, c)),
  ];
}
