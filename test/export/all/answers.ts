/**
 * Answers of other tools, kept by what was asked: the exported text, how it is built and run, the
 * tool's version. Whatever changes only other questions leaves an answer as it is.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  agrees,
  answer,
  type CrosscheckOptions,
  type Question,
  questionFor,
  type Row,
} from "../../../cli/crosscheck/crosscheck.ts";
import type { Limits } from "../../../cli/crosscheck/recipes.ts";
import { prepareFolder } from "../../../cli/files.ts";
import type { Item } from "./items.ts";

export interface Answer {
  item: Item;
  /** Undefined: not asked, or not yet. */
  row: Row | undefined;
}

export interface Asking {
  /** Folder of the answers. */
  cache: string;
  limits: Limits;
  /** Look only, ask nobody. */
  knownOnly: boolean;
  /** Ask again what was not answered within the limits. */
  retry: boolean;
}

const OPTIONS: Omit<CrosscheckOptions, "tools" | "limits"> = {
  name: "model",
  header: [],
  env: process.env,
};

/** Failures are not kept: the disk may have been full. */
export async function ask(item: Item, asking: Asking): Promise<Answer> {
  const { subject, tool, isTooLarge } = item;
  if (isTooLarge) return { item, row: undefined };
  const options = { ...OPTIONS, limits: asking.limits };
  const question = questionFor(tool, subject.model(), subject.own.states, options);
  if (!question) return { item, row: undefined };
  const file = join(asking.cache, `${keyOf(question)}.json`);
  const known = read(file);
  const isOld = known?.verdict === "incomplete" && asking.retry;
  if (known && !isOld) return judged(item, known);
  if (asking.knownOnly) return { item, row: known };
  const row = await answer(question, asking.limits);
  if (row.verdict !== "failed") write(file, asking.cache, row);
  return judged(item, row);
}

function judged(item: Item, row: Row): Answer {
  return { item, row: { ...row, agree: agrees(row, item.subject.own) } };
}

function keyOf(question: Question): string {
  const { tool, exported, recipe } = question;
  const { files, refusals, extra, claims } = exported;
  const asked = [tool, versionOf(question), files, refusals, extra, claims, recipe];
  const content = JSON.stringify(asked);
  return createHash("sha256").update(content).digest("hex");
}

const versions = new Map<string, string>();

/** What the program says of itself, asked once. */
function versionOf({ tool, recipe, programs }: Question): string {
  const known = versions.get(tool);
  if (known !== undefined) return known;
  const { program, args } = recipe.version;
  const { stdout, stderr } = spawnSync(programs[program] ?? program, args, { encoding: "utf8" });
  const version = recipe.versionPattern.exec(stdout + stderr)?.[1] ?? "";
  versions.set(tool, version);
  return version;
}

function read(file: string): Row | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Row) : undefined;
}

/** Whole or not at all, whenever we are killed. */
function write(file: string, folder: string, row: Row): void {
  prepareFolder(folder);
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(row));
  renameSync(temporary, file);
}
