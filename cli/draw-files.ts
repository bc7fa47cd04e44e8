/** The files of a counterexample: what replays, and three pictures of it. */
import { join } from "node:path";
import { DrawingFailed, toSvg } from "../counterexamples/render/index.ts";
import { counterexampleText } from "./counterexample.ts";
import { fail } from "./errors.ts";
import { allExplained, type Seen } from "./explained.ts";
import { writeText } from "./files.ts";
import type { Outcome } from "./judge.ts";
import { type Picture, picture } from "./pictures.ts";

const KINDS: Picture[] = [".txt", ".dot", ".svg"];

/** Contents by file name, of each trace the .svg last. Empty when nothing was violated. */
export async function* drawn(outcome: Seen, folder: string): AsyncGenerator<[string, string]> {
  const { stem, model, spec } = outcome.task;
  for (const [i, trace] of allExplained(outcome).entries()) {
    const name = i === 0 ? stem : `${stem}.${i + 1}`;
    yield [`${name}.json`, counterexampleText(trace, model, spec.file, folder)];
    for (const kind of KINDS) yield [`${name}${kind}`, await picture(trace, kind)];
  }
}

/**
 * Writes DOT, or the SVG of it when the name ends so. When Graphviz fails, the DOT stands beside it
 * instead, and the error says so.
 */
export async function writePicture(output: string, dot: string): Promise<void> {
  if (!output.endsWith(".svg")) {
    writeText(output, dot);
    return;
  }
  try {
    writeText(output, await toSvg(dot));
  } catch (error) {
    if (!(error instanceof DrawingFailed)) throw error;
    const instead = output.replace(/svg$/, "dot");
    writeText(instead, dot);
    fail(`${output}: Graphviz cannot draw it: ${error.message}`, `${instead} is written instead`);
  }
}

/** A picture that Graphviz cannot draw is no reason to stop: what can be had is written. */
export async function draw(outcome: Outcome, folder: string): Promise<void> {
  try {
    for await (const [name, text] of drawn(outcome, folder)) writeText(join(folder, name), text);
  } catch (error) {
    if (!(error instanceof DrawingFailed)) throw error;
    process.stderr.write(`${outcome.task.stem}.svg: note: not drawn: ${error.message}\n`);
  }
}
