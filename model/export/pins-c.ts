/**
 * C for LTSmin, over the interface that its `prom2lts-*` tools load from a `.spins` file: plain
 * functions, no LTSmin header needed to compile. One transition group per process, label and
 * choice; the guards are labels, so that LTSmin's partial-order reduction can use them.
 *
 * One slot more than the model: `violation`, set by a failed assertion, with everything else as
 * it was.
 */
import type { Model } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { conjunct, infix } from "./infix.ts";
import { commentText } from "./names.ts";
import { slotsRead } from "./pins-access.ts";
import { assignText, expressions, labelNamer, nameAll } from "./pins-expr.ts";
import { type Group, groupsOf } from "./pins-groups.ts";
import { INTERFACE, PRELUDE } from "./pins-runtime.ts";
import { addStart, type Out, tables } from "./pins-tables.ts";
import { negation, simplify, unrollAll } from "./rewrite.ts";
import { type Claim, initialList, noDeadlock, systemOf, whenResting } from "./system.ts";
import type { Exported, ExportOptions } from "./types.ts";

export function exportPinsC(model: Model, options: ExportOptions): Exported {
  const system = systemOf(model);
  const initial = initialList(system, "LTSmin");
  if (!Array.isArray(initial)) return initial;
  const naming = nameAll(system);
  const groups = groupsOf(system, naming);
  const out: Out = { ...groups, system, naming, labels: [], rules: [], initial };
  if (system.open) addStart(out);
  const claims = claimLabels(out);
  const steps = out.groups.flatMap((group, i) => groupFunction(group, i, out));
  const lines = [
    ...head(options, out),
    PRELUDE,
    ...slotLines(out),
    "",
    ...valueLines(out),
    "",
    ...labelFunction(out),
    "",
    ...FAIL,
    "",
    ...steps,
    ...stepSwitch(out),
    "",
    ...tables(out),
    "",
    INTERFACE,
  ];
  return {
    files: [{ name: `${options.name}.c`, text: `${lines.join("\n")}\n` }],
    refusals: [],
    extra: {
      states: system.open ? 1 : 0,
      transitions: system.open ? initial.length : 0,
    },
    claims: Object.fromEntries(claims),
  };
}

function head(options: ExportOptions, { system, rules, labels }: Out): string[] {
  const lib = `${options.name}.spins`;
  const reach = labels.filter((l) => l.name.startsWith("reach_")).map((l) => l.name);
  return [
    "/*",
    ...[
      ...options.header,
      "",
      `gcc -O2 -shared -fPIC -o ${lib} ${options.name}.c`,
      `prom2lts-mc --strategy=bfs --state=tree -i 'all_hold' ${lib}`,
      `prom2lts-mc --por=heur -d -i 'violation == 0' ${lib}`,
      `mpirun -np 4 prom2lts-dist --mpi -i 'all_hold' ${lib}`,
      "",
      "all_hold: no assertion failed, every property holds, no deadlock. Each one is a label, too.",
      "The second command has fewer states: with -d LTSmin finds deadlocks itself, reduced or not.",
      ...(reach.length
        ? [`Is an event reachable? -i '!${reach[0]}': a violation is the answer yes.`]
        : []),
      ...rules.map((rule, i) => `violation = ${i + 1}: ${rule}`),
      ...(system.open
        ? ["The first state is none of the model's: from it all initial states."]
        : []),
    ].map((line) => ` * ${commentText(line)}`.trimEnd()),
    " */",
  ];
}

/** The states of `s` and `n` differ in the violation only. */
const FAIL = [
  "static inline void fail(const int *s, int *n, int rule)",
  "{",
  "  copy(n, s, violation + 1);",
  "  n[violation] = rule;",
  "}",
];

function slotLines({ naming }: Out): string[] {
  const names = [...naming.bases].map(([slot, name]) => `  ${name} = ${slot},`);
  return [
    "/* Where the variables begin. */",
    "enum {",
    ...names,
    `  violation = ${naming.violation}`,
    "};",
  ];
}

function valueLines({ naming }: Out): string[] {
  return [...naming.enums.values(), ...naming.labels.values()]
    .filter((values) => values.length > 0)
    .map((values) => `enum { ${values.join(", ")} };`);
}

/** The claims as labels; the result says which label is which claim. */
function claimLabels(out: Out): Map<string, string> {
  const { system, naming } = out;
  const namer = labelNamer(naming.slots);
  const names = new Map<string, string>();
  const add = (name: string, claim: Claim, cond = claim.cond): string => {
    const expr = simplify(unrollAll(cond, claim.scope), claim.scope);
    const dialect = expressions(naming, claim.scope, "s");
    const reads = slotsRead(expr, claim.scope, undefined);
    const text = conjunct(expr, dialect);
    const { start } = out;
    for (const slot of start?.guard.reads ?? []) reads.add(slot);
    const free = start ? `${start.guard.text} || ${text}` : text;
    out.labels.push({ name, text: free, reads, comment: claim.text });
    return name;
  };
  for (const c of system.always) names.set(add(namer.take(c.name), c), `always ${c.name}`);
  const deadlock: Claim = { ...system.stuck, text: "no deadlock", cond: noDeadlock(system) };
  names.set(add(namer.take("no_deadlock"), deadlock), "deadlock deadlock");
  for (const c of system.atRest) {
    names.set(add(namer.take(c.name), c, whenResting(system, c)), `atRest ${c.name}`);
  }
  const all = out.labels.map((l) => `(${l.text})`).join(" && ");
  const reads = new Set([naming.violation, ...out.labels.flatMap((l) => [...l.reads])]);
  const text = `s[violation] == 0 && ${all}`;
  out.labels.push({ name: "all_hold", text, reads, comment: "everything that must hold" });
  add("end_", system.resting);
  for (const c of system.reachable) {
    names.set(add(namer.take(`reach_${c.name}`), c), `reachable ${c.name}`);
  }
  return names;
}

function labelFunction({ guards, labels }: Out): string[] {
  const all = [...guards.map((g) => ({ ...g, comment: "" })), ...labels];
  return [
    "static int label(const int *s, int l)",
    "{",
    "  switch (l) {",
    ...all.flatMap(({ text, comment }, i) => [
      ...(comment ? [`  /* ${commentText(comment)} */`] : []),
      `  case ${i}: return ${text};`,
    ]),
    "  }",
    "  return 0;",
    "}",
  ];
}

function groupFunction(group: Group, number: number, out: Out): string[] {
  const body = group.body.flatMap((action) => statement(action, group, out));
  return [
    `/* ${commentText(group.name)}: ${commentText(group.step.step.text)} */`,
    `static void step_${number}(const int *s, int *n)`,
    "{",
    ...(body.some((line) => line.includes("fail(s, n")) ? [] : ["  (void)s;"]),
    ...body.map((line) => `  ${line}`),
    "}",
    "",
  ];
}

function statement(action: Action, group: Group, out: Out): string[] {
  const { naming } = out;
  const dialect = expressions(naming, group.scope, "n", group.process);
  switch (action.kind) {
    case "assign":
      return [assignText(action.target, action.value, dialect)];
    case "jump": {
      const label = naming.labels.get(group.process.actor.name)?.[action.to];
      return [`n[${naming.bases.get(group.process.pc)}] = ${label};`];
    }
    case "check": {
      const cond = infix(negation(action.cond), dialect);
      const rule = `${action.violation} ${action.rule}`;
      if (!out.rules.includes(rule)) out.rules.push(rule);
      const comment = commentText(`${action.rule}: ${action.text}`);
      return [
        `/* ${comment} */`,
        `if (${cond}) { fail(s, n, ${out.rules.indexOf(rule) + 1}); return; }`,
      ];
    }
    case "if": {
      const inside = (body: Action[]): string[] =>
        body.flatMap((a) => statement(a, group, out)).map((line) => `  ${line}`);
      const no = action.no.length > 0 ? ["} else {", ...inside(action.no)] : [];
      return [`if (${infix(action.cond, dialect)}) {`, ...inside(action.yes), ...no, "}"];
    }
    case "each":
    case "assume":
      throw new Error(`${action.kind} in a ground branch`);
  }
}

function stepSwitch({ groups }: Out): string[] {
  return [
    "static void step(int g, const int *s, int *n)",
    "{",
    "  switch (g) {",
    ...groups.map((_, i) => `  case ${i}: step_${i}(s, n); break;`),
    "  default: break;",
    "  }",
    "}",
  ];
}
