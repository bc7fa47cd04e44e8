import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Paths are relative to the root of the repository and use forward slashes everywhere. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

export const repositoryRoot = fileURLToPath(new URL("../..", import.meta.url));

const notOurs = new Set(["node_modules", "dist", "coverage", "golden"]);
const generated = new Set(["counterexamples/gallery"]);

/** Every file that people write here, sorted; generated files and goldens are left out. */
export function repositoryPaths(folder = ""): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(repositoryRoot + folder, { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) found.push(path);
    const visible = !entry.name.startsWith(".") && !notOurs.has(entry.name) && !generated.has(path);
    if (entry.isDirectory() && visible) found.push(...repositoryPaths(path));
  }
  return found.sort();
}

export function repositoryFiles(extension: RegExp): RepositoryFile[] {
  return repositoryPaths()
    .filter((path) => extension.test(path))
    .map((path) => ({ path, text: readFileSync(repositoryRoot + path, "utf8") }));
}

/** Files that hold code of ours. */
export const sourceFiles = () => repositoryFiles(/\.(?:ts|mjs)$/);
