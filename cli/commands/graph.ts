import { graphToDot } from "../../counterexamples/render/index.ts";
import { MOST_STATES, stateGraph } from "../../counterexamples/state-graph.ts";
import { type Move, resetDeadLocals, type State } from "../../model/ir/index.ts";
import { type Command, countOf, type Input } from "../args.ts";
import { writePicture } from "../draw-files.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { runTasks } from "../run.ts";

/** States that the search for a counterexample may visit: it is only there to be marked. */
const SEARCHED = 2_000_000;

export const graphCommand: Command = {
  name: "graph",
  summary: "draw all states of a small model, with the counterexample marked",
  usage: "SPEC [-o FILE] [--config NAME] [--variant NAME]",
  details: [
    "FILE ends with .dot or .svg. The states are those that `mmrace check` counts; beyond the",
    "limit, only those on the counterexample's path are drawn, and a note says so. A violating",
    "state is red, the path to the first violation is orange, an initial state has a bold frame.",
  ].join("\n"),
  options: {
    output: { short: "o", value: "FILE", help: "where to draw (default: DOT, to stdout)" },
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    "max-states": { value: "N", help: `draw the first N states (default: ${MOST_STATES})` },
  },
  args: { min: 1, max: 1 },
  run: graph,
};

async function graph(input: Input): Promise<number> {
  const { args, values } = input;
  const output = values.get("output");
  if (output !== undefined && !/\.(dot|svg)$/.test(output)) {
    fail(`${output}: cannot draw that`, "end the name with .dot or .svg");
  }
  const limit = countOf(input, "max-states") ?? MOST_STATES;
  const selection = selectionOf(values);
  const { tasks } = await prepare([findSpec(args[0] as string)], selection, { typecheck: false });
  const task = tasks[0] as Task;
  const path = await violatingRun(task);
  if (!path) return EXIT.interrupted;
  const model = resetDeadLocals(task.model);
  const drawn = stateGraph(model, path.moves, path.start, limit);
  if (!drawn.complete) {
    const shown = `${drawn.states.length} of its states are drawn (--max-states ${limit})`;
    process.stderr.write(`mmrace: note: the model is larger: ${shown}\n`);
  }
  const dot = graphToDot(drawn);
  if (output === undefined) process.stdout.write(dot);
  else await writePicture(output, dot);
  return EXIT.ok;
}

/** The moves to mark, none for a scheme that holds; undefined when Ctrl-C was pressed. */
async function violatingRun(task: Task): Promise<{ moves: Move[]; start?: State } | undefined> {
  const run = await runTasks([task], { maxStates: SEARCHED }, () => undefined);
  const result = run.outcomes[0]?.result;
  if (run.interrupted || !result) return undefined;
  const { verdict, moves = [], start } = result;
  if (verdict.kind === "incomplete") {
    const looked = `no violation within ${SEARCHED} states`;
    process.stderr.write(`mmrace: note: ${looked}, so no path is marked\n`);
  }
  return start ? { moves, start } : { moves };
}
