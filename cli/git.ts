/** What git knows of the repository that the current folder belongs to. */
import { execFileSync } from "node:child_process";
import { fail } from "./errors.ts";

export function git(args: string[], env: Record<string, string> = {}): string {
  return execFileSync("git", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/**
 * The commit that a revision names.
 *
 * @param otherwise what the revision is if git does not know it
 */
export function commitOf(revision: string, otherwise: string): string {
  try {
    return git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT") return fail("git is not installed", "it is what knows revisions");
    return fail(`${revision} is ${otherwise}`);
  }
}

/** The tree of a commit; before the first one, HEAD is a tree without files. */
export function treeOf(revision: string, otherwise: string): string {
  try {
    return commitOf(revision, otherwise);
  } catch (error) {
    if (revision !== "HEAD" || !isRepository()) throw error;
    return git(["hash-object", "-t", "tree", "--stdin"]);
  }
}

function isRepository(): boolean {
  try {
    return git(["rev-parse", "--git-dir"]) !== "";
  } catch {
    return false;
  }
}

/** Folder of the repository that the current folder belongs to, and the way down from there. */
export function repository(): { root: string; below: string } {
  return {
    root: git(["rev-parse", "--show-toplevel"]),
    below: git(["rev-parse", "--show-prefix"]),
  };
}
