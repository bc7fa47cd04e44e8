import type { Command, Input } from "../args.ts";
import { changedSince } from "../check/changed.ts";
import { searchRound } from "../check/round.ts";
import { CI_BUDGET, DEFAULT_OUT, type Settings, settingsOf } from "../check/settings.ts";
import { watch } from "../check/watch.ts";
import { LIMITS, RUNNING, TIERS } from "../limits.ts";
import { DEFAULT_FOLDER, findSpecs } from "../loader/find.ts";
import type { LoadedSpec } from "../loader/load.ts";
import { prepare } from "../prepare.ts";

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
    "at most. So a race that has all steps of an earlier one, and more, is not found. In each",
    "further deadlock somebody waits at a step where nobody waited in an earlier one. Claims at",
    "rest or about infinite runs have no further races. Limits hold for both.",
    "",
    "Whatever the engine, the reductions and the number of threads, the counterexample is the",
    "same: a shortest one with the fewest context switches, of these with the fewest processes.",
    "Where more than 100,000 states lie on shortest ones, or at the depth of the violation, it is",
    "the one met first, still a shortest one. When a reduced search finds a violation, the full",
    "one runs up to the shortest counterexample, with room for 8 times as many states, and",
    "2,000,000 at least; if that is not enough the verdict says that there may be shorter runs.",
    "",
    "expect.json beside a spec says what it came to when it was promoted (mmrace promote):",
    "verdict, claims, sizes, counts, steps taken. Whatever differs is a finding (exit code 1), and",
    "so is a scheme, mutant or variant that has no entry there, in the deep tier as well. The row",
    "of a spec without such a file says that it is not promoted; with --expect that is a finding.",
    "",
    "Several threads take over when a search has become long enough to gain from it. The verdict,",
    "the counts and the counterexample are those of one thread. Claims about infinite runs are",
    "decided by one.",
    "",
    "--compress and --spill are exact. They, and --hash-compaction, search with one thread; only",
    "one of the three at a time. --hash-compaction finds violations, with traces; without one the",
    "result is incomplete (exit code 3), with the probability that a state was left out.",
    "",
    "--watch checks all, then again whatever a save affects: a spec, what it imports, its",
    "expect.json. A broken spec shows its error, and watching goes on until Ctrl-C. A change of",
    "mmrace itself is not watched. --changed takes only specs that are affected by what differs",
    "between the git revision BASE and the files as they are; untracked files differ. Nothing",
    "affected says so, and is exit code 0.",
    "",
    "--audit asks the reference interpreter, in states spread evenly over all that were found,",
    "whether steps that the reductions exchange can be exchanged, whether names that are taken for",
    "the same are, and whether steps read and write what is said of them. If not, mmrace is wrong:",
    "the verdict is shown with what is not true, and the exit code is 70.",
    "",
    "Tier ci is what a change must pass: all configurations of a spec but those called deep...,",
    `in ${CI_BUDGET} seconds for all searches of one spec together (--budget, or --time-limit`,
    "for each search instead). Tier deep, for a scheduled job, has no limit of time of its own. A",
    "spec that is out of time is incomplete (exit code 3). Cached results take no time.",
    "",
    "Mutants run in the configuration that they name, else in the first, unless --config is given.",
    "A scheme must violate what its spec says that it does (breaks: { SIZES: CLAIM }).",
  ].join("\n"),
  options: {
    ...TIERS,
    mutants: { help: "the mutants and variants, too" },
    watch: { help: "check again what a save affects, until Ctrl-C" },
    changed: { value: "BASE", help: "only specs affected by changes since this revision" },
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
    "lock-order": { help: "search for the order of locks where nothing has changed, too" },
    ...LIMITS,
    budget: {
      value: "TIME",
      help: `give up what all searches of one spec need beyond this (tier ci: ${CI_BUDGET}s)`,
    },
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
    audit: { help: "check in up to 2,000 states what the reductions assume" },
    "no-liveness": { help: "decide nothing about infinite runs and partial deadlocks" },
    "no-dead-reset": { help: "tell states apart by locals that are not read again" },
    "no-typecheck": { help: "do not run the TypeScript checker over the specs first" },
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  run: check,
};

async function check(input: Input): Promise<number> {
  const settings = settingsOf(input);
  const { args, flags, values } = input;
  if (flags.has("watch")) return watch(args, settings);
  const base = values.get("changed");
  if (base !== undefined) return checkChanged(args, base, settings);
  const { tasks } = await prepare(findSpecs(args), settings.selection, settings);
  return searchRound(tasks, settings);
}

async function checkChanged(args: string[], base: string, settings: Settings): Promise<number> {
  const isChanged = changedSince(base);
  const affected = new Map<LoadedSpec, boolean>();
  const only = (spec: LoadedSpec): boolean => {
    const known = affected.get(spec) ?? isChanged(spec);
    affected.set(spec, known);
    return known;
  };
  const prepared = await prepare(findSpecs(args), settings.selection, { ...settings, only });
  const count = prepared.specs.filter(only).length;
  const total = prepared.specs.length;
  const said = count === 0 ? "nothing to check: none" : String(count);
  const stream = settings.reporters.human ? process.stdout : process.stderr;
  stream.write(`${said} of ${total} specs changed since ${base}\n`);
  return searchRound(prepared.tasks, settings);
}
