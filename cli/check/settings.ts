/** What the options of `mmrace check` say. */
import { choiceOf, type Input, secondsOf } from "../args.ts";
import { fail } from "../errors.ts";
import { limitsOf, runningOf, selectionFrom, shardFrom, threadsFrom } from "../limits.ts";
import type { Selection, Shard } from "../plan.ts";
import { type Reporters, reportersOf } from "../reporters/choose.ts";
import type { Extras } from "../run.ts";
import type { Checkpoints, Limits } from "../search.ts";

export const DEFAULT_OUT = "out";

/** Seconds for all searches of one spec in the tier ci. */
export const CI_BUDGET = 900;

export interface Settings {
  /** For what a round asks itself. */
  input: Input;
  selection: Selection;
  limits: Limits;
  reporters: Reporters;
  shard: Shard;
  checkpoints: Checkpoints | undefined;
  running: Pick<Extras, "jobs" | "cache" | "budget" | "start">;
  typecheck: boolean;
  /** Folder for pictures; it exists. */
  drawTo: string | undefined;
}

/** Refuses what does not go together. */
export function settingsOf(input: Input): Settings {
  const { flags, values } = input;
  const exclude = (one: string, other: string): void => {
    const given = (name: string): boolean => flags.has(name) || values.has(name);
    if (given(one) && given(other)) fail(`--${one} and --${other} exclude each other`);
  };
  exclude("all-properties", "more");
  exclude("expect", "no-expect");
  exclude("lock-order", "no-expect");
  exclude("variant", "mutants");
  exclude("watch", "changed");
  exclude("watch", "checkpoint");
  exclude("audit", "hash-compaction");
  if (values.has("out") && !flags.has("draw")) fail("--out without --draw", "add --draw");
  const limits = limitsFrom(input);
  const selection = selectionFrom(input, flags.has("mutants") ? "all" : "bugs", "ci");
  const reporters = reportersOf(input);
  if (flags.has("watch") && !reporters.human) {
    fail(
      "--watch shows results on standard output",
      "give the report a file: --reporter json=FILE",
    );
  }
  const settings = {
    input,
    selection,
    limits,
    reporters,
    shard: shardFrom(input),
    checkpoints: checkpointsFrom(input),
    running: { ...runningOf(input), budget: budgetOf(input, selection) },
    typecheck: !flags.has("no-typecheck"),
    drawTo: flags.has("draw") ? (values.get("out") ?? DEFAULT_OUT) : undefined,
  };
  return settings;
}

/** In milliseconds. Whoever gives a search its time needs no other limit. */
function budgetOf(input: Input, { tier }: Selection): number | undefined {
  const standard = tier === "ci" && !input.values.has("time-limit") ? CI_BUDGET : undefined;
  const seconds = secondsOf(input, "budget") ?? standard;
  return seconds === undefined ? undefined : seconds * 1000;
}

function limitsFrom(input: Input): Limits {
  const limits = limitsOf(input);
  const engine = choiceOf(input, "engine", ["compiled", "javascript", "interpreted"]);
  if (engine !== undefined) limits.engine = engine;
  if (input.flags.has("symmetry")) limits.symmetry = true;
  if (input.flags.has("partial-order")) limits.partialOrder = true;
  const workers = input.values.get("workers");
  if (workers !== undefined) limits.workers = threadsFrom("workers", workers);
  storeOptions(input, limits);
  if (input.flags.has("audit")) limits.audit = true;
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
