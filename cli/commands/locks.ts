import {
  type LockCycle,
  type LockOrderEdge,
  type LockReport,
  lockReport,
} from "../../checker/index.ts";
import type { LockOrder } from "../../counterexamples/render/index.ts";
import { lockdepScenario, lockGraphToDot } from "../../counterexamples/render/index.ts";
import { replay } from "../../model/ir/index.ts";
import { type Command, countOf } from "../args.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { writeText } from "../files.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";

export const locksCommand: Command = {
  name: "locks",
  summary: "in which order a spec takes its locks, and what lockdep would say",
  usage: "SPEC [--config NAME] [--variant NAME] [options]",
  details: [
    "All interleavings are searched. For each cycle of lock classes three answers: would lockdep",
    "warn, is a deadlock reachable, and what lockdep cannot see.",
    "Exit code 1 when a deadlock is reachable or lockdep would warn, 3 when a limit was hit.",
  ].join("\n"),
  options: {
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    "max-states": { value: "N", help: "look at N states at most (default: 10M)" },
    dot: { value: "PATH", help: "write the graph of lock classes for Graphviz" },
    witness: { help: "the steps that lead to each order" },
  },
  args: { min: 1, max: 1 },
  async run(input) {
    const { args, flags, values } = input;
    const path = findSpec(args[0] as string);
    const { tasks } = await prepare([path], selectionOf(values), { typecheck: false });
    const task = tasks[0] as Task;
    const report = lockReport(task.model, countOf(input, "max-states"));
    process.stdout.write(textOf(task, report, flags.has("witness")));
    const dot = values.get("dot");
    if (dot !== undefined) writeText(dot, lockGraphToDot(report.edges.map(orderOf)));
    return codeOf(report);
  },
};

function codeOf({ edges, cycles, other, complete }: LockReport): ExitCode {
  const atomic = edges.some((e) => e.atomic);
  if (other || atomic || cycles.some((c) => c.warns || c.deadlock)) return EXIT.violation;
  return complete ? EXIT.ok : EXIT.incomplete;
}

function orderOf({ outer, inner, kinds, process, text, how }: LockOrderEdge): LockOrder {
  const example = `${process}: ${text}`;
  return { outer, inner, kinds, example, trylock: how === "trylock", wait: how === "wait" };
}

function textOf(task: Task, report: LockReport, witness: boolean): string {
  const { edges, cycles, other, states, complete } = report;
  const variant = task.variant ? `.${task.variant}` : "";
  const searched = complete ? `all ${states} states` : `${states} states, not all`;
  const lines = [`lock order of ${task.spec.name}${variant} (${task.config}): ${searched}`, ""];
  for (const edge of edges) {
    lines.push(`  ${edgeText(edge)}`);
    const moves = edge.witness?.moves ?? [];
    if (witness) lines.push(...moves.map((m) => `      ${m.process}: ${m.label}`));
  }
  if (edges.length === 0) lines.push("  no lock is taken while another one is held");
  for (const edge of edges.filter((e) => e.atomic)) lines.push("", ...atomicLines(edge));
  for (const cycle of cycles) lines.push("", ...cycleLines(task, cycle, report));
  if (other) {
    lines.push("", RULE, "processes wait for ever, on no cycle of locks: lockdep cannot see it");
    lines.push(RULE, scenario(task, report, other).trimEnd());
  }
  if (cycles.length === 0 && !other && !edges.some((e) => e.atomic)) {
    lines.push("", complete ? "no cycle, and nobody waits for ever" : "no cycle so far");
  }
  return `${lines.join("\n")}\n`;
}

const RULE = "-".repeat(70);

/** `mm.mmap_lock -> folio.lock  fault: folio_lock(folio)`, in the notation of lockdep. */
function edgeText({ outer, inner, process, text, how, seen }: LockOrderEdge): string {
  const notes = [how === "acquire" ? "" : how, seen || how === "trylock" ? "" : "not in lockdep"];
  const shown = notes.filter(Boolean).join(", ");
  return `${outer} --> ${inner}  ${process}: ${text}${shown ? `  [${shown}]` : ""}`;
}

/** As ___might_sleep() in kernel/sched/core.c begins. */
function atomicLines({ outer, inner, process, text }: LockOrderEdge): string[] {
  return [
    RULE,
    "BUG: sleeping function called from invalid context",
    RULE,
    `${process}: ${text}, which may sleep for ${inner}, holding ${outer}`,
  ];
}

function cycleLines(task: Task, cycle: LockCycle, report: LockReport): string[] {
  const { states, complete } = report;
  const { edges, warns, blind, deadlock } = cycle;
  const first = edges[0] as LockOrderEdge;
  const chain = [...edges.map((e) => e.outer), first.outer].join(" --> ");
  const number = (i: number): string => `-> #${edges.length - 1 - i}`;
  const taken = [...edges].reverse().map((e, i) => {
    return `${number(i)} (${e.inner}):  ${e.process}: ${e.text}, holding ${e.outer}`;
  });
  const last = deadlock?.moves.length;
  const searched = complete ? `no, in none of ${states} states` : "not found; not all was searched";
  return [
    RULE,
    edges.length === 1 ? `recursive locking: ${chain}` : `circular locking dependency: ${chain}`,
    RULE,
    ...taken,
    "",
    `lockdep would warn:     ${warns ? "yes" : "no"}`,
    `deadlock is reachable:  ${last === undefined ? searched : `yes, after ${last} steps`}`,
    `lockdep cannot see:     ${blind.length > 0 ? blind.join(", ") : "nothing of this"}`,
    ...(deadlock ? ["", scenario(task, report, deadlock).trimEnd()] : []),
  ];
}

/** The deadlock the way lockdep prints it, or who waits where. */
function scenario(
  { config, variant }: Task,
  { model }: LockReport,
  run: NonNullable<LockReport["other"]>,
): string {
  const trace = replay(model, config, variant, run.moves, undefined, run.start);
  const property = trace.violation?.property === "deadlock" ? "deadlock" : "partial_deadlock";
  const expected = { kind: "deadlock" as const, property };
  const stuck = replay(model, config, variant, run.moves, expected, run.start);
  return lockdepScenario(stuck) ?? stuck.violation?.text ?? "";
}
