import type { Command } from "../args.ts";
import { replayFile } from "../counterexample.ts";
import { writePicture } from "../draw-files.ts";
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
    if (kind === ".svg") await writePicture(output, await picture(trace, ".dot"));
    else writeText(output, await picture(trace, kind));
    return EXIT.ok;
  },
};
