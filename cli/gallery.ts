/** The gallery: the counterexample of every mutant as files that are checked in, and an index. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { drawn } from "./draw-files.ts";
import { writeText } from "./files.ts";
import type { Outcome } from "./judge.ts";
import { table } from "./markdown.ts";

const INDEX = "README.md";
const GENERATED = /\.(json|txt|dot|svg)$/;

/** All files of the gallery, by name. */
export async function galleryOf(outcomes: Outcome[], folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const outcome of outcomes) {
    for await (const [name, text] of drawn(outcome, folder)) files.set(name, text);
  }
  return files.set(INDEX, indexOf(outcomes));
}

function indexOf(outcomes: Outcome[]): string {
  const specs = [...new Set(outcomes.map((o) => o.task.spec))];
  const sections = specs.map((spec) => {
    const rows = outcomes.filter((o) => o.task.spec === spec).map(indexRow);
    return `\n## ${spec.name}\n\n${table(["mutant", "breaks", "steps", "pictures"], rows)}`;
  });
  return [
    "# Gallery\n\n",
    "The shortest counterexample of every mutant in `specs/`: a mistake that somebody could\n",
    "make, and the race that it opens. `mmrace gallery` writes these files; a test takes the\n",
    "steps of each again.\n",
    ...sections,
  ].join("");
}

function indexRow({ task, trace }: Outcome): string[] {
  const variant = task.spec.variants.find((v) => v.name === task.variant);
  const about = variant?.doc ? `\`${task.variant}\`: ${variant.doc}` : `\`${task.variant}\``;
  const links = ["svg", "txt", "dot", "json"].map((e) => `[${e}](${task.stem}.${e})`).join(" ");
  return [about, `\`${task.breaks}\``, String(trace?.steps.length ?? 0), links];
}

/** Names of the files that are missing, different, or no longer made. */
export function staleFiles(files: Map<string, string>, folder: string): string[] {
  const stale = [...files].filter(([name, text]) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  });
  return [...stale.map(([name]) => name), ...leftOver(files, folder)].sort();
}

export function writeGallery(files: Map<string, string>, folder: string): void {
  for (const [name, text] of files) writeText(join(folder, name), text);
  for (const name of leftOver(files, folder)) rmSync(join(folder, name));
}

function leftOver(files: Map<string, string>, folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => GENERATED.test(name) && !files.has(name));
}
