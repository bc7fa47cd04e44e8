import type { Command } from "../args.ts";
import { replayFile } from "../counterexample.ts";
import { EXIT } from "../exit-codes.ts";
import { traceText } from "../pictures.ts";

export const replayCommand: Command = {
  name: "replay",
  summary: "take the steps of a counterexample again and show what they do",
  usage: "FILE",
  details: [
    "FILE is the .json that `mmrace check --draw` wrote. It names its spec and the steps; they are",
    "taken again on the spec as it is now. A spec that has changed since is no obstacle as long as",
    "the schedule still works and still violates the same property; otherwise the exit code is 2.",
  ].join("\n"),
  options: {
    brief: { help: "the ladder only, not the state that each step changes" },
  },
  args: { min: 1, max: 1 },
  async run({ args, flags }) {
    const [file] = args as [string];
    const { trace, changed } = await replayFile(file);
    if (changed) {
      process.stderr.write(
        `${file}: note: the spec has changed since, but the schedule still works\n`,
      );
    }
    process.stdout.write(traceText(trace));
    if (!flags.has("brief")) process.stdout.write(`\n${changesText(trace)}`);
    return EXIT.ok;
  },
};

/** One paragraph per step: who, which line, and each cell before and after. */
function changesText(trace: Awaited<ReturnType<typeof replayFile>>["trace"]): string {
  const paragraphs = trace.steps.map((step) => {
    const chosen = step.chosen.length > 0 ? ` (${step.chosen.join(", ")})` : "";
    const place = step.src ? `  ${step.src.file}:${step.src.line}` : "";
    const head = `${step.number}. ${step.process} ${step.label}: ${step.text}${chosen}${place}`;
    const changes = step.changes.map((c) => `     ${c.name}: ${c.from} -> ${c.to}`);
    return [head, ...changes].join("\n");
  });
  return `${paragraphs.join("\n")}\n`;
}
