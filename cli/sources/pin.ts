/** What cited code was when somebody last looked, and what it is in another tree. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diffArrays } from "diff";
import { fnv1a } from "../../model/ir/index.ts";
import { UserError } from "../errors.ts";
import { blanked, definitionOf, normalised } from "./c-source.ts";

export interface Pin {
  file: string;
  name?: string;
  /** Of the normalised text: FNV-1a, 64 bits; or {@link ABSENT}. */
  hash: string;
  /** Of each line, four digits; so that a change can be measured without the old text. */
  lines: string;
}

/** The tree that was looked at had no such code: history, or a slip of the pen. */
export const ABSENT = "absent";

export type Drift =
  | { kind: "unchanged" }
  | { kind: "changed"; added: number; removed: number }
  | { kind: "moved"; to: string; added: number; removed: number }
  | { kind: "gone" }
  /** Was absent when it was pinned. */
  | { kind: "appeared" }
  /** Cited, and never pinned. */
  | { kind: "new" }
  /** Cited, never pinned, and not in the tree either. */
  | { kind: "unknown" }
  /** Pinned, and cited no more. */
  | { kind: "unused" };

/** `7.3.4`, from the tree's Makefile. */
export function kernelVersion(tree: string): string {
  const file = join(tree, "Makefile");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const part = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, "m").exec(text)?.[1];
  const parts = ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map(part);
  if (parts.some((p) => p === undefined)) {
    const fix = "give the top of an unpacked kernel source";
    throw new UserError({
      file: tree,
      message: "not a kernel tree: no Makefile with VERSION",
      fix,
    });
  }
  return parts.join(".");
}

/** The lines of the cited code in the tree; undefined when it has none. */
function linesOf(tree: string, file: string, name: string | undefined): string[] | undefined {
  const path = join(tree, file);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  if (name !== undefined) return definitionOf(text, name);
  if (!/\.[ch]$/.test(file)) return text.split("\n").filter((line) => line.trim() !== "");
  return normalised(text, blanked(text), [0, text.length]);
}

export function pinOf(tree: string, file: string, name: string | undefined): Pin | undefined {
  const lines = linesOf(tree, file, name);
  if (!lines) return undefined;
  const short = name === undefined ? "" : lines.map((line) => fnv1a(line).slice(-4)).join("");
  return {
    file,
    ...(name === undefined ? {} : { name }),
    hash: fnv1a(lines.join("\n")),
    lines: short,
  };
}

/** @param elsewhere what {@link definitionsIn} gives */
export function driftOf(tree: string, pin: Pin, elsewhere: FindElsewhere): Drift {
  const now = pinOf(tree, pin.file, pin.name);
  if (pin.hash === ABSENT) return { kind: now ? "appeared" : "unchanged" };
  if (now) {
    return now.hash === pin.hash
      ? { kind: "unchanged" }
      : { kind: "changed", ...changeBetween(pin, now) };
  }
  const to = pin.name === undefined ? undefined : elsewhere(pin.file, pin.name);
  if (to === undefined) return { kind: "gone" };
  return { kind: "moved", to, ...changeBetween(pin, pinOf(tree, to, pin.name) as Pin) };
}

function changeBetween(was: Pin, now: Pin): { added: number; removed: number } {
  const lines = (pin: Pin): string[] => pin.lines.match(/.{4}/g) ?? [];
  const parts = diffArrays(lines(was), lines(now));
  const number = (kind: "added" | "removed"): number =>
    parts.reduce((sum, part) => sum + (part[kind] ? part.count : 0), 0);
  return { added: number("added"), removed: number("removed") };
}

/** Another file that defines it: in the same folder, or below the first two of the folders. */
export type FindElsewhere = (file: string, name: string) => string | undefined;

/**
 * Reads each file once, however many names are looked for.
 *
 * @param names all that will be asked for
 */
export function definitionsIn(tree: string, names: ReadonlySet<string>): FindElsewhere {
  const known = new Map<string, Map<string, string[]>>();
  const below = (folder: string): Map<string, string[]> => {
    const found = known.get(folder) ?? placesBelow(tree, folder, names);
    known.set(folder, found);
    return found;
  };
  return (file, name) => {
    const own = dirname(file);
    for (const folder of new Set([own, own.split("/").slice(0, 2).join("/")])) {
      const found = (below(folder).get(name) ?? []).find((path) => {
        return path !== file && linesOf(tree, path, name) !== undefined;
      });
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** A line that may begin the definition of a function, a system call, a type or a macro. */
const BEGINS = new RegExp(
  [
    String.raw`^SYSCALL_DEFINE\d\((\w+)`,
    String.raw`^(?:struct|union|enum)\s+(\w+)\s*\{`,
    String.raw`^#\s*define\s+(\w+)`,
    String.raw`^(?:[A-Za-z_][^\n;(]*?\b)??([A-Za-z_]\w*)\s*\(`,
  ].join("|"),
  "gm",
);

/** By name, the files below the folder that may define it. */
function placesBelow(
  tree: string,
  folder: string,
  names: ReadonlySet<string>,
): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const path of sourcesBelow(tree, folder)) {
    const text = readFileSync(join(tree, path), "latin1");
    for (const [, ...found] of text.matchAll(BEGINS)) {
      const name = found.find((part) => part !== undefined);
      if (name !== undefined && names.has(name))
        places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  return places;
}

function sourcesBelow(tree: string, folder: string): string[] {
  const path = join(tree, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}
