import { diffArrays } from "diff";
import { printStep } from "../../model/ir/index.ts";
import { type Edit, repairsOf } from "../../model/mutation/index.ts";
import { type Command, countOf, type Input } from "../args.ts";
import { effectOf, tasksOf } from "../edits.ts";
import { fail } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { LIMITS, limitsOf } from "../limits.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { progressLine, showCount } from "../progress.ts";
import { type Limits, type Searcher, startSearcher } from "../search.ts";

/** Changed schemes that are built on, when one edit is not enough. */
const BEAM = 8;

export const repairCommand: Command = {
  name: "repair",
  summary: "search small edits that make a violated scheme hold",
  usage: "SPEC [--config NAME] [--variant NAME] [options]",
  details: [
    "Edits: take a lock one step earlier or release it one step later, put a step under a lock of",
    "the model, check again under a lock what was checked before it, exchange two locks, wait for",
    "a lock that is only tried, write-lock for read-lock, hold a reference while a name is used.",
    "",
    "Each is searched completely with all properties of the spec; one edit first, then two. With",
    `two, only those ${BEAM} first edits are built on that let the scheme go wrong latest.`,
    "A repair holds in the model; whether the kernel can take that lock there is not asked.",
    "Exit code 0 when a repair was found, 1 when there is none, 3 when a limit was hit first.",
  ].join("\n"),
  options: {
    config: { value: "NAME", help: "configuration (default: the variant's, or the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    edits: { value: "1|2", help: "edits at most (default: 1)" },
    number: { value: "N", help: "stop after N repairs (default: 5)" },
    ...LIMITS,
  },
  args: { min: 1, max: 1 },
  run: repair,
};

interface Repairs {
  task: Task;
  limits: Limits;
  /** Repairs to stop at. */
  wanted: number;
  found: { edits: Edit[]; states: number }[];
  /** Edited schemes that do not hold, and the steps of their shortest violations. */
  failed: { edits: Edit[]; steps: number }[];
  incomplete: number;
}

async function repair(input: Input): Promise<number> {
  const path = findSpec(input.args[0] as string);
  const { tasks } = await prepare([path], selectionOf(input.values), { typecheck: false });
  const task = tasks[0] as Task;
  const most = countOf(input, "edits") ?? 1;
  if (most > 2) fail(`--edits ${most}`, "give 1 or 2");
  const wanted = countOf(input, "number") ?? 5;
  const repairs = { task, limits: limitsOf(input), wanted, found: [], failed: [], incomplete: 0 };
  const progress = progressLine(process.stderr);
  const searcher = startSearcher((searched, p) => progress.update(searched.stem, p));
  try {
    const code = await search(repairs, searcher, most);
    progress.clear();
    process.stdout.write(reportOf(repairs));
    return code;
  } finally {
    progress.clear();
    await searcher.close();
  }
}

async function search(repairs: Repairs, searcher: Searcher, most: number): Promise<ExitCode> {
  const { task, limits, found, failed } = repairs;
  const asItIs = effectOf(await searcher.run(task, limits));
  if (asItIs.kind === "nothing") found.push({ edits: [], states: asItIs.states });
  else await tryEdits(repairs, searcher, []);
  if (most === 2) {
    const latest = [...failed].sort((a, b) => b.steps - a.steps).slice(0, BEAM);
    for (const { edits } of latest) await tryEdits(repairs, searcher, edits);
  }
  if (searcher.interrupted()) return EXIT.interrupted;
  if (found.length > 0) return EXIT.ok;
  return repairs.incomplete > 0 ? EXIT.incomplete : EXIT.violation;
}

/** Every edit on top of these, until there are repairs enough. */
async function tryEdits(repairs: Repairs, searcher: Searcher, before: Edit[]): Promise<void> {
  const { task, limits, wanted, found, failed } = repairs;
  for (const edit of repairsOf(before.at(-1)?.model ?? task.model)) {
    if (searcher.interrupted() || found.length >= wanted) return;
    const edits = [...before, edit];
    const [edited] = tasksOf(task, [edit]);
    const effect = effectOf(await searcher.run(edited as Task, limits));
    if (effect.kind === "nothing") found.push({ edits, states: effect.states });
    else if (effect.kind === "unknown") repairs.incomplete++;
    // Who can't do anything any more does nothing wrong: that is no repair.
    else failed.push({ edits, steps: effect.kind === "breaks" ? effect.steps : 0 });
  }
}

function nameOf({ spec, variant, config }: Task): string {
  return `${spec.name}${variant ? `.${variant}` : ""} (${config})`;
}

function reportOf({ task, found, failed, incomplete, wanted }: Repairs): string {
  if (found[0]?.edits.length === 0) return `${nameOf(task)} holds: there is nothing to repair\n`;
  const notes = [
    `${showCount(found.length + failed.length + incomplete)} edits tried`,
    found.length === 0 ? "none makes it hold" : `${found.length} make it hold`,
    ...(found.length >= wanted ? [`stopped at ${wanted}`] : []),
    ...(incomplete > 0 ? [`${incomplete} incomplete`] : []),
  ];
  const lines = [`${nameOf(task)}: ${notes.join(", ")}`];
  found.forEach(({ edits, states }, i) => {
    const what = edits.map((e) => `${e.kind}, ${e.actor}.${e.label}: ${e.subject}`).join("; ");
    lines.push("", `${i + 1}. ${what}`, `   holds, ${showCount(states)} states`);
    lines.push(...changeLines(task, edits));
  });
  return `${lines.join("\n")}\n`;
}

/** The changed actor, before and after, as a diff of its steps. */
function changeLines({ model }: Task, edits: Edit[]): string[] {
  const last = edits.at(-1) as Edit;
  return [...new Set(edits.map((e) => e.actor))].flatMap((name) => {
    const [before, after] = [model, last.model].map((m) => {
      const actor = m.actors.find((a) => a.name === name);
      return actor?.steps.flatMap((s) => printStep(s, m, actor).split("\n")) ?? [];
    });
    const changed = diffArrays(before ?? [], after ?? []).filter((c) => c.added || c.removed);
    return changed.flatMap(({ added, value }) => {
      const shown = value.filter((line) => !line.includes("/* lock_held_on_exit:"));
      return shown.map((line) => `   ${added ? "+" : "-"} ${line}`);
    });
  });
}
