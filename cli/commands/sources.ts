import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command, Input } from "../args.ts";
import { fail, UserError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { isFolder, writeText } from "../files.ts";
import { countOf } from "../judge.ts";
import { DEFAULT_FOLDER } from "../loader/find.ts";
import { showPath } from "../loader/paths.ts";
import { type Citation, citationsIn } from "../sources/cite.ts";
import { readSources, SOURCES_FILE, type Sources, stringifySources } from "../sources/file.ts";
import {
  ABSENT,
  type Drift,
  definitionsIn,
  driftOf,
  type FindElsewhere,
  kernelVersion,
  type Pin,
  pinOf,
} from "../sources/pin.ts";

export const sourcesCommand: Command = {
  name: "sources",
  summary: "has the kernel code that specs cite changed since somebody looked?",
  usage: "--kernel DIR [PATH...] [options]",
  details: [
    "A spec cites its sources in its first comment, behind the word Source:",
    "`mm/hmm.c: hmm_range_fault, hmm_vma_fault`. --update writes down what these functions are in",
    `the tree, into ${SOURCES_FILE} beside the spec. Without it, each is compared with the tree:`,
    "unchanged, changed (lines added and removed), moved to another file, or gone. Comments and",
    "layout do not count. A file that is cited without functions is compared as a whole. What the",
    "tree does not have is pinned as absent, and told: it is history, or it is misspelt.",
    "",
    `PATH is a file or a folder; without one, the folder ${DEFAULT_FOLDER} is searched.`,
    "Exit code 1 when anything is not as it was.",
  ].join("\n"),
  options: {
    kernel: { value: "DIR", help: "top of an unpacked kernel source" },
    update: { help: "take the tree as what was looked at" },
    all: { help: "name what is unchanged, too" },
    json: { help: "one JSON document on standard output, and nothing else" },
  },
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  run: sources,
};

interface Row {
  /** Where it is cited: `specs/odp/spec.ts:8`. */
  place: string;
  cited: string;
  drift: Drift;
}

async function sources(input: Input): Promise<number> {
  const { args, flags, values } = input;
  const tree = values.get("kernel");
  if (tree === undefined) return fail("which kernel?", "add --kernel DIR");
  const version = kernelVersion(tree);
  const folders = foldersIn(args.length > 0 ? args : [DEFAULT_FOLDER]);
  if (folders.size === 0) fail("nothing in there cites kernel code");
  const names = [...folders.values()].flatMap((cited) => cited.flatMap((c) => c.name ?? []));
  const elsewhere = definitionsIn(tree, new Set(names));
  const rows = [...folders].flatMap(([folder, cited]) => {
    return flags.has("update")
      ? update(folder, cited, tree, version)
      : compare(folder, cited, tree, elsewhere);
  });
  const shown = rows.filter((row) => flags.has("all") || row.drift.kind !== "unchanged");
  const was = [...folders.keys()].flatMap((f) => readSources(join(f, SOURCES_FILE))?.kernel ?? []);
  if (flags.has("json")) process.stdout.write(jsonOf(rows, version));
  else process.stdout.write(textOf(shown, rows, [...new Set(was)], version));
  const isAsItWas = flags.has("update") || rows.every((row) => row.drift.kind === "unchanged");
  return isAsItWas ? EXIT.ok : EXIT.violation;
}

interface Cited extends Citation {
  from: string;
}

/** The citations of each folder that has any. */
function foldersIn(paths: string[]): Map<string, Cited[]> {
  const folders = new Map<string, Cited[]>();
  for (const file of paths.flatMap(scriptsAt)) {
    const cited = citationsIn(readFileSync(file, "utf8")).map((c) => ({ ...c, from: file }));
    if (cited.length === 0) continue;
    const folder = dirname(file);
    folders.set(folder, [...(folders.get(folder) ?? []), ...cited]);
  }
  return folders;
}

function scriptsAt(path: string): string[] {
  const at = resolve(path);
  if (!existsSync(at)) throw new UserError({ file: path, message: "no such file or folder" });
  if (!isFolder(at)) return [at];
  return readdirSync(at, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(at, name))
    .sort();
}

const keyOf = ({ file, name }: { file: string; name?: string | undefined }): string =>
  name === undefined ? file : `${file}: ${name}`;

function rowOf(cited: Cited, drift: Drift): Row {
  return { place: `${showPath(cited.from)}:${cited.line}`, cited: keyOf(cited), drift };
}

function compare(folder: string, cited: Cited[], tree: string, elsewhere: FindElsewhere): Row[] {
  const file = join(folder, SOURCES_FILE);
  const pins = readSources(file)?.pins ?? [];
  const rows = cited.map((c): Row => {
    const pin = pins.find((p) => keyOf(p) === keyOf(c));
    if (pin) return rowOf(c, driftOf(tree, pin, elsewhere));
    return rowOf(c, { kind: pinOf(tree, c.file, c.name) ? "new" : "unknown" });
  });
  const unused = pins.filter((p) => !cited.some((c) => keyOf(c) === keyOf(p)));
  return [
    ...rows,
    ...unused.map((p): Row => {
      return { place: showPath(file), cited: keyOf(p), drift: { kind: "unused" } };
    }),
  ];
}

/** What is not in the tree is told, and pinned as absent: history is cited, too. */
function update(folder: string, cited: Cited[], tree: string, kernel: string): Row[] {
  const pins: Pin[] = [];
  const rows = cited.map((c): Row => {
    const known = pins.find((p) => keyOf(p) === keyOf(c));
    const { file, name } = c;
    const absent: Pin = { file, ...(name ? { name } : {}), hash: ABSENT, lines: "" };
    const pin = known ?? pinOf(tree, file, name) ?? absent;
    if (!known) pins.push(pin);
    return rowOf(c, { kind: pin.hash === ABSENT ? "unknown" : "unchanged" });
  });
  pins.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const written: Sources = { kernel, pins };
  writeText(join(folder, SOURCES_FILE), stringifySources(written));
  return rows;
}

function driftText(drift: Drift): string {
  switch (drift.kind) {
    case "unchanged":
      return "unchanged";
    case "changed":
      // Of a file that is cited as a whole the lines are not kept.
      return drift.added + drift.removed === 0
        ? "changed since"
        : `changed since: ${linesText(drift)}`;
    case "moved":
      return `moved to ${drift.to}: ${linesText(drift)}`;
    case "gone":
      return "gone";
    case "appeared":
      return "was not there when it was pinned, and is there now";
    case "new":
      return "not pinned yet: mmrace sources --update";
    case "unknown":
      return "not in this tree";
    case "unused":
      return "pinned, and not cited any more";
  }
}

function linesText({ added, removed }: { added: number; removed: number }): string {
  return added + removed === 0 ? "no line of it" : `${added} lines added, ${removed} removed`;
}

function textOf(shown: Row[], rows: Row[], was: string[], version: string): string {
  const lines = shown.map(({ place, cited, drift }) => `${place}: ${cited}: ${driftText(drift)}`);
  const same = rows.filter((r) => r.drift.kind === "unchanged").length;
  const from = was.length > 0 ? `${was.join(", ")} -> ${version}` : version;
  lines.push(`kernel ${from}: ${countOf(rows.length, "citation")}, ${same} unchanged`);
  return `${lines.join("\n")}\n`;
}

function jsonOf(rows: Row[], kernel: string): string {
  const report = { format: "mmrace-source-drift", version: 1, kernel, citations: rows };
  return `${JSON.stringify(report, null, 2)}\n`;
}
