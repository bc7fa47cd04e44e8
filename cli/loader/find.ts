/** Which files are meant by the arguments of a command. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fail, UserError } from "../errors.ts";
import { isFolder } from "../files.ts";
import { showPath } from "./paths.ts";

/** What a folder is searched for. */
const IN_FOLDERS = /(^|\.)spec\.ts$/;
/** What may be named directly. */
const LOADABLE = /\.(ts|mts|js|mjs|ir\.json)$/;

/** Folder that is searched when no spec is named. */
export const DEFAULT_FOLDER = "specs";

/** Absolute paths of all specs meant, in order, each once. */
export function findSpecs(args: string[]): string[] {
  if (args.length === 0 && !isFolder(DEFAULT_FOLDER)) {
    fail(`there is no folder ${DEFAULT_FOLDER} here`, "name a spec, or start one: mmrace new NAME");
  }
  const named = args.length > 0 ? args : [DEFAULT_FOLDER];
  return [...new Set(named.flatMap((arg) => specsOf(arg)))];
}

/** The one file that is meant: of a folder its `spec.ts`, or the only spec in it. */
export function findSpec(arg: string): string {
  const own = join(arg, "spec.ts");
  if (existsSync(own)) return realpathSync(resolve(own));
  const [first, second] = findSpecs([arg]);
  if (second) fail(`${arg} holds several specs`, `name one of them, like ${showPath(second)}`);
  return first as string;
}

function specsOf(arg: string): string[] {
  if (!existsSync(arg)) throw new UserError({ file: arg, message: "no such file or folder" });
  const path = realpathSync(resolve(arg));
  if (isFolder(path)) {
    const found = search(path);
    if (found.length > 0) return found;
    const fix = "specs are called *.spec.ts or spec.ts; other files must be named directly";
    throw new UserError({ file: arg, message: "no spec in this folder", fix });
  }
  if (LOADABLE.test(path)) return [path];
  const message = "not a spec: a .ts, .js or .mjs file, or a model as .ir.json";
  throw new UserError({ file: arg, message });
}

function search(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isSearched(entry.name) ? search(path) : [];
    return IN_FOLDERS.test(basename(path)) ? [path] : [];
  });
}

function isSearched(folder: string): boolean {
  return folder !== "node_modules" && !folder.startsWith(".");
}

/** Absolute paths of all folders in which specs may turn up; none that is not there. */
export function foldersOf(args: string[]): string[] {
  const named = args.length > 0 ? args : [DEFAULT_FOLDER];
  const there = named.filter((arg) => existsSync(arg)).map((arg) => realpathSync(resolve(arg)));
  return there.flatMap((path) => (isFolder(path) ? withFoldersIn(path) : [dirname(path)]));
}

function withFoldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory() && isSearched(entry.name));
  return [folder, ...below.flatMap(({ name }) => withFoldersIn(join(folder, name)))];
}

/** Can a file of this name be a spec, or a part of one? */
export function isLoadable(name: string): boolean {
  return LOADABLE.test(name);
}
