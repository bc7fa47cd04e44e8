import { extname } from "node:path";
import type { Command } from "../args.ts";
import { replayFile } from "../counterexample.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { writeText } from "../files.ts";
import { tracePictures, traceText } from "../pictures.ts";

const FORMATS = [".svg", ".dot", ".txt"];

export const drawCommand: Command = {
  name: "draw",
  summary: "draw the race of a counterexample",
  usage: "FILE [-o out.svg|out.dot|out.txt]",
  details: [
    "FILE is the .json that `mmrace check --draw` wrote. The picture is one of",
    "  .svg  lanes, locks, the values carried, the violating step",
    "  .dot  the same for Graphviz (any version: dot -Tpdf)",
    "  .txt  a ladder of 75 columns that survives a commit message",
  ].join("\n"),
  options: {
    output: { short: "o", value: "PATH", help: "where to draw (default: the ladder, to stdout)" },
  },
  args: { min: 1, max: 1 },
  async run({ args, values }) {
    const [file] = args as [string];
    const output = values.get("output");
    if (output !== undefined && !FORMATS.includes(extname(output))) {
      fail(`${output}: cannot draw that`, `end the name with ${FORMATS.join(", ")}`);
    }
    const { trace, changed } = await replayFile(file);
    if (changed) process.stderr.write(`${file}: note: the spec has changed since\n`);
    if (output === undefined) {
      process.stdout.write(traceText(trace));
      return EXIT.ok;
    }
    if (extname(output) === ".txt") {
      writeText(output, traceText(trace));
      return EXIT.ok;
    }
    const { dot, svg } = await tracePictures(trace);
    writeText(output, extname(output) === ".dot" ? dot : svg);
    return EXIT.ok;
  },
};
