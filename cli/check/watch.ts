/** `mmrace check --watch`: all specs once, then whatever a save affects. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { problemsText, UserError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { expectFileOf } from "../expect/review.ts";
import { isLanguageFile } from "../home.ts";
import { countOf } from "../judge.ts";
import { findSpecs, foldersOf, isLoadable } from "../loader/find.ts";
import { showPath } from "../loader/paths.ts";
import { checkTypes, isCrash, prepare, type Task } from "../prepare.ts";
import { keepSearchers } from "../search.ts";
import { colorsFor } from "../terminal.ts";
import { type FolderWatch, watchFolders } from "./folders.ts";
import { searchRound } from "./round.ts";
import type { Settings } from "./settings.ts";

/** What is known of a spec since it was last looked at. */
interface Seen {
  /** Files that it is made of, as far as they are known. */
  inputs: string[];
  /** It did not load: any other file may be the one that is missing. */
  broken: boolean;
  /** What {@link stampOf} said. */
  stamp: string;
}

/** Ends with Ctrl-C only. */
export async function watch(args: string[], given: Settings): Promise<number> {
  const seen = new Map<string, Seen>();
  // A wrong argument is no reason to wait.
  findSpecs(args);
  const folders = watchFolders();
  const kept = keepSearchers();
  const settings = { ...given, running: { ...given.running, start: kept.start } };
  try {
    while (!folders.interrupted()) {
      const busy = await look(args, settings, seen, folders);
      if (!busy && !folders.interrupted()) await folders.change();
    }
  } finally {
    folders.close();
    await kept.close();
  }
  return EXIT.interrupted;
}

/** Checks what has changed; false when nothing has. */
async function look(
  args: string[],
  settings: Settings,
  seen: Map<string, Seen>,
  folders: FolderWatch,
): Promise<boolean> {
  const stat = statOnce();
  const paths = told(() => findSpecs(args), settings) ?? [];
  for (const path of [...seen.keys()]) if (!paths.includes(path)) seen.delete(path);
  const inputFolders = [...seen.values()].flatMap(({ inputs }) => inputs.map((i) => dirname(i)));
  const watched = new Set([...foldersOf(args), ...inputFolders]);
  const now = (of: Seen): string => stampOf(of, watched, stat);
  const affected = paths.filter((path) => {
    const before = seen.get(path);
    return before === undefined || before.stamp !== now(before);
  });
  folders.set(watched);
  if (affected.length === 0) return false;
  if (seen.size > 0) process.stderr.write(`\nchanged: ${affected.map(showPath).join(", ")}\n`);
  const types = settings.typecheck ? checkTypes(affected) : Promise.resolve();
  types.catch(() => undefined);
  const { tasks, refused } = await prepareEach(affected, types, settings);
  for (const path of affected) {
    const spec = tasks.get(path)?.[0]?.spec;
    const old = seen.get(path)?.inputs ?? [path];
    const inputs = spec ? spec.inputs.filter((file) => !isLanguageFile(file)) : old;
    const expected = resolve(expectFileOf({ file: path }));
    const next = { inputs: [...new Set([...inputs, expected])], broken: !spec };
    seen.set(path, { ...next, stamp: now({ ...next, stamp: "" }) });
  }
  const ready = [...tasks.values()].flat();
  if (ready.length > 0) await toldAsync(() => searchRound(ready, settings), settings);
  // They take longer than most searches. What the language has refused, it has said better.
  if (!refused) await toldAsync(() => types, settings);
  process.stderr.write(`watching ${countOf(paths.length, "spec")}, Ctrl-C ends\n`);
  return true;
}

interface Prepared {
  /** By path. */
  tasks: Map<string, Task[]>;
  /** There was a mistake that has been told. */
  refused: boolean;
}

/** All at once, as that is faster; when one is broken, each alone. */
async function prepareEach(
  paths: string[],
  types: Promise<void>,
  settings: Settings,
): Promise<Prepared> {
  const prepared: Prepared = { tasks: new Map(), refused: false };
  const add = async (some: string[]): Promise<void> => {
    const { tasks } = await prepare(some, settings.selection, { typecheck: false });
    for (const path of some) {
      const own = tasks.filter(({ spec }) => resolve(spec.file) === path);
      if (own.length > 0) prepared.tasks.set(path, own);
    }
  };
  const refuse = async (error: unknown): Promise<void> => {
    // The type checker's words are better than a crash.
    if (isCrash(error) && (await failed(types))) return;
    tell(error, settings);
    prepared.refused = true;
  };
  try {
    await add(paths);
  } catch (error) {
    if (paths.length === 1) await refuse(error);
    else for (const path of paths) await add([path]).catch(refuse);
  }
  return prepared;
}

function failed(action: Promise<unknown>): Promise<boolean> {
  return action.then(
    () => false,
    () => true,
  );
}

/** Equal when no file that matters has changed. */
function stampOf(of: Seen, folders: Iterable<string>, stat: (file: string) => string): string {
  const more = of.broken ? [...folders].flatMap(loadableIn) : [];
  return [...of.inputs, ...more].map((file) => `${file} ${stat(file)}`).join("\n");
}

function loadableIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(isLoadable)
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * Each file is asked once, when it is first asked for. So what changes while specs load differs
 * from what is remembered of them.
 */
function statOnce(): (file: string) => string {
  const known = new Map<string, string>();
  return (file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    const text = known.get(file) ?? (stats ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : "-");
    known.set(file, text);
    return text;
  };
}

function told<T>(action: () => T, settings: Settings): T | undefined {
  try {
    return action();
  } catch (error) {
    return tell(error, settings);
  }
}

async function toldAsync<T>(action: () => Promise<T>, settings: Settings): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    return tell(error, settings);
  }
}

/** The author's mistakes are shown; ours end the watch. */
function tell(error: unknown, { input }: Settings): undefined {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(problemsText(error, colorsFor(process.stderr, input.flags).red));
}
