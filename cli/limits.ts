/** Options that several commands share: which searches, and how far each may go. */
import { bytesOf, choiceOf, countOf, type Input, type OptionSpec, secondsOf } from "./args.ts";
import { openCache } from "./cache.ts";
import { fail } from "./errors.ts";
import { type Selection, type Shard, selectionOf } from "./plan.ts";
import type { Extras } from "./run.ts";
import type { Limits } from "./search.ts";

export const SELECTION: Record<string, OptionSpec> = {
  config: { value: "NAME", help: "sizes to use (default: the first configuration of each spec)" },
  tier: { value: "ci|deep", help: "all configurations of this tier instead" },
  variant: { value: "NAME", help: "only this bug, mutant or variant" },
};

/** In place of {@link SELECTION}'s, where all sizes count that a change must pass. */
export const TIERS: Record<string, OptionSpec> = {
  ...SELECTION,
  config: { value: "NAME", help: "only the configuration of this name" },
  tier: { value: "ci|deep", help: "deep: those called deep...; ci, the default: all others" },
};

export const LIMITS: Record<string, OptionSpec> = {
  "max-states": { value: "N", help: "give up a search after N distinct states (20M)" },
  "max-memory": { value: "SIZE", help: "give up when states need more memory (2G)" },
  "time-limit": { value: "TIME", help: "give up a search after this time (60s, 5m)" },
};

export const RUNNING: Record<string, OptionSpec> = {
  jobs: { value: "N", help: "searches at the same time (default: one for each processor)" },
  "no-cache": { help: "search again what was searched before" },
};

/** What {@link RUNNING} says. Cached results are in $XDG_CACHE_HOME/mmrace, or ~/.cache/mmrace. */
export function runningOf({ values, flags }: Input): Pick<Extras, "jobs" | "cache"> {
  const jobs = values.get("jobs");
  const note = (text: string): void => {
    process.stderr.write(`mmrace: note: ${text}\n`);
  };
  return {
    ...(jobs === undefined ? {} : { jobs: threadsFrom("jobs", jobs) }),
    ...(flags.has("no-cache") ? {} : { cache: openCache(note) }),
  };
}

/** `2/4`: the second of four parts; all of it when the option is absent. */
export function shardFrom({ values }: Input): Shard {
  const text = values.get("shard") ?? "1/1";
  const [, part, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (part && count && part <= count) return { part, count };
  return fail(`--shard ${text}`, "write it like 1/4: the first of four parts");
}

/** A number of threads or searches. */
export function threadsFrom(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  return fail(`--${option} ${text}`, "give a number from 1 to 64");
}

/** What {@link LIMITS} say. */
export function limitsOf(input: Input): Limits {
  const limits: Limits = {};
  const maxStates = countOf(input, "max-states");
  const maxMemory = bytesOf(input, "max-memory");
  const seconds = secondsOf(input, "time-limit");
  if (maxStates !== undefined) limits.maxStates = maxStates;
  if (maxMemory !== undefined) limits.maxMemory = maxMemory;
  if (seconds !== undefined) limits.timeLimit = seconds * 1000;
  return limits;
}

/**
 * What {@link SELECTION} says.
 *
 * @param altered what the command takes when no variant is named
 * @param standard the tier it takes when nothing is said; without it, first configurations
 */
export function selectionFrom(
  input: Input,
  altered: Selection["altered"],
  standard?: Selection["tier"],
): Selection {
  const { values } = input;
  const asked = choiceOf(input, "tier", ["ci", "deep"]);
  if (values.has("config") && asked !== undefined) fail("--config and --tier exclude each other");
  const tier = asked ?? (values.has("config") ? undefined : standard);
  const selection = { ...selectionOf(values), altered };
  return tier === undefined ? selection : { ...selection, tier };
}
