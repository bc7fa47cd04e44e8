import type { Command } from "../args.ts";
import { EXIT } from "../exit-codes.ts";
import { prepareFolder } from "../files.ts";
import { staleFiles, startGallery, stored, writeGallery } from "../gallery.ts";
import { countOf, type Outcome } from "../judge.ts";
import { RUNNING, runningOf } from "../limits.ts";
import { findSpecs } from "../loader/find.ts";
import { prepare } from "../prepare.ts";
import { humanReporter } from "../reporters/human.ts";
import { codeOf, runTasks } from "../run.ts";
import { colorsFor } from "../terminal.ts";

/** Where the project keeps it. */
export const GALLERY = "counterexamples/gallery";

export const galleryCommand: Command = {
  name: "gallery",
  summary: "write the counterexamples of all bugs and mutants into one folder",
  usage: "[SPEC...] [--out DIR] [--check]",
  details: [
    "For each bug and mutant: .json, .txt, .dot, .svg; a page per scheme and a README. The same",
    "specs give the same bytes. Files of mutants that are gone are removed. Nothing is written",
    "unless every mutant violates what it must. --check takes the steps that are there once more,",
    "draws them, and compares; it searches only for models that have changed.",
  ].join("\n"),
  options: {
    out: { value: "DIR", help: `the folder (default: ${GALLERY})` },
    check: { help: "write nothing; exit code 1 when the folder is not up to date" },
    ...RUNNING,
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(input) {
    const { args, flags, values } = input;
    const folder = values.get("out") ?? GALLERY;
    const all = await prepare(findSpecs(args), { altered: "all" }, { typecheck: false });
    const tasks = all.tasks.filter((t) => t.breaks !== undefined);
    if (!flags.has("check")) prepareFolder(folder);
    const human = humanReporter(tasks, colorsFor(process.stdout, flags));
    const gallery = startGallery(tasks, folder);
    const known = flags.has("check") ? tasks.flatMap((t) => stored(t, folder) ?? []) : [];
    for (const seen of known) gallery.add(seen);
    const unknown = tasks.filter((t) => !known.some((seen) => seen.task === t));
    const onOutcome = (outcome: Outcome): void => {
      if (outcome.code === EXIT.ok) gallery.add(outcome);
      else process.stdout.write(human.row(outcome));
    };
    const run = await runTasks(unknown, {}, onOutcome, runningOf(input));
    const code = codeOf(run);
    if (code !== EXIT.ok) {
      process.stdout.write(human.tail(run.outcomes, unknown.length));
      return code;
    }
    const files = await gallery.files();
    const stale = staleFiles(files, folder);
    if (!flags.has("check")) {
      writeGallery(files, folder);
      process.stdout.write(`${folder}: ${countOf(stale.length, "file")} changed\n`);
      return EXIT.ok;
    }
    for (const name of stale) process.stderr.write(`${folder}/${name}: not up to date\n`);
    return stale.length > 0 ? EXIT.violation : EXIT.ok;
  },
};
