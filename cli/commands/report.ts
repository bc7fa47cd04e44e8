import { dirname } from "node:path";
import {
  type LinkTemplates,
  type ReportRun,
  toReport,
} from "../../counterexamples/render/index.ts";
import type { Command, Input } from "../args.ts";
import { fail } from "../errors.ts";
import { prepareFolder, writeText } from "../files.ts";
import type { Outcome } from "../judge.ts";
import { LIMITS, limitsOf, RUNNING, runningOf, SELECTION, selectionFrom } from "../limits.ts";
import { findSpecs } from "../loader/find.ts";
import { prepare, type Task } from "../prepare.ts";
import { reportInput, reportRun } from "../report.ts";
import { humanReporter } from "../reporters/human.ts";
import { codeOf, runTasks } from "../run.ts";
import type { Searcher } from "../search.ts";
import { colorsFor } from "../terminal.ts";

const DEFAULT_OUTPUT = "report.html";

export const reportCommand: Command = {
  name: "report",
  summary: "check specs and their mutants, and write one HTML page about all of it",
  usage: "[SPEC...] [-o FILE] [options]",
  details: [
    "The page has verdicts, coverage, lock orders and each counterexample to step through: lanes,",
    "state before and now, watch expressions, the line of the spec, a ladder to copy. For a scheme",
    "that holds it has a tour: a few runs that together take every step. The page needs no network",
    "and no other file. The same specs give the same bytes. Exit codes as for check.",
    "",
    "Templates of links: {file} and {line} of a spec, {name} of a kernel function, like",
    "https://git.example.org/tree/{file}#n{line}. Without one, a step shows its source in the",
    "page, and functions lead to elixir.bootlin.com.",
  ].join("\n"),
  options: {
    output: { short: "o", value: "FILE", help: `where to write (default: ${DEFAULT_OUTPUT})` },
    ...SELECTION,
    "no-mutants": { help: "the schemes only" },
    title: { value: "TEXT", help: "heading of the page (default: mmrace report)" },
    "source-link": { value: "TEMPLATE", help: "where a place in a spec is shown" },
    "kernel-link": { value: "TEMPLATE", help: "where a kernel function is shown" },
    ...LIMITS,
    ...RUNNING,
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  run: report,
};

async function report(input: Input): Promise<number> {
  const { args, flags, values } = input;
  const output = values.get("output") ?? DEFAULT_OUTPUT;
  if (!/\.html?$/.test(output)) fail(`${output}: not a page`, "end the name with .html");
  if (values.has("variant") && flags.has("no-mutants")) {
    fail("--variant and --no-mutants exclude each other");
  }
  const links = linksOf(input);
  const limits = limitsOf(input);
  const selection = selectionFrom(input, flags.has("no-mutants") ? "none" : "all");
  const { tasks } = await prepare(findSpecs(args), selection, { typecheck: false });
  prepareFolder(dirname(output));
  const human = humanReporter(tasks, colorsFor(process.stdout, flags));
  const runs: ReportRun[] = [];
  process.stdout.write(human.head());
  const shown = new Map<Task, ReportRun>();
  const deepen = async (outcome: Outcome, searcher: Searcher): Promise<void> => {
    shown.set(outcome.task, await reportRun(outcome, searcher));
  };
  const onOutcome = (outcome: Outcome): void => {
    process.stdout.write(human.row(outcome));
    runs.push(shown.get(outcome.task) as ReportRun);
  };
  const run = await runTasks(tasks, limits, onOutcome, { deepen, ...runningOf(input) });
  const page = reportInput(values.get("title") ?? "mmrace report", runs);
  writeText(output, toReport({ ...page, links }));
  process.stdout.write(`${human.tail(run.outcomes, tasks.length)}${output} written\n`);
  return codeOf(run);
}

function linksOf({ values }: Input): Partial<LinkTemplates> {
  const links: Partial<LinkTemplates> = {};
  const source = values.get("source-link");
  const kernel = values.get("kernel-link");
  if (source !== undefined) links.source = template("source-link", source, "{file}");
  if (kernel !== undefined) links.kernel = template("kernel-link", kernel, "{name}");
  return links;
}

function template(option: string, text: string, needed: string): string {
  if (!text.includes(needed)) fail(`--${option} ${text}: no ${needed} in it`);
  if (/^(https?|file):\/\//.test(text) || !/^[a-z][a-z0-9+.-]*:/i.test(text)) return text;
  return fail(`--${option} ${text}: not a link`, "begin with https://, or with a relative path");
}
