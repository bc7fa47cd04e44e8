import { existsSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { Command, Input } from "../args.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readText, writeText } from "../files.ts";
import type { Outcome } from "../judge.ts";
import { RUNNING, runningOf } from "../limits.ts";
import { findSpecs, foldersOf } from "../loader/find.ts";
import { between } from "../markdown.ts";
import type { Selection } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { codeOf, runTasks } from "../run.ts";
import { schemeRows } from "../schemes/table.ts";
import { schemesBrief, schemesText } from "../schemes/text.ts";
import { briefText, statusText } from "../status.ts";
import { racesText, withoutSeconds } from "../upstream-races.ts";
import { GALLERY } from "./gallery.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "what holds and what each mutant breaks, as Markdown tables",
  usage: "[SPEC...] [--brief | --races | --schemes [--brief]] [--write FILE [--check]]",
  details: [
    "Covers the configurations of the tier ci with all bugs, mutants and variants. With --write,",
    "the tables replace what stands in FILE between <!-- status:begin --> and <!-- status:end -->,",
    "those of --races what stands between <!-- races:begin --> and <!-- races:end -->.",
    "",
    "--schemes searches nothing: it judges each scheme by the expect.json of the searches that the",
    "schemes.json beside the specs names, and tells every mistake in them (exit code 2).",
  ].join("\n"),
  options: {
    write: { value: "FILE", help: "keep the tables in this file up to date" },
    brief: { help: "schemes other than upstream races, each in its first configuration" },
    races: { help: "the documented upstream races: one row for each bug" },
    schemes: { help: "which claim each proposed scheme keeps; with --brief, as signs alone" },
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
  if (flags.has("races") && (flags.has("brief") || flags.has("schemes"))) {
    fail("--races goes with neither --brief nor --schemes");
  }
  const kind = kindOf(flags, file);
  const old = file === undefined ? "" : readText(file);
  if (file !== undefined) between(old, kind.marker, "", file);
  const { text, code } = kind.selection ? await searched(kind, input) : kind.read(args);
  if (code === EXIT.interrupted) return code;
  if (file === undefined) {
    process.stdout.write(text);
    return code;
  }
  const updated = between(old, kind.marker, text, file);
  if (!flags.has("check")) {
    if (updated !== old) writeText(file, updated);
    return code;
  }
  if (withoutSeconds(updated) === withoutSeconds(old)) return code;
  process.stderr.write(`${file}: the ${kind.marker} tables are not up to date\n`);
  return EXIT.violation;
}

interface Shown {
  text: string;
  code: number;
}

async function searched(kind: Searched, input: Input): Promise<Shown> {
  const { tasks } = await prepare(findSpecs(input.args), kind.selection, { typecheck: false });
  const run = await runTasks(tasks.filter(kind.of), {}, () => undefined, runningOf(input));
  return { text: kind.text(run.outcomes), code: codeOf(run) };
}

interface Searched {
  marker: string;
  selection: Selection;
  of: (task: Task) => boolean;
  text: (outcomes: Outcome[]) => string;
}

/** Tables of what was promoted. */
interface Read {
  marker: string;
  selection?: undefined;
  read: (args: string[]) => Shown;
}

function kindOf(flags: ReadonlySet<string>, file = "README.md"): Searched | Read {
  const is_race = ({ spec }: Task): boolean => spec.race !== undefined;
  if (flags.has("schemes")) {
    const read = (args: string[]) => ({ text: schemes(args, flags.has("brief"), file), code: 0 });
    return { marker: "schemes", read };
  }
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

/** Where the project keeps the table in full. */
const SCHEMES_PAGE = "docs/schemes.md";

function schemes(args: string[], brief: boolean, file: string): string {
  const rows = schemeRows(foldersOf(args));
  if (brief) return schemesBrief(rows, relative(dirname(file), SCHEMES_PAGE));
  return schemesText(rows, { file, gallery: GALLERY, exists: existsSync });
}
