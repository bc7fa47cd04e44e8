import { type Schedule, type Walk, walk } from "../../checker/index.ts";
import { type Interpreter, interpret, replay } from "../../model/ir/index.ts";
import { type Command, choiceOf, countOf, type Input, secondsOf } from "../args.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { findSpec } from "../loader/find.ts";
import { traceText } from "../pictures.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { showCount } from "../progress.ts";

const DEFAULTS = { runs: 1000, steps: 1000, changes: 2 };

export const simulateCommand: Command = {
  name: "simulate",
  summary: "random runs of a spec that is too large to be searched",
  usage: "SPEC [--config NAME] [--variant NAME] [options]",
  details: [
    "Every run is the same for the same seed: the first run has the seed given, each later one the",
    "next number. The first run that violates something is printed, with its seed; it is not the",
    "shortest one.",
    "",
    "--schedule random: any possible step next. --schedule priority: the process of highest",
    "priority that can move; priorities are drawn for each run, and at --changes steps of it the",
    "process that would move becomes the lowest (PCT, Burckhardt et al. 2010). A race that needs d",
    "orderings is met with probability 1 / (n k^(d-1)) at least, for n processes, k steps, d - 1",
    "changes.",
    "",
    "Runs that violate nothing prove nothing: without a violation the exit code is 3. Claims about",
    "infinite runs are not looked at.",
  ].join("\n"),
  options: {
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    runs: { value: "N", help: `runs (default: ${DEFAULTS.runs})` },
    steps: { value: "N", help: `steps of a run at most (default: ${DEFAULTS.steps})` },
    seed: { value: "N", help: "seed of the first run (default: 1)" },
    schedule: { value: "random|priority", help: "who moves next (default: priority)" },
    changes: { value: "N", help: `changes of priority in a run (default: ${DEFAULTS.changes})` },
    "time-limit": { value: "TIME", help: "start no run after this time (60s, 5m)" },
    uncovered: { help: "name the steps that no run has taken" },
  },
  args: { min: 1, max: 1 },
  run: simulate,
};

async function simulate(input: Input): Promise<number> {
  const schedule = scheduleFrom(input);
  const path = findSpec(input.args[0] as string);
  const { tasks } = await prepare([path], selectionOf(input.values), { typecheck: false });
  const task = tasks[0] as Task;
  const interpreter = interpret(task.model);
  const coverage = new Map<string, number>();
  const { layout } = interpreter;
  const fired = (pid: number, label: string): void => {
    const name = `${layout.processes[pid - 1]?.actor.name}.${label}`;
    coverage.set(name, (coverage.get(name) ?? 0) + 1);
  };
  const total = runAll(input, (seed, steps) => walk(interpreter, schedule, seed, steps, fired));
  process.stdout.write(summary(task, total));
  process.stdout.write(coverageText(interpreter, coverage, input.flags.has("uncovered")));
  if (!total.bad) return EXIT.incomplete;
  const { start, moves, violation } = total.bad.walk;
  const trace = replay(task.model, task.config, task.variant, moves, violation, start);
  process.stdout.write(`\nseed ${total.bad.seed}, ${moves.length} steps\n\n${traceText(trace)}`);
  return EXIT.violation;
}

function scheduleFrom(input: Input): Schedule {
  const kind = choiceOf(input, "schedule", ["random", "priority"]) ?? "priority";
  if (kind === "priority") return { kind, changes: numberOf(input, "changes", DEFAULTS.changes) };
  if (input.values.has("changes")) fail("--changes goes with --schedule priority");
  return { kind };
}

/** Zero is a number of changes, and a seed. */
function numberOf({ values }: Input, name: string, otherwise: number): number {
  const text = values.get(name);
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0 && number < 2 ** 32) return number;
  return fail(`--${name} ${text}: not a number`, "give a whole number from 0 on");
}

interface Total {
  runs: number;
  steps: number;
  ended: number;
  bad: { seed: number; walk: Walk } | undefined;
}

function runAll(input: Input, run: (seed: number, steps: number) => Walk): Total {
  const runs = countOf(input, "runs") ?? DEFAULTS.runs;
  const steps = countOf(input, "steps") ?? DEFAULTS.steps;
  const first = numberOf(input, "seed", 1);
  const end =
    performance.now() + (secondsOf(input, "time-limit") ?? Number.POSITIVE_INFINITY) * 1e3;
  const total: Total = { runs: 0, steps: 0, ended: 0, bad: undefined };
  while (total.runs < runs && !total.bad && performance.now() < end) {
    const seed = first + total.runs++;
    const found = run(seed, steps);
    total.steps += found.moves.length;
    if (found.ended) total.ended++;
    if (found.violation) total.bad = { seed, walk: found };
  }
  return total;
}

function summary({ spec, config, variant }: Task, { runs, steps, ended, bad }: Total): string {
  const name = `${spec.name}${variant ? `.${variant}` : ""} (${config})`;
  const verdict = bad
    ? `violated ${bad.walk.violation?.property}`
    : "incomplete: no violation met, which proves nothing";
  const runsText = `${showCount(runs)} runs, ${showCount(ended)} of them to their end`;
  return `${name}: ${verdict}\n${runsText}, ${showCount(steps)} steps\n`;
}

function coverageText(
  { model }: Interpreter,
  coverage: Map<string, number>,
  names: boolean,
): string {
  const actors = model.actors.filter((a) => a.count > 0);
  const labels = actors.flatMap((a) => a.steps.map((s) => `${a.name}.${s.label}`));
  const open = labels.filter((label) => !coverage.has(label));
  const head = `${labels.length - open.length} of ${labels.length} kinds of step taken\n`;
  return names ? head + open.map((label) => `  not taken: ${label}\n`).join("") : head;
}
