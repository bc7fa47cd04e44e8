/** The files of a git revision, in a folder of their own. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../errors.ts";
import { prepareFolder } from "../files.ts";

function git(args: string[], env: Record<string, string> = {}): string {
  return execFileSync("git", args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** The commit that a revision names; fails with what git says. */
export function commitOf(revision: string): string {
  try {
    return git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT") return fail("git is not installed", "compare two files instead");
    return fail(`${revision} is neither a file nor a git revision here`);
  }
}

/** Folder of the repository that the current folder belongs to, and the way down from there. */
export function repository(): { root: string; below: string } {
  return {
    root: git(["rev-parse", "--show-toplevel"]),
    below: git(["rev-parse", "--show-prefix"]),
  };
}

/** Writes all files of the commit into the folder; the repository and its index stay. */
export function checkOut(commit: string, folder: string): void {
  const { root } = repository();
  prepareFolder(folder);
  const index = { GIT_INDEX_FILE: join(folder, ".index") };
  const at = ["-C", root];
  git([...at, "read-tree", commit], index);
  git([...at, "checkout-index", "--all", `--prefix=${join(folder, "tree")}/`], index);
}

/**
 * The folder, if it is a source tree of mmrace: then its specs mean the language that is in it, and
 * a change of a kernel object counts as a change of the specs.
 */
export function languageIn(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file) || !existsSync(join(folder, "model", "index.ts"))) return undefined;
  const { name } = JSON.parse(readFileSync(file, "utf8")) as { name?: string };
  return name === "mmrace" ? folder : undefined;
}
