import { adviceText } from "../advice.ts";
import { type Command, choiceOf, countOf, type Input } from "../args.ts";
import { fail } from "../errors.ts";
import { type Review, startReview } from "../expect/review.ts";
import { prepareFolder } from "../files.ts";
import type { Outcome } from "../judge.ts";
import {
  LIMITS,
  limitsOf,
  RUNNING,
  runningOf,
  SELECTION,
  selectionFrom,
  shardFrom,
  threadsFrom,
} from "../limits.ts";
import { DEFAULT_FOLDER, findSpecs } from "../loader/find.ts";
import { type Selection, shardOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { otherProperties, otherRaces } from "../races.ts";
import { reportersOf } from "../reporters/choose.ts";
import { humanReporter } from "../reporters/human.ts";
import { codeOf, runTasks } from "../run.ts";
import type { Checkpoints, Limits, Searcher } from "../search.ts";
import { colorsFor } from "../terminal.ts";

const DEFAULT_OUT = "out";

export const checkCommand: Command = {
  name: "check",
  summary: "search all reachable states of specs: holds, violated, or incomplete",
  usage: "[SPEC...] [options]",
  details: [
    "SPEC is a file (.ts, .js, .mjs, or a model as .ir.json) or a folder, which is searched for",
    `*.spec.ts and spec.ts. Without one, the folder ${DEFAULT_FOLDER} is searched.`,
    "",
    "A scheme must hold; a mutant must violate exactly the property that it is declared to break.",
    "Anything else is a failure (exit code 1), and so is whatever would let a scheme hold for the",
    "wrong reason: a step that is never taken, a fact that is never reached. A search that hits a",
    "limit has no verdict (exit code 3). Ctrl-C once ends the search and prints what is known.",
    "",
    "A spec with claims about infinite runs, or with marks of retry loops, is also searched for",
    "fair runs that violate a claim or retry for ever, and for processes that can never go on.",
    "",
    "--all-properties searches again without the property that was violated, until nothing is; so",
    "each finds its shortest counterexample. A value out of its range, a value never set, and",
    "starvation cannot be left out, and end that; a deadlock takes the claims at rest with it.",
    "--more takes one step of a race away, the last one first, and searches what is left, 48 times",
    "at most. So a race that has all steps of an earlier one, and more, is not found; deadlocks",
    "and claims at rest or about infinite runs have no further races. Limits hold for both.",
    "",
    "Whatever the engine, the reductions and the number of threads, the counterexample is the",
    "same: a shortest one with the fewest context switches. When a reduced search finds a",
    "violation, the full one runs up to the shortest counterexample, with room for 8 times as many",
    "states, and 2,000,000 at least; if that is not enough the verdict says that there may be",
    "shorter runs.",
    "",
    "expect.json beside a spec says what it came to when it was promoted (mmrace promote):",
    "verdict, claims, sizes, counts, steps taken. Whatever differs is a finding (exit code 1), and",
    "so is a scheme, mutant or variant that has no entry there; only the deep tier may lack them.",
    "The row of a spec without such a file says that it is not promoted.",
    "",
    "Several threads take over when a search has become long enough to gain from it. The verdict,",
    "the counts and the counterexample are those of one thread. Claims about infinite runs are",
    "decided by one.",
    "",
    "--compress and --spill are exact. They, and --hash-compaction, search with one thread; only",
    "one of the three at a time. --hash-compaction finds violations, with traces; without one the",
    "result is incomplete (exit code 3), with the probability that a state was left out.",
    "",
    "Mutants run in the configuration that they name, else in the first, unless --config is given.",
  ].join("\n"),
  options: {
    ...SELECTION,
    mutants: { help: "the mutants and variants, too" },
    "all-properties": { help: "one counterexample for each property that is violated" },
    more: { value: "N", help: "up to N more races that violate the same property" },
    draw: { help: "write each counterexample as .json, .txt, .dot and .svg" },
    out: { value: "DIR", help: `where to draw (default: ${DEFAULT_OUT})` },
    reporter: {
      value: "KIND[=FILE]",
      many: true,
      help: "human, json, junit, sarif, github, gitlab; each to its FILE",
    },
    json: { help: "the same as --reporter json: one document on standard output" },
    expect: { help: "what has no expectation is a finding, whether or not there is a file" },
    "no-expect": { help: "compare with no expect.json" },
    ...LIMITS,
    ...RUNNING,
    shard: { value: "I/N", help: "only part I of N: each machine takes one" },
    engine: { value: "KIND", help: "compiled, javascript, interpreted; to compare them" },
    symmetry: { help: "one state for all that differ in interchangeable names only" },
    "partial-order": { help: "take steps as one where nobody else can tell" },
    workers: { value: "N", help: "search with N threads (default: all cores)" },
    compress: { help: "keep states as trees of shared parts: less memory, more time" },
    "hash-compaction": { help: "keep 64 bits of each state: not exact, never says holds" },
    spill: { value: "DIR", help: "put states on disk when --max-memory is reached" },
    checkpoint: { value: "DIR", help: "leave the search here every 30 seconds, to go on later" },
    resume: { help: "go on where the checkpoint in DIR stands" },
    "no-liveness": { help: "decide nothing about infinite runs and partial deadlocks" },
    "no-dead-reset": { help: "tell states apart by locals that are not read again" },
    "no-typecheck": { help: "do not run the TypeScript checker over the specs first" },
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  run: check,
};

async function check(input: Input): Promise<number> {
  const { args, flags, values } = input;
  const limits = searchOptions(input);
  const selection = schemesAndMore(input);
  const reporters = reportersOf(input);
  const out = values.get("out") ?? DEFAULT_OUT;
  if (flags.has("all-properties") && values.has("more")) {
    fail("--all-properties and --more exclude each other");
  }
  if (values.has("out") && !flags.has("draw")) fail("--out without --draw", "add --draw");
  const shard = shardFrom(input);
  const prepared = await prepare(findSpecs(args), selection, {
    typecheck: !flags.has("no-typecheck"),
  });
  const tasks = shardOf(prepared.tasks, shard);
  const review = reviewFor(tasks, flags, limits);
  if (flags.has("draw")) prepareFolder(out);
  const checkpoints = checkpointsFrom(input);

  const human = humanReporter(tasks, colorsFor(process.stdout, flags));
  const print = (text: string): void => {
    if (reporters.human) process.stdout.write(text);
  };
  print(human.head());
  // Whoever does not draw need not wait for the code that does.
  const drawing = flags.has("draw") ? await import("../draw-files.ts") : undefined;
  const onOutcome = async (outcome: Outcome): Promise<void> => {
    print(human.row(outcome));
    await drawing?.draw(outcome, out);
  };
  const deepen = (outcome: Outcome, searcher: Searcher) => furtherOf(input, outcome, searcher);
  const run = await runTasks(tasks, limits, onOutcome, {
    checkpoints,
    deepen,
    review,
    ...runningOf(input),
  });
  print(adviceText(run.outcomes, limits));
  print(human.tail(run.outcomes, tasks.length));
  const code = codeOf(run);
  reporters.write({ outcomes: run.outcomes, planned: tasks.length, code, limits });
  return code;
}

/** Counts are compared where they are counts of the same thing. */
function reviewFor(tasks: Task[], flags: ReadonlySet<string>, limits: Limits): Review | undefined {
  const strict = flags.has("expect");
  if (strict && flags.has("no-expect")) fail("--expect and --no-expect exclude each other");
  if (flags.has("no-expect")) return undefined;
  const { symmetry, partialOrder, deadReset, liveness } = limits;
  const counts = !symmetry && !partialOrder && deadReset !== false;
  return startReview(tasks, strict, { counts, progress: liveness !== false });
}

/** The other counterexamples that were asked for, into the outcome. */
async function furtherOf(input: Input, outcome: Outcome, searcher: Searcher): Promise<void> {
  const { task, result } = outcome;
  const count = countOf(input, "more");
  const all = input.flags.has("all-properties");
  if (result.verdict.kind !== "violated" || (!all && count === undefined)) return;
  const asked = { task, result, limits: searchOptions(input), searcher };
  const others = await (all ? otherProperties(asked) : otherRaces(asked, count ?? 0));
  const names = others.traces.map((t) => t.violation?.property ?? "");
  if (all && names.length > 0) outcome.verdict += `; also ${names.join(", ")}`;
  if (!all) outcome.verdict += `; ${showNumber(names.length)}`;
  if (!others.complete && (all || names.length < (count ?? 0))) {
    outcome.verdict += " (there may be more)";
  }
  outcome.others = others;
}

function showNumber(more: number): string {
  return more === 1 ? "1 more race" : `${more === 0 ? "no" : more} more races`;
}

function searchOptions(input: Input): Limits {
  const limits = limitsOf(input);
  const engine = choiceOf(input, "engine", ["compiled", "javascript", "interpreted"]);
  if (engine !== undefined) limits.engine = engine;
  if (input.flags.has("symmetry")) limits.symmetry = true;
  if (input.flags.has("partial-order")) limits.partialOrder = true;
  const workers = input.values.get("workers");
  if (workers !== undefined) limits.workers = threadsFrom("workers", workers);
  storeOptions(input, limits);
  if (input.flags.has("no-liveness")) limits.liveness = false;
  if (input.flags.has("no-dead-reset")) limits.deadReset = false;
  return limits;
}

function storeOptions({ flags, values }: Input, limits: Limits): void {
  const compact = flags.has("hash-compaction");
  const ways = [
    flags.has("compress") ? "--compress" : "",
    compact ? "--hash-compaction" : "",
    values.has("spill") ? "--spill" : "",
  ].filter(Boolean);
  if (ways.length > 1) fail(`${ways[0]} and ${ways[1]} exclude each other`);
  if (values.has("checkpoint") && (compact || values.has("spill"))) {
    fail(`--checkpoint and ${ways[0]} exclude each other`);
  }
  if (flags.has("compress")) limits.compress = true;
  if (compact) limits.hashCompaction = true;
  const spill = values.get("spill");
  if (spill !== undefined) limits.spillTo = spill;
}

function checkpointsFrom({ flags, values }: Input): Checkpoints | undefined {
  const folder = values.get("checkpoint");
  if (folder !== undefined) return { folder, resume: flags.has("resume") };
  if (flags.has("resume")) fail("--resume without --checkpoint", "add --checkpoint DIR");
  return undefined;
}

function schemesAndMore(input: Input): Selection {
  const mutants = input.flags.has("mutants");
  if (input.values.has("variant") && mutants) fail("--variant and --mutants exclude each other");
  return selectionFrom(input, mutants ? "all" : "bugs");
}
