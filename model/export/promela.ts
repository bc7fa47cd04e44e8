/**
 * Promela, for SPIN (Holzmann, "The SPIN Model Checker", 2003).
 *
 * All state is global, one process per process of the model, each a single loop over guarded
 * `d_step`s with an explicit pc: the states of SPIN are then exactly the states of the model.
 * Properties are checked by a monitor whose guards are true only in a violating state, so that it
 * adds no state either.
 */
import type { Model, State } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { type Branch, paramValues } from "./branches.ts";
import { conjunct, infix } from "./infix.ts";
import { type Ground, groundBranches } from "./instances.ts";
import { commentText } from "./names.ts";
import { assignText, expressions, initLine, negated } from "./promela-expr.ts";
import { type Naming, nameAll, type Variable } from "./promela-names.ts";
import { unrollAll } from "./rewrite.ts";
import {
  type ActorView,
  type Claim,
  initialList,
  type StepView,
  type System,
  systemOf,
} from "./system.ts";
import { type Exported, type ExportOptions, refused } from "./types.ts";

/** SPIN runs at most this many processes; two of them are ours. */
const MAX_PROCESSES = 253;

export function exportPromela(model: Model, options: ExportOptions): Exported {
  const system = systemOf(model);
  const initial = initialList(system, "SPIN");
  if (!Array.isArray(initial)) return initial;
  if (system.layout.processes.length > MAX_PROCESSES) {
    const text = `SPIN runs at most ${MAX_PROCESSES + 2} processes`;
    return refused("number of processes", "actors", text);
  }
  const naming = nameAll(system);
  const lines = [
    ...head(options, system),
    ...declarations(system, naming),
    ...system.actors.flatMap((actor) => ["", ...proctype(actor, naming)]),
    ...(system.open ? ["", ...startProcess(initial, system, naming)] : []),
    "",
    ...monitor(system, naming),
  ];
  return {
    files: [{ name: `${options.name}.pml`, text: `${lines.join("\n")}\n` }],
    refusals: [],
    extra: {
      states: system.open ? 1 : 0,
      transitions: system.open ? initial.length + 1 : 1,
    },
    claims: Object.fromEntries([...naming.claims].map(([key, name]) => [name, key])),
  };
}

function head(options: ExportOptions, system: System): string[] {
  const file = `${options.name}.pml`;
  const notes = system.open
    ? ["The process `start` picks one of the initial states: one state more than the model has."]
    : [];
  const reach = system.reachable.length
    ? ["Is an event reachable? spin -a -DREACH_..., see the monitor: the error is the answer yes."]
    : [];
  return [
    "/*",
    ...[
      ...options.header,
      "",
      `spin -o1 -o2 -o3 -a ${file}`,
      "gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c",
      "./pan -m10000000 -n",
      "",
      "Deadlocks are found by the monitor, therefore every loop is labelled as a valid end.",
      "SPIN counts one transition more than the model has, for the initial state.",
      ...notes,
      ...reach,
    ].map((line) => ` * ${commentText(line)}`.trimEnd()),
    " */",
  ];
}

function declarations(system: System, naming: Naming): string[] {
  const { shared, locals, pcs } = naming;
  const lines: string[] = [];
  for (const { name, values } of naming.enums) {
    lines.push("", `/* ${name} */`, ...values.map((v, i) => `#define ${v} ${i}`));
  }
  for (const view of system.actors) {
    const labels = naming.labels.get(view.decl.name) ?? [];
    lines.push("", `/* Where ${commentText(view.decl.name)} stands. */`);
    lines.push(...labels.map((label, i) => `#define ${label} ${i}`));
    const me = naming.me.get(view.decl.name);
    if (me) lines.push(`#define ${me} (_pid - ${view.first - 1})`);
  }
  lines.push("", ...[...shared.values()].map((v) => declare(v)));
  for (const view of system.actors) {
    lines.push("", declare(pcs.get(view.decl.name) as Variable));
    for (const v of locals.get(view.decl.name)?.values() ?? []) lines.push(declare(v));
  }
  const checks = [...naming.claims.values()];
  lines.push("", "/* Never set: the names of what must hold, for SPIN's messages. */");
  return [...lines, ...checks.map((name) => `hidden byte ${name};`)];
}

function declare({ name, type, count, init, doc }: Variable): string {
  const size = count === 1 ? "" : `[${count}]`;
  const first = init === 0 ? "" : ` = ${init}`;
  const comment = doc ? ` /* ${commentText(doc)} */` : "";
  return `${type} ${name}${size}${first};${comment}`;
}

function proctype(view: ActorView, naming: Naming): string[] {
  const { decl } = view;
  const options = view.steps.flatMap((step) => stepOptions(view, step, naming));
  const doc = decl.doc ? [`/* ${commentText(decl.doc)} */`] : [];
  return [
    ...doc,
    `active [${view.last - view.first + 1}] proctype ${naming.proctypes.get(decl.name)}()`,
    "{",
    "end:",
    "  do",
    ...(options.some((line) => line.startsWith("  ::")) ? [] : ["  :: false -> skip"]),
    ...options,
    "  od",
    "}",
  ];
}

function stepOptions(view: ActorView, step: StepView, naming: Naming): string[] {
  const comment = `  /* ${step.step.label}: ${commentText(step.step.text)} */`;
  const options = step.branches.flatMap((branch) => branchOptions(view, step, branch, naming));
  return [comment, ...options];
}

function branchOptions(view: ActorView, step: StepView, branch: Branch, naming: Naming): string[] {
  const many = branch.params.some((p) => paramValues(branch.scope, p).length > 1);
  return groundBranches(branch).flatMap((ground) => {
    const chosen = ground.chosen.join(", ");
    const note = many || branch.names.length ? [`  /* ${commentText(chosen)} */`] : [];
    return [...note, ...groundOption(view, step, ground, naming)];
  });
}

function groundOption(view: ActorView, step: StepView, ground: Ground, naming: Naming): string[] {
  const dialect = expressions(naming, ground.scope, "step");
  const label = (naming.labels.get(view.decl.name) ?? [])[step.position];
  const guard = [
    `${pcText(view, naming)} == ${label}`,
    ...ground.guard.map((e) => conjunct(e, dialect)),
  ];
  const body = statements(ground.body, view, ground, naming);
  return [
    `  :: d_step { ${guard.join(" && ")} ->`,
    ...body.map((line) => `       ${line}`),
    "     }",
  ];
}

function pcText(view: ActorView, naming: Naming): string {
  const pc = (naming.pcs.get(view.decl.name) as Variable).name;
  const me = naming.me.get(view.decl.name);
  return me ? `${pc}[${me}]` : pc;
}

/** Promela's semicolons separate: none after the last one. */
function statements(body: Action[], view: ActorView, ground: Ground, naming: Naming): string[] {
  const blocks = body.map((action) => statement(action, view, ground, naming));
  return blocks.flatMap((lines, i) =>
    i === blocks.length - 1 ? lines : [...lines.slice(0, -1), `${lines[lines.length - 1]};`],
  );
}

function statement(action: Action, view: ActorView, ground: Ground, naming: Naming): string[] {
  const dialect = expressions(naming, ground.scope, "step");
  switch (action.kind) {
    case "assign":
      return [assignText(action.target, action.value, dialect)];
    case "jump": {
      const label = (naming.labels.get(view.decl.name) ?? [])[action.to];
      return [`${pcText(view, naming)} = ${label}`];
    }
    case "check": {
      const name = naming.claims.get(`${action.violation} ${action.rule}`);
      return [`if :: ${negated(action.cond, dialect)} -> assert(${name}) :: else fi`];
    }
    case "if": {
      const arm = (body: Action[]): string[] =>
        body.length === 0 ? ["skip"] : statements(body, view, ground, naming);
      return [
        "if",
        `:: ${infix(action.cond, dialect)} ->`,
        ...arm(action.yes).map((line) => `     ${line}`),
        ":: else ->",
        ...arm(action.no).map((line) => `     ${line}`),
        "fi",
      ];
    }
    case "each":
    case "assume":
      throw new Error(`${action.kind} in a ground branch`);
  }
}

/** SPIN starts in one state; from it, this process goes to each initial state of the model. */
function startProcess(initial: State[], system: System, naming: Naming): string[] {
  const options = initial.map((state) => {
    const sets = initLine(state, system, naming);
    return `  :: d_step { ${naming.unborn} -> ${sets.join("; ")} }`;
  });
  const none = ["  :: false -> skip"];
  return [
    `active proctype ${naming.start}()`,
    "{",
    "end:",
    "  do",
    ...(options.length ? options : none),
    "  od",
    "}",
  ];
}

function monitor(system: System, naming: Naming): string[] {
  const text = (claim: Claim): string => {
    const dialect = expressions(naming, claim.scope, "property");
    return conjunct(unrollAll(claim.cond, claim.scope), dialect);
  };
  const not = (claim: Claim): string => {
    const dialect = expressions(naming, claim.scope, "property");
    return negated(unrollAll(claim.cond, claim.scope), dialect);
  };
  const born = system.open ? `!(${naming.unborn}) && ` : "";
  const name = (key: string): string => naming.claims.get(key) as string;
  const resting = text(system.resting);
  const lines = system.always.flatMap((claim) => [
    ...(claim.text === claim.name ? [] : [`  /* ${commentText(claim.text)} */`]),
    `  :: d_step { ${born}${not(claim)} -> assert(${name(`always ${claim.name}`)}) }`,
  ]);
  lines.push(
    `  :: ${born}timeout && ${not(system.resting)} -> assert(${name("deadlock deadlock")})`,
  );
  for (const claim of system.atRest) {
    const bad = `${born}timeout && ${resting} && ${not(claim)}`;
    lines.push(`  /* ${commentText(claim.text)} */`);
    lines.push(`  :: ${bad} -> assert(${name(`atRest ${claim.name}`)})`);
  }
  for (const claim of system.reachable) {
    const reach = name(`reachable ${claim.name}`);
    lines.push(`#ifdef ${reach}`);
    lines.push(`  :: d_step { ${born}${text(claim)} -> assert(false) }`, "#endif");
  }
  return [`active proctype ${naming.monitor}()`, "{", "end:", "  do", ...lines, "  od", "}"];
}
