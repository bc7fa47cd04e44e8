/** The gallery: the counterexample of every mutant as files that are checked in, and an index. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { verdictOf } from "../counterexamples/render/index.ts";
import { storedRun } from "./counterexample.ts";
import { drawn } from "./draw-files.ts";
import { explained, type Seen } from "./explained.ts";
import { writeText } from "./files.ts";
import { table } from "./markdown.ts";
import type { Task } from "./prepare.ts";

const INDEX = "README.md";
const GENERATED = /\.(json|txt|dot|svg)$/;

export interface Gallery {
  /** Draws while the next search runs. */
  add(outcome: Seen): void;
  /** All files, by name; waits for the last picture. */
  files(): Promise<Map<string, string>>;
}

/** @param tasks all that belong to it, in the order of the index */
export function startGallery(tasks: Task[], folder: string): Gallery {
  const outcomes: Seen[] = [];
  const files = new Map<string, string>();
  const draw = async (outcome: Seen): Promise<void> => {
    for await (const [name, text] of drawn(outcome, folder)) files.set(name, text);
  };
  let drawing: Promise<unknown> = Promise.resolve();
  return {
    add(outcome) {
      outcomes.push(outcome);
      const next = drawing.then(() => draw(outcome));
      // Told by files(): nobody listens before the searches are over.
      next.catch(() => undefined);
      drawing = next;
    },
    async files() {
      await drawing;
      const inOrder = tasks.flatMap((t) => outcomes.find((o) => o.task === t) ?? []);
      return files.set(INDEX, indexOf(inOrder));
    },
  };
}

function indexOf(outcomes: Seen[]): string {
  const specs = [...new Set(outcomes.map((o) => o.task.spec))];
  const sections = specs.map((spec) => {
    const rows = outcomes.filter((o) => o.task.spec === spec).map(indexRow);
    return `\n## ${spec.name}\n\n${table(["race", "what happens"], rows)}`;
  });
  return [
    "# Gallery\n\n",
    "The shortest counterexample of every bug and every mutant in `specs/`: a mistake that\n",
    "somebody has made or could make, and the race that it opens. Each picture leads to the full\n",
    "size; `txt` is a ladder for a commit message, `json` is what `mmrace replay` takes again.\n",
    "`mmrace gallery` writes these files.\n",
    ...sections,
  ].join("");
}

/** Left a preview of the picture, which leads to the picture; right what there is to know. */
function indexRow(outcome: Seen): string[] {
  const { stem, spec, variant, breaks } = outcome.task;
  const about = spec.variants.find((v) => v.name === variant)?.doc;
  const trace = explained(outcome);
  const { headline, lines } = trace ? verdictOf(trace) : { headline: "", lines: [] };
  const links = ["svg", "txt", "dot", "json"].map((e) => `[${e}](${stem}.${e})`).join(" ");
  const preview = `<img src="${stem}.svg" width="${PREVIEW}" alt="${variant}">`;
  const text = [
    `**\`${variant}\`** breaks \`${breaks}\`${about ? `: ${about}` : ""}`,
    [headline, ...lines].map(escapeText).join("<br>"),
    links,
  ];
  return [`<a href="${stem}.svg">${preview}</a>`, text.join("<br><br>")];
}

/** Pixels. */
const PREVIEW = 420;

function escapeText(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/[\\`*_[\]]/g, "\\$&");
}

/** What the gallery already has for this model, when it violates what it must. */
export function stored(task: Task, folder: string): Seen | undefined {
  const trace = storedRun(join(folder, `${task.stem}.json`), task.model);
  return trace?.violation?.property === task.breaks && trace ? { task, trace } : undefined;
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
