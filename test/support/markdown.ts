import { posix } from "node:path";
import type { RepositoryFile } from "./repository.ts";

/** These tell what was true when they were written; a file they name may be gone since. */
const history = /^CHANGELOG\.md$|^docs\/adr\//;

/**
 * Paths that a Markdown file names and that do not exist: link targets, relative to the file, and
 * paths in back quotes that begin with one of our folders, relative to the root.
 */
export function brokenPaths(file: RepositoryFile, exists: (path: string) => boolean): string[] {
  const folders =
    /^(?:model|checker|specs|counterexamples|cli|test|bench|docs|scripts|\.ci)\/[\w./-]*$/;
  return file.text.split("\n").flatMap((line, index) => {
    const quoted = [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
    const named = history.test(file.path) ? [] : quoted.filter((path) => folders.test(path));
    const links = insideFence(file.text, index) ? [] : linkTargets(line);
    const linked = links.map((target) => posix.join(posix.dirname(file.path), target));
    return [...named, ...linked]
      .filter((path) => !exists(path.replace(/\/$/, "")))
      .map((path) => `${file.path}:${index + 1} names ${path}, which does not exist`);
  });
}

/** `[text](target)` and `[text]: target`, without addresses and without the part after `#`. */
function linkTargets(line: string): string[] {
  const prose = line.replace(/`[^`]*`/g, "");
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)/g)];
  const reference = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/g)];
  return [...inline, ...reference]
    .map((match) => (match[1] as string).replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

function insideFence(text: string, line: number): boolean {
  const before = text.split("\n").slice(0, line);
  return before.filter((each) => /^\s*```/.test(each)).length % 2 === 1;
}
