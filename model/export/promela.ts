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
import { refusedOperator, runClaims } from "./progress.ts";
import { assignText, expressions, initLine, negated } from "./promela-expr.ts";
import { type Naming, nameAll, type Variable } from "./promela-names.ts";
import {
  MAX_STRONG,
  markStatements,
  observer,
  restOptions,
  runClaimLines,
  runDefines,
  strongPids,
} from "./promela-progress.ts";
import { unrollAll } from "./rewrite.ts";
import type { Scope } from "./scope.ts";
import {
  type ActorView,
  type Claim,
  initialList,
  type StepView,
  type System,
  systemOf,
} from "./system.ts";
import { type Exported, type ExportOptions, refused } from "./types.ts";

/** SPIN runs at most this many processes; three of them are ours. */
const MAX_PROCESSES = 252;

export function exportPromela(model: Model, options: ExportOptions): Exported {
  const system = systemOf(model);
  const initial = initialList(system, "SPIN");
  if (!Array.isArray(initial)) return initial;
  if (system.layout.processes.length > MAX_PROCESSES) {
    const text = `SPIN runs at most ${MAX_PROCESSES + 3} processes`;
    return refused("number of processes", "actors", text);
  }
  const claims = runClaims(system);
  const skips = "a run may stand still between two steps, so nothing is said of the very next one";
  const refusal = refusedOperator(claims, ["next"], skips);
  if (refusal) return refusal;
  const strong = strongPids(system);
  if (claims.length > 0 && strong.length > MAX_STRONG) {
    const text = `SPIN gets it in the formula, which is translated for ${MAX_STRONG} at most`;
    return refused(
      `strong fairness of ${strong.length} processes`,
      claims.map(nameOf).join(", "),
      text,
    );
  }
  const naming = nameAll(system);
  const lines = [
    ...head(options, system, naming),
    ...declarations(system, naming),
    ...runClaimLines(claims, system, naming),
    ...system.actors.flatMap((actor) => ["", ...proctype(actor, naming)]),
    ...(system.open ? ["", ...startProcess(initial, system, naming)] : []),
    "",
    ...(naming.runs ? [`#ifndef ${naming.runs.on}`] : []),
    ...monitor(system, naming),
    ...(naming.runs ? ["#endif"] : []),
    ...observer(system, naming),
  ];
  return {
    files: [{ name: `${options.name}.pml`, text: `${lines.join("\n")}\n` }],
    refusals: [],
    extra: {
      states: system.open ? 1 : 0,
      transitions: system.open ? initial.length + 1 : 1,
    },
    ...(naming.runs
      ? {
          runs: {
            flags: Object.fromEntries(naming.runs.flags),
            defines: runDefines(system, naming),
          },
        }
      : {}),
    claims: Object.fromEntries(
      [...naming.claims, ...(naming.runs?.claims ?? [])].map(([key, name]) => [name, key]),
    ),
  };
}

const nameOf = ({ name }: { name: string }): string => name;

function head(options: ExportOptions, system: System, naming: Naming): string[] {
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
      ...runNotes(file, system, naming),
    ].map((line) => ` * ${commentText(line)}`.trimEnd()),
    " */",
  ];
}

/** How to ask for claims about infinite runs. */
function runNotes(file: string, system: System, naming: Naming): string[] {
  const { runs } = naming;
  if (!runs) return [];
  const flags = [...runs.flags.values()].map((flag) => `-D${flag}`);
  return [
    "",
    `Infinite runs, one claim at a time (${flags.join(", ")}):`,
    `spin -o1 -o2 -o3 -a ${flags[0]} ${file}`,
    `gcc -O2 ${runDefines(system, naming).join(" ")} -o pan pan.c`,
    "./pan -a -f -m10000000 -n",
    "Without -DMA SPIN 6.5.2 may go round for ever in the states of its first search.",
    "Such a run has states of its own for the observer: only its verdict can be compared.",
    "Partial deadlocks are not asked here: they are not said of single runs.",
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
    ...restOptions(view, pcText(view, naming), naming),
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
  const place = { view, from: step.position, scope: ground.scope };
  const moves = naming.runs?.moves.get(view.decl.name);
  const body = [...(moves ? [`${moves};`] : []), ...statements(ground.body, place, naming)];
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

/** The step that statements belong to. */
interface Place {
  view: ActorView;
  from: number;
  scope: Scope;
}

/** Promela's semicolons separate: none after the last one. */
function statements(body: Action[], place: Place, naming: Naming): string[] {
  const blocks = body.map((action) => statement(action, place, naming));
  return blocks.flatMap((lines, i) =>
    i === blocks.length - 1 ? lines : [...lines.slice(0, -1), `${lines[lines.length - 1]};`],
  );
}

function statement(action: Action, place: Place, naming: Naming): string[] {
  const { view, from, scope } = place;
  const dialect = expressions(naming, scope, "step");
  switch (action.kind) {
    case "assign":
      return [assignText(action.target, action.value, dialect)];
    case "jump": {
      const label = (naming.labels.get(view.decl.name) ?? [])[action.to];
      const marks = markStatements(view, from, action.to, naming).map((text) => `${text};`);
      return [...marks, `${pcText(view, naming)} = ${label}`];
    }
    case "check": {
      const name = naming.claims.get(`${action.violation} ${action.rule}`);
      return [`if :: ${negated(action.cond, dialect)} -> assert(${name}) :: else fi`];
    }
    case "if": {
      const arm = (body: Action[]): string[] =>
        body.length === 0 ? ["skip"] : statements(body, place, naming);
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
