/** A trace in the forms that people and other tools look at. */
import {
  ladder,
  ladderWide,
  lockdepScenario,
  toDot,
  toItf,
  toMermaid,
  toPerfetto,
  toPlantUml,
  toSvg,
} from "../counterexamples/render/index.ts";
import type { Trace } from "../model/ir/index.ts";

/** The ladder; below a plain deadlock also lockdep's own picture of it. */
export function traceText(trace: Trace): string {
  const scenario = lockdepScenario(trace);
  return scenario ? `${ladder(trace)}\n${scenario}` : ladder(trace);
}

/** What the names of the files end with, and what is in them. */
export const PICTURES = {
  ".svg": "lanes, locks, the values carried, the violating step",
  ".dot": "the same for Graphviz (any version: dot -Tpdf)",
  ".wide.txt": "a table for the terminal: lanes, and what each step changed",
  ".txt": "a ladder of 75 columns that survives a commit message",
  ".puml": "a sequence diagram for PlantUML",
  ".mmd": "a sequence diagram for Mermaid",
  ".itf.json": "the states, for ITF trace viewers",
  ".perfetto.json": "a time line for ui.perfetto.dev",
};

export type Picture = keyof typeof PICTURES;

/** The kind of picture that a file name asks for. */
export function pictureOf(file: string): Picture | undefined {
  return (Object.keys(PICTURES) as Picture[]).find((ending) => file.endsWith(ending));
}

/** Throws DrawingFailed when Graphviz fails, which can happen with .svg only. */
export async function picture(trace: Trace, kind: Picture): Promise<string> {
  switch (kind) {
    case ".svg":
      return toSvg(toDot(trace));
    case ".dot":
      return toDot(trace);
    case ".wide.txt":
      return ladderWide(trace);
    case ".txt":
      return traceText(trace);
    case ".puml":
      return toPlantUml(trace);
    case ".mmd":
      return toMermaid(trace);
    case ".itf.json":
      return toItf(trace);
    case ".perfetto.json":
      return toPerfetto(trace);
  }
}
