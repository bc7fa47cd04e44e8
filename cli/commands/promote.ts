import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "../args.ts";
import { EXIT } from "../exit-codes.ts";
import type { Expectations } from "../expect/format.ts";
import { lockOrderDue, promoted } from "../expect/promote.ts";
import { expectFileOf, readExpectations } from "../expect/review.ts";
import { prepareFolder, readText, writeText } from "../files.ts";
import type { Outcome } from "../judge.ts";
import { LIMITS, limitsOf, RUNNING, runningOf, selectionFrom, TIERS } from "../limits.ts";
import { findSpecs } from "../loader/find.ts";
import type { LoadedSpec } from "../loader/load.ts";
import { prepare, type Task } from "../prepare.ts";
import { humanReporter } from "../reporters/human.ts";
import { codeOf, runTasks } from "../run.ts";
import { colorsFor } from "../terminal.ts";

const { variant: _, ...SIZES } = TIERS;

export const promoteCommand: Command = {
  name: "promote",
  summary: "write down what specs come to, as what mmrace check expects from now on",
  usage: "[SPEC...] [options]",
  details: [
    "Searches each scheme with all its bugs, mutants and variants and writes expect.json beside",
    "it: verdict, sizes, claims, distinct states, transitions, depth, steps that are never taken;",
    "of schemes and variants in the sizes of the tier ci also the order of their locks.",
    "What is written is reviewed like code: its diff says what a change of the spec has changed.",
    "",
    "With --tier deep the larger sizes are written beside what is there, for the scheduled job.",
    "",
    "Nothing is written of a spec that does not do what it declares (exit code 1), or whose search",
    "was not complete (exit code 3). The same results give the same text.",
  ].join("\n"),
  options: {
    ...SIZES,
    ...LIMITS,
    ...RUNNING,
    "lock-order": { help: "look for the order of locks again where the model is the same, too" },
    "no-typecheck": { help: "do not run the TypeScript checker over the specs first" },
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(input) {
    const { flags } = input;
    const selection = selectionFrom(input, "all", "ci");
    const typecheck = !flags.has("no-typecheck");
    const { specs, tasks } = await prepare(findSpecs(input.args), selection, { typecheck });
    const files = [...new Set(specs.map(expectFileOf))];
    const before = new Map(files.map((file) => [file, readExpectations(file) ?? {}]));
    for (const file of files) prepareFolder(dirname(file));

    const human = humanReporter(tasks, colorsFor(process.stdout, flags));
    process.stdout.write(human.head());
    const outcomes: Outcome[] = [];
    const isGood = (spec: LoadedSpec): boolean => {
      const own = outcomes.filter((o) => o.task.spec === spec);
      return own.length > 0 && own.every((o) => o.code === EXIT.ok);
    };
    const onOutcome = (outcome: Outcome): void => {
      process.stdout.write(human.row(outcome));
      outcomes.push(outcome);
      const file = expectFileOf(outcome.task.spec);
      const isOpen = tasks.slice(outcomes.length).some((t) => expectFileOf(t.spec) === file);
      if (isOpen) return;
      const good = specs.filter((s) => expectFileOf(s) === file && isGood(s));
      if (good.length > 0) writePromoted(file, before.get(file) ?? {}, good, outcomes);
    };
    const known = ({ spec }: Task): Expectations =>
      flags.has("lock-order") ? {} : (before.get(expectFileOf(spec)) ?? {});
    const extras = { ...runningOf(input), lockOrder: lockOrderDue(known) };
    const run = await runTasks(tasks, limitsOf(input), onOutcome, extras);
    process.stdout.write(human.tail(run.outcomes, tasks.length));
    const bad = specs.filter((spec) => tasks.some((t) => t.spec === spec) && !isGood(spec));
    for (const spec of bad) process.stdout.write(`${spec.file}: not promoted\n`);
    return codeOf(run);
  },
};

/** As soon as the last search of a folder has ended: an interrupt loses nothing. */
function writePromoted(
  file: string,
  before: Expectations,
  specs: LoadedSpec[],
  outcomes: Outcome[],
): void {
  const exists = (name: string): boolean => existsSync(join(dirname(file), name));
  const text = promoted(before, specs, outcomes, exists);
  const isNew = !existsSync(file);
  if (!isNew && readText(file) === text) return;
  writeText(file, text);
  process.stdout.write(`${file}: ${isNew ? "written" : "changed"}\n`);
}
