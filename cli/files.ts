/** Reading and writing for commands: clear messages, and nothing half-written. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fail, reason, UserError } from "./errors.ts";

export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError({ file, message: `cannot read it: ${reason(error)}` });
  }
}

/** A folder to write into, made when it is missing; says so now, not after a long search. */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError({ file: folder, message: `cannot write into it: ${reason(error)}` });
  }
}

/** Not `recursive: true`: where a file system refuses folders (/proc), Node tries for ever. */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder);
}

/** A file as a whole or not at all; a device or a pipe (`/dev/stdout`) takes it as it comes. */
export function writeText(file: string, text: string): void {
  const exists = existsSync(file);
  const isFile = !exists || statSync(file).isFile();
  if (isFile) prepareFolder(dirname(file));
  try {
    if (isFile) replace(exists ? realpathSync(file) : file, text);
    else writeFileSync(file, text);
  } catch (error) {
    throw new UserError({ file, message: `cannot write it: ${reason(error)}` });
  }
}

/** Writes under a temporary name in the same folder, then renames: readers see all or nothing. */
function replace(file: string, text: string): void {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

export function refuseOverwrite(file: string): void {
  if (existsSync(file)) fail(`${file} exists already`, "choose another name, or move it away");
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
