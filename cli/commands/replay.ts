import { verdictOf } from "../../counterexamples/render/index.ts";
import type { Command } from "../args.ts";
import { type Replayed, replayFile, replayFiles } from "../counterexample.ts";
import { problemsText, UserError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { traceText } from "../pictures.ts";
import { type Colors, colorsFor } from "../terminal.ts";

const CHANGED = "note: the spec has changed since, but the schedule still works";

export const replayCommand: Command = {
  name: "replay",
  summary: "take the steps of a counterexample again and show what they do",
  usage: "FILE...",
  details: [
    "FILE is the .json that `mmrace check --draw` wrote. It names its spec and the steps; they are",
    "taken again on the spec as it is now. A spec that has changed since is no obstacle as long as",
    "the schedule still works and still violates the same property; otherwise the exit code is 2.",
    "Of several files, each gets one line with its verdict.",
  ].join("\n"),
  options: {
    brief: { help: "the ladder only, not the state that each step changes" },
  },
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ args, flags }) {
    const [file, ...others] = args as [string, ...string[]];
    if (others.length > 0) return replayAll(args, colorsFor(process.stderr, flags));
    const { trace, changed } = await replayFile(file);
    if (changed) process.stderr.write(`${file}: ${CHANGED}\n`);
    process.stdout.write(traceText(trace));
    if (!flags.has("brief")) process.stdout.write(`\n${changesText(trace)}`);
    return EXIT.ok;
  },
};

/** A line for each; the exit code says whether all of them worked. */
async function replayAll(files: string[], colors: Colors): Promise<number> {
  let code: number = EXIT.ok;
  let at = 0;
  for await (const replayed of replayFiles(files)) {
    const file = files[at++] as string;
    if (replayed instanceof UserError) {
      process.stderr.write(problemsText(replayed, colors.red));
      code = EXIT.usage;
      continue;
    }
    if (replayed.changed) process.stderr.write(`${file}: ${CHANGED}\n`);
    process.stdout.write(`${file}: ${verdictOf(replayed.trace).headline}\n`);
  }
  return code;
}

/** One paragraph per step: who, which line, and each cell before and after. */
function changesText({ steps }: Replayed["trace"]): string {
  const paragraphs = steps.map((step) => {
    const chosen = step.chosen.length > 0 ? ` (${step.chosen.join(", ")})` : "";
    const place = step.src ? `  ${step.src.file}:${step.src.line}` : "";
    const head = `${step.number}. ${step.process} ${step.label}: ${step.text}${chosen}${place}`;
    const changes = step.changes.map((c) => `     ${c.name}: ${c.from} -> ${c.to}`);
    return [head, ...changes].join("\n");
  });
  return `${paragraphs.join("\n")}\n`;
}
