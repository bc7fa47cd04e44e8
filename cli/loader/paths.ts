/** How files are spelled in messages and traces: relative to where the user stands. */
import { realpathSync } from "node:fs";
import { relative, resolve } from "node:path";

/** Relative to the current folder when it lies below it, else absolute; always with slashes. */
export function showPath(path: string): string {
  const here = realpathSync(process.cwd());
  const shown = relative(here, resolve(here, path));
  return shown === "" || shown.startsWith("..") ? resolve(here, path) : shown;
}
