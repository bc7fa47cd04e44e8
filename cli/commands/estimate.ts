import type { CheckResult } from "../../checker/index.ts";
import { type Command, countOf } from "../args.ts";
import { EXIT } from "../exit-codes.ts";
import { LIMITS, limitsOf } from "../limits.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { progressLine, showBytes, showClock, showCount, showRounded } from "../progress.ts";
import { startSearcher } from "../search.ts";

const DEFAULT_SAMPLE = 500_000;

export const estimateCommand: Command = {
  name: "estimate",
  summary: "how many states a spec may have, and what a whole search would cost",
  usage: "SPEC [--config NAME] [--variant NAME] [options]",
  details: [
    "Searches the first --sample states breadth-first and fits a parabola to the logarithms of the",
    "sizes of the levels, three times, to more and to fewer of the last levels; the range is what",
    "the fits say, half of what is still to come at least, twice that at most. It is a guess, not",
    "a bound: nothing keeps a model from growing again. Memory and time are those of the sample,",
    "scaled; time grows a little faster than that.",
    "",
    "Exit code 0 when there is an estimate, or the sample was the whole; 3 when too little was",
    "searched to tell: raise --sample.",
  ].join("\n"),
  options: {
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    sample: { value: "N", help: "states to search (default: 500k)" },
    symmetry: { help: "as a search with --symmetry would count" },
    "partial-order": { help: "as a search with --partial-order would count" },
    "max-memory": LIMITS["max-memory"] as (typeof LIMITS)[string],
    "time-limit": LIMITS["time-limit"] as (typeof LIMITS)[string],
  },
  args: { min: 1, max: 1 },
  async run(input) {
    const { args, flags, values } = input;
    const path = findSpec(args[0] as string);
    const { tasks } = await prepare([path], selectionOf(values), { typecheck: false });
    const task = tasks[0] as Task;
    const progress = progressLine(process.stderr);
    const searcher = startSearcher((searched, p) => progress.update(searched.stem, p));
    try {
      const result = await searcher.run(task, {
        ...limitsOf(input),
        maxStates: countOf(input, "sample") ?? DEFAULT_SAMPLE,
        symmetry: flags.has("symmetry"),
        partialOrder: flags.has("partial-order"),
        liveness: false,
      });
      progress.clear();
      process.stdout.write(estimateText(task, result));
      if (searcher.interrupted()) return EXIT.interrupted;
      const told = result.verdict.kind !== "incomplete" || result.expected !== undefined;
      return told ? EXIT.ok : EXIT.incomplete;
    } finally {
      progress.clear();
      await searcher.close();
    }
  },
};

function estimateText({ spec, config, variant }: Task, result: CheckResult): string {
  const { verdict, states, depth, bytes, elapsed, expected } = result;
  const name = `${spec.name}${variant ? `.${variant}` : ""} (${config})`;
  if (verdict.kind === "holds")
    return `${name}: ${showCount(states)} states, all of them searched\n`;
  if (verdict.kind === "violated") {
    const found = `${verdict.violation.property} is violated after ${showCount(states)} states`;
    return `${name}: ${found}: there is nothing to estimate\n`;
  }
  const sample = `${showCount(states)} states, depth ${depth}`;
  if (!expected) return `${name}: cannot be told yet, after ${sample}: raise --sample\n`;
  const { low, high } = expected;
  const range = (show: (n: number) => string, each: number): string =>
    `${show(low * each)} to ${show(high * each)}`;
  const clock = (ms: number): string => showClock(ms / 1000);
  return [
    `${name}: about ${range(showRounded, 1)} states, told from ${sample}`,
    `  memory  ${range(showBytes, bytes / states)}, ${Math.ceil(bytes / states)} bytes each`,
    `  time    ${range(clock, elapsed / states)}`,
    "",
  ].join("\n");
}
