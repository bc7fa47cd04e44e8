import type { Command } from "../args.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readText, writeText } from "../files.ts";
import { findSpecs } from "../loader/find.ts";
import { between } from "../markdown.ts";
import { prepare } from "../prepare.ts";
import { codeOf, runTasks } from "../run.ts";
import { briefText, statusText } from "../status.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "what holds and what each mutant breaks, as Markdown tables",
  usage: "[SPEC...] [--write FILE [--check]]",
  details: [
    "Covers the configurations of the tier ci and all mutants. With --write, the tables replace",
    "what stands in FILE between <!-- status:begin --> and <!-- status:end -->.",
  ].join("\n"),
  options: {
    write: { value: "FILE", help: "keep the tables in this file up to date" },
    brief: { help: "schemes only, each in its first configuration: one row for each" },
    check: { help: "write nothing; exit code 1 when FILE is not up to date" },
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  async run({ args, flags, values }) {
    const file = values.get("write");
    if (flags.has("check") && file === undefined) fail("--check without --write");
    const old = file === undefined ? "" : readText(file);
    if (file !== undefined) between(old, "status", "", file);
    const paths = findSpecs(args);
    const brief = flags.has("brief");
    const selection = brief ? { mutants: false } : { tier: "ci" as const, mutants: true };
    const { tasks } = await prepare(paths, selection, { typecheck: false });
    const run = await runTasks(tasks, {}, () => undefined);
    const code = codeOf(run);
    if (code === EXIT.interrupted) return code;
    const text = brief ? briefText(run.outcomes) : statusText(run.outcomes);
    if (file === undefined) {
      process.stdout.write(text);
      return code;
    }
    const updated = between(old, "status", text, file);
    if (flags.has("check") && updated !== old) {
      process.stderr.write(`${file}: the status tables are not up to date\n`);
      return EXIT.violation;
    }
    if (updated !== old) writeText(file, updated);
    return code;
  },
};
