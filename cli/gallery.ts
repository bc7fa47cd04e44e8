/** The gallery: the counterexample of every mutant as files that are checked in, and an index. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DrawingFailed } from "../counterexamples/render/index.ts";
import { storedRun } from "./counterexample.ts";
import { drawn } from "./draw-files.ts";
import { fail } from "./errors.ts";
import type { Seen } from "./explained.ts";
import { writeText } from "./files.ts";
import { BACK, galleryPages } from "./gallery-pages.ts";
import type { Task } from "./prepare.ts";

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
    try {
      for await (const [name, text] of drawn(outcome, folder)) files.set(name, text);
    } catch (error) {
      if (!(error instanceof DrawingFailed)) throw error;
      fail(`${outcome.task.stem}.svg: Graphviz cannot draw it: ${error.message}`);
    }
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
      return new Map([...files, ...galleryPages(inOrder)]);
    },
  };
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
  const isOurs = (name: string): boolean =>
    GENERATED.test(name) ||
    (name.endsWith(".md") && readFileSync(join(folder, name), "utf8").includes(BACK));
  return readdirSync(folder).filter((name) => !files.has(name) && isOurs(name));
}
