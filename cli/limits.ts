/** Options that several commands share: which searches, and how far each may go. */
import { bytesOf, choiceOf, countOf, type Input, type OptionSpec, secondsOf } from "./args.ts";
import { fail } from "./errors.ts";
import { type Selection, selectionOf } from "./plan.ts";
import type { Limits } from "./search.ts";

export const SELECTION: Record<string, OptionSpec> = {
  config: { value: "NAME", help: "sizes to use (default: the first configuration of each spec)" },
  tier: { value: "ci|deep", help: "all configurations of this tier instead" },
  variant: { value: "NAME", help: "only this bug, mutant or variant" },
};

export const LIMITS: Record<string, OptionSpec> = {
  "max-states": { value: "N", help: "give up a search after N distinct states (20M)" },
  "max-memory": { value: "SIZE", help: "give up when states need more memory (2G)" },
  "time-limit": { value: "TIME", help: "give up a search after this time (60s, 5m)" },
};

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

/** What {@link SELECTION} says; `altered` is what the command takes when no variant is named. */
export function selectionFrom(input: Input, altered: Selection["altered"]): Selection {
  const { values } = input;
  const tier = choiceOf(input, "tier", ["ci", "deep"]);
  if (values.has("config") && tier !== undefined) fail("--config and --tier exclude each other");
  const selection = { ...selectionOf(values), altered };
  return tier === undefined ? selection : { ...selection, tier };
}
