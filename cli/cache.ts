/**
 * Verdicts that were found before, by content: of the model with all its places and texts, of the
 * options that change an answer, and of the checker's own code. Only complete searches are kept.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Model } from "../model/ir/index.ts";
import { messageOf } from "./errors.ts";
import { writeText } from "./files.ts";
import { codeFolder } from "./home.ts";
import type { Limits, SearchResult } from "./search.ts";

export interface ResultCache {
  /** What this search came to, if that is known and within the limits. */
  get(model: Model, limits: Limits): SearchResult | undefined;
  put(model: Model, limits: Limits, result: SearchResult): void;
}

/** Entries that are kept, the ones used last. */
const MOST = 4000;

/** `$XDG_CACHE_HOME/mmrace`, or `~/.cache/mmrace`. */
function defaultFolder(): string {
  const given = process.env.XDG_CACHE_HOME ?? "";
  return join(isAbsolute(given) ? given : join(homedir(), ".cache"), "mmrace", "results");
}

/** @param note called when an entry is damaged, or the folder cannot be written, once each */
export function openCache(
  note: (text: string) => void,
  folder: string = defaultFolder(),
): ResultCache {
  const engine = engineHash();
  const fileOf = (model: Model, limits: Limits): string => {
    return join(folder, sha256(JSON.stringify([engine, model, answering(limits)])));
  };
  let writable = true;
  return {
    get(model, limits) {
      const file = fileOf(model, limits);
      const found = readEntry(file);
      if (found === "damaged") {
        note(`the cached result ${file} is damaged: searching again`);
        rmSync(file, { force: true });
        return undefined;
      }
      if (!found || !isWithin(found, limits)) return undefined;
      touch(file);
      return found;
    },
    put(model, limits, result) {
      if (!writable || result.verdict.kind === "incomplete") return;
      try {
        writeEntry(fileOf(model, limits), folder, result);
      } catch (error) {
        writable = false;
        note(`results are not cached: ${messageOf(error)}`);
      }
    },
  };
}

/** All options but those that only say how far and how fast. */
function answering(limits: Limits): object {
  const { maxStates: _1, maxMemory: _2, timeLimit: _3, workers: _4, ...rest } = limits;
  return Object.fromEntries(Object.entries(rest).sort());
}

/** A search that these limits would have ended is not answered from memory. */
function isWithin(result: SearchResult, { maxStates, maxMemory, timeLimit }: Limits): boolean {
  const within = (value: number, most: number | undefined): boolean =>
    most === undefined || value <= most;
  const { states, bytes, elapsed } = result;
  return within(states, maxStates) && within(bytes, maxMemory) && within(elapsed, timeLimit);
}

/** Two lines: the hash of the second, and the result. */
function readEntry(file: string): SearchResult | "damaged" | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const [sum, json = ""] = text.split("\n");
  return sum === sha256(json) ? (JSON.parse(json) as SearchResult) : "damaged";
}

function writeEntry(file: string, folder: string, result: SearchResult): void {
  const json = JSON.stringify(result);
  writeText(file, `${sha256(json)}\n${json}\n`);
  const names = readdirSync(folder);
  if (names.length > MOST) forgetOldest(names.map((name) => join(folder, name)));
}

/** A quarter of them, so that this is rare. */
function forgetOldest(files: string[]): void {
  const used = files.map((file) => {
    const time = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { file, time };
  });
  used.sort((a, b) => a.time - b.time);
  for (const { file } of used.slice(0, MOST / 4)) rmSync(file, { force: true });
}

function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // Somebody else removed it, or may only read: it is still the right answer.
  }
}

/** The code that answers: whoever changes the checker has an empty cache. */
function engineHash(): string {
  const hash = createHash("sha256").update(process.version);
  for (const part of ["checker", "model/ir"]) {
    const folder = join(codeFolder, part);
    const names = readdirSync(folder, { recursive: true }) as string[];
    for (const name of names.sort().filter((n) => /\.(js|ts)$/.test(n))) {
      hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
