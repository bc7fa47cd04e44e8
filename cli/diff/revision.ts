/** The files of a git revision, in a folder of their own. */
import { join } from "node:path";
import { prepareFolder } from "../files.ts";
import { git, repository } from "../git.ts";

/** Writes all files of the commit into the folder; the repository and its index stay. */
export function checkOut(commit: string, folder: string): void {
  const { root } = repository();
  prepareFolder(folder);
  const index = { GIT_INDEX_FILE: join(folder, ".index") };
  const at = ["-C", root];
  git([...at, "read-tree", commit], index);
  git([...at, "checkout-index", "--all", `--prefix=${join(folder, "tree")}/`], index);
}
