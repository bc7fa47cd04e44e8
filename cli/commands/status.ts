import type { Command, Input } from "../args.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readText, writeText } from "../files.ts";
import type { Outcome } from "../judge.ts";
import { RUNNING, runningOf } from "../limits.ts";
import { findSpecs } from "../loader/find.ts";
import { between } from "../markdown.ts";
import type { Selection } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { codeOf, runTasks } from "../run.ts";
import { briefText, statusText } from "../status.ts";
import { racesText, withoutSeconds } from "../upstream-races.ts";
import { GALLERY } from "./gallery.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "what holds and what each mutant breaks, as Markdown tables",
  usage: "[SPEC...] [--brief | --races] [--write FILE [--check]]",
  details: [
    "Covers the configurations of the tier ci with all bugs, mutants and variants. With --write,",
    "the tables replace what stands in FILE between <!-- status:begin --> and <!-- status:end -->,",
    "those of --races what stands between <!-- races:begin --> and <!-- races:end -->.",
  ].join("\n"),
  options: {
    write: { value: "FILE", help: "keep the tables in this file up to date" },
    brief: { help: "schemes other than upstream races, each in its first configuration" },
    races: { help: "the documented upstream races: one row for each bug" },
    check: { help: "write nothing; exit code 1 when FILE is not up to date" },
    ...RUNNING,
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  run: status,
};

async function status(input: Input): Promise<number> {
  const { args, flags, values } = input;
  const file = values.get("write");
  if (flags.has("check") && file === undefined) fail("--check without --write");
  if (flags.has("brief") && flags.has("races")) fail("--brief and --races exclude each other");
  const { marker, selection, of, text } = kindOf(flags, file);
  const old = file === undefined ? "" : readText(file);
  if (file !== undefined) between(old, marker, "", file);
  const { tasks } = await prepare(findSpecs(args), selection, { typecheck: false });
  const run = await runTasks(tasks.filter(of), {}, () => undefined, runningOf(input));
  const code = codeOf(run);
  if (code === EXIT.interrupted) return code;
  if (file === undefined) {
    process.stdout.write(text(run.outcomes));
    return code;
  }
  const updated = between(old, marker, text(run.outcomes), file);
  if (flags.has("check") && withoutSeconds(updated) !== withoutSeconds(old)) {
    process.stderr.write(`${file}: the ${marker} tables are not up to date\n`);
    return EXIT.violation;
  }
  if (updated !== old) writeText(file, updated);
  return code;
}

interface Kind {
  marker: string;
  selection: Selection;
  of: (task: Task) => boolean;
  text: (outcomes: Outcome[]) => string;
}

function kindOf(flags: ReadonlySet<string>, file = "README.md"): Kind {
  const is_race = ({ spec }: Task): boolean => spec.race !== undefined;
  if (flags.has("races")) {
    const text = (outcomes: Outcome[]) => racesText(outcomes, GALLERY, file);
    return { marker: "races", selection: { altered: "bugs" }, of: is_race, text };
  }
  if (flags.has("brief")) {
    const of = (task: Task): boolean => !is_race(task);
    return { marker: "status", selection: { altered: "none" }, of, text: briefText };
  }
  const selection = { tier: "ci" as const, altered: "all" as const };
  return { marker: "status", selection, of: () => true, text: statusText };
}
