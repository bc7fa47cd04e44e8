import { extname } from "node:path";
import { DrawingFailed } from "../../counterexamples/render/index.ts";
import type { Command } from "../args.ts";
import { replayFile } from "../counterexample.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { writeText } from "../files.ts";
import { PICTURES, picture, pictureOf, traceText } from "../pictures.ts";

const FORMATS = Object.entries(PICTURES).map(([ending, what]) => `  ${ending.padEnd(14)} ${what}`);

export const drawCommand: Command = {
  name: "draw",
  summary: "draw the race of a counterexample",
  usage: "FILE [-o PATH]",
  details: [
    "FILE is the .json that `mmrace check --draw` wrote. PATH ends with the kind of picture:",
    ...FORMATS,
  ].join("\n"),
  options: {
    output: { short: "o", value: "PATH", help: "where to draw (default: the ladder, to stdout)" },
  },
  args: { min: 1, max: 1 },
  async run({ args, values }) {
    const [file] = args as [string];
    const output = values.get("output");
    const kind = output === undefined ? ".txt" : pictureOf(output);
    if (!kind) {
      fail(`${output}: cannot draw that`, `end the name with ${Object.keys(PICTURES).join(", ")}`);
    }
    const { trace, changed } = await replayFile(file);
    if (changed) process.stderr.write(`${file}: note: the spec has changed since\n`);
    if (output === undefined) {
      process.stdout.write(traceText(trace));
      return EXIT.ok;
    }
    try {
      writeText(output, await picture(trace, kind));
    } catch (error) {
      if (!(error instanceof DrawingFailed)) throw error;
      const dot = `${output.slice(0, -extname(output).length)}.dot`;
      writeText(dot, await picture(trace, ".dot"));
      fail(`${output}: Graphviz cannot draw it: ${error.message}`, `${dot} is written instead`);
    }
    return EXIT.ok;
  },
};
