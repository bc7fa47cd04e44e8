/** One round of `mmrace check`: searches what is given, shows it, writes the reports. */
import { adviceText } from "../advice.ts";
import { countOf } from "../args.ts";
import type { ExitCode } from "../exit-codes.ts";
import { lockOrderInDoubt, type Review, startReview } from "../expect/review.ts";
import { prepareFolder } from "../files.ts";
import type { Outcome } from "../judge.ts";
import { shardOf } from "../plan.ts";
import type { Task } from "../prepare.ts";
import { otherProperties, otherRaces } from "../races.ts";
import { humanReporter } from "../reporters/human.ts";
import { codeOf, runTasks } from "../run.ts";
import type { Limits, Searcher } from "../search.ts";
import { colorsFor } from "../terminal.ts";
import type { Settings } from "./settings.ts";

/** Checks its shard of these. */
export async function searchRound(all: Task[], settings: Settings): Promise<ExitCode> {
  const { input, limits, reporters, drawTo, checkpoints, running } = settings;
  const { flags } = input;
  const tasks = shardOf(all, settings.shard);
  if (drawTo !== undefined) prepareFolder(drawTo);
  const review = reviewFor(tasks, flags, limits);
  const human = humanReporter(tasks, colorsFor(process.stdout, flags));
  const print = (text: string): void => {
    if (reporters.human) process.stdout.write(text);
  };
  if (tasks.length > 0) print(human.head());
  // Whoever does not draw need not wait for the code that does.
  const drawing = drawTo === undefined ? undefined : await import("../draw-files.ts");
  const onOutcome = async (outcome: Outcome): Promise<void> => {
    print(human.row(outcome));
    if (drawTo !== undefined) await drawing?.draw(outcome, drawTo);
  };
  const deepen = (outcome: Outcome, searcher: Searcher) => furtherOf(settings, outcome, searcher);
  const lockOrder = review && lockOrderInDoubt(tasks, flags.has("lock-order"));
  const extras = { checkpoints, deepen, review, lockOrder, ...running };
  const run = await runTasks(tasks, limits, onOutcome, extras);
  print(adviceText(run.outcomes, limits));
  print(human.tail(run.outcomes, tasks.length));
  const code = codeOf(run);
  reporters.write({ outcomes: run.outcomes, planned: tasks.length, code, limits });
  return code;
}

/** Counts are compared where they are counts of the same thing. */
function reviewFor(tasks: Task[], flags: ReadonlySet<string>, limits: Limits): Review | undefined {
  const strict = flags.has("expect");
  if (flags.has("no-expect")) return undefined;
  const { symmetry, partialOrder, deadReset, liveness } = limits;
  const counts = !symmetry && !partialOrder && deadReset !== false;
  return startReview(tasks, strict, { counts, progress: liveness !== false });
}

/** The other counterexamples that were asked for, into the outcome. */
async function furtherOf(
  { input, limits }: Settings,
  outcome: Outcome,
  searcher: Searcher,
): Promise<void> {
  const { task, result } = outcome;
  const count = countOf(input, "more");
  const all = input.flags.has("all-properties");
  if (result.verdict.kind !== "violated" || (!all && count === undefined)) return;
  const asked = { task, result, limits, searcher };
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
