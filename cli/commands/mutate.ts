import { type Edit, type EditKind, MUTATIONS, mutationsOf } from "../../model/mutation/index.ts";
import type { Command, Input } from "../args.ts";
import { draw } from "../draw-files.ts";
import { effectOf, tasksOf } from "../edits.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { SCHEME } from "../expect/format.ts";
import { expectFileOf, readExpectations } from "../expect/review.ts";
import { staleIn } from "../expect/survivors.ts";
import { prepareFolder } from "../files.ts";
import type { Outcome } from "../judge.ts";
import { LIMITS, limitsOf, RUNNING, runningOf } from "../limits.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import {
  type Judged,
  mutationJson,
  mutationTable,
  neededIn,
  questionsIn,
} from "../reporters/mutations.ts";
import { runTasks } from "../run.ts";
import { didYouMean } from "../suggest.ts";

export const mutateCommand: Command = {
  name: "mutate",
  summary: "is each lock, check, wait and reference of a spec needed? take it away and see",
  usage: "SPEC [--config NAME] [--variant NAME] [options]",
  details: [
    "Each mutation takes one piece of protection away from one actor:",
    "",
    "  drop lock        not taken, not released",
    "  read for write   an rw_semaphore is taken for reading",
    "  take later       the first step of a section happens before it",
    "  release earlier  the last step of a section happens behind it",
    "  swap locks       two locks taken one after the other, in the other order",
    "  try, and go on   trylock, and on without the lock when it is taken",
    "  ignore check     `if (...) goto` falls through",
    "  do not wait      somebody else's work is not waited for",
    "  set_seq outside  mmu_interval_set_seq() before the driver's lock is taken",
    "  no reference     a counter is neither raised nor lowered",
    "",
    "All properties of the spec are searched. A mutation that breaks none is redundant in this",
    "model: the protection is not needed, or the model lacks the actor, the size or the claim",
    "that needs it. Exit code 1 when there are such questions, 3 when a limit was hit. A step that",
    "expect.json knows as never taken is no question: nothing can depend on it. Any other answer",
    "goes by hand into expect.json, into the entry of the spec, and is no question any more:",
    "",
    '  "survivors": { "{drop lock|take later}: *.mmap_read_lock": "the reason" }',
    "",
    "In the first configuration of the scheme an answer that fits no mutation, and one that fits a",
    "mutation that breaks something, is a finding with exit code 1, too.",
  ].join("\n"),
  options: {
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    kinds: { value: "LIST", help: 'of these kinds only: --kinds "drop lock,swap locks"' },
    actor: { value: "NAME", help: "of this actor only" },
    list: { help: "name the mutations, search nothing" },
    draw: { value: "DIR", help: "write the shortest trace of each that breaks something there" },
    json: { help: "one JSON document on standard output, and nothing else" },
    ...LIMITS,
    ...RUNNING,
  },
  args: { min: 1, max: 1 },
  run: mutate,
};

async function mutate(input: Input): Promise<number> {
  const { args, flags, values } = input;
  const path = findSpec(args[0] as string);
  const { tasks } = await prepare([path], selectionOf(values), { typecheck: false });
  const task = tasks[0] as Task;
  const all = mutationsOf(task.model);
  const edits = all.filter(wanted(input, task));
  if (flags.has("list")) {
    process.stdout.write(edits.map((e) => `${e.id}  ${e.subject}\n`).join(""));
    return EXIT.ok;
  }
  const folder = values.get("draw");
  if (folder !== undefined) prepareFolder(folder);
  const answers = answersOf(task, all);
  const judged: Judged[] = [];
  const onOutcome = async (outcome: Outcome): Promise<void> => {
    const edit = edits[judged.length];
    if (!edit) throw new Error("more outcomes than mutations");
    judged.push({ edit, effect: effectOf(outcome.result) });
    if (folder !== undefined) await draw(outcome, folder);
  };
  const limits = limitsOf(input);
  const run = await runTasks(tasksOf(task, edits), limits, onOutcome, runningOf(input));
  const report = { task, judged, planned: edits.length, ...answers };
  process.stdout.write(flags.has("json") ? mutationJson(report) : mutationTable(report));
  if (run.interrupted) return EXIT.interrupted;
  const wrong = [...questionsIn(report), ...report.stale, ...neededIn(report)];
  if (wrong.length > 0) return EXIT.violation;
  return judged.some((j) => j.effect.kind === "unknown") ? EXIT.incomplete : EXIT.ok;
}

/** What somebody has looked at: answers are of the scheme in its first configuration. */
function answersOf({ spec, config, variant }: Task, all: Edit[]) {
  const { survivors = {}, configs = {} } = readExpectations(expectFileOf(spec))?.[spec.name] ?? {};
  const never = configs[config]?.runs[variant || SCHEME]?.never ?? [];
  const isStrict = config === spec.configs[0]?.name && variant === "";
  const ids = all.map(({ id }) => id);
  return { survivors, never, isStrict, stale: isStrict ? staleIn(survivors, ids) : [] };
}

function wanted({ values }: Input, { model, spec }: Task) {
  const kinds = values.get("kinds")?.split(",").map(kindOf);
  const actor = values.get("actor");
  const names = model.actors.map((a) => a.name);
  if (actor !== undefined && !names.includes(actor)) {
    fail(`${spec.name} has no actor ${actor}`, didYouMean(actor, names));
  }
  return (edit: { kind: EditKind; actor: string }): boolean =>
    (!kinds || kinds.includes(edit.kind)) && (actor === undefined || edit.actor === actor);
}

function kindOf(text: string): EditKind {
  const found = MUTATIONS.find((kind) => kind === text.trim());
  return found ?? fail(`no mutations of the kind "${text.trim()}"`, didYouMean(text, MUTATIONS));
}
