/** Which specs a change of the repository can have affected; whatever is unclear has changed. */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { expectFileOf } from "../expect/review.ts";
import { git, repository, treeOf } from "../git.ts";
import { languageIn, packageFolder } from "../home.ts";
import type { LoadedSpec } from "../loader/load.ts";

/** A change of one of these may bring another mmrace, or other packages that specs import. */
const PACKAGES = [
  "package.json",
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
];

/** In a source tree of mmrace: what every verdict depends on. */
const ENGINE = ["checker", "model/ir"];

/**
 * Has anything that the spec is made of changed since the revision, in the files as they are? That
 * is the spec, all that it imports, its expect.json, a file of its folder that is gone, the list of
 * packages above it; in a source tree of mmrace also the language and the checker. A file that git
 * does not track counts as changed.
 */
export function changedSince(revision: string): (spec: LoadedSpec) => boolean {
  const base = treeOf(revision, "no git revision here");
  const { root } = repository();
  const list = (...args: string[]): string[] => {
    const names = git(["-C", root, ...args]).split("\0");
    return names.filter((name) => name !== "").map((name) => join(root, name));
  };
  const changed = list("diff", "--name-only", "--no-renames", "-z", base, "--");
  const changes = new Set(changed);
  const tracked = new Set(list("ls-files", "-z"));
  const ours = languageIn(root) !== undefined && realpathSync(packageFolder) === root;
  if (ours && changed.some((file) => ENGINE.some((part) => isBelow(file, join(root, part))))) {
    return () => true;
  }
  const packages = changed.filter((file) => PACKAGES.includes(basename(file)));
  const hasChanged = (file: string): boolean => {
    const source = ours ? sourceOf(file, root) : file;
    if (!ours && isInstalled(file)) return false;
    return changes.has(source) || (existsSync(source) && !tracked.has(source));
  };
  return ({ file, inputs }) => {
    const path = resolve(file);
    const files = [...inputs, resolve(expectFileOf({ file }))];
    const isGone = (other: string): boolean =>
      dirname(other) === dirname(path) && !existsSync(other);
    return (
      files.some(hasChanged) ||
      changed.some(isGone) ||
      packages.some((list) => isBelow(path, dirname(list)))
    );
  };
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(folder + sep);
}

/** Of packages, the list of packages above says whether they are others now. */
function isInstalled(file: string): boolean {
  return file.includes(`${sep}node_modules${sep}`) || isBelow(file, realpathSync(packageFolder));
}

/** A source tree of mmrace runs from dist/, which is made from the sources beside it. */
function sourceOf(file: string, root: string): string {
  const built = join(root, "dist");
  if (!isBelow(file, built)) return file;
  return join(root, file.slice(built.length + 1)).replace(/\.js$/, ".ts");
}
