import { posix } from "node:path";
import type { RepositoryFile } from "./repository.ts";
import { lineOf, splitSource } from "./source-text.ts";

export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path in the repository, a package (`ts-pattern`, `mmrace/kernel`) or `node:...`. */
  readonly to: string;
}

/** `from "x"`, `import "x"` and `import("x")`; in the code text the inside of a string is blank. */
const specifier = /\b(?:from\s*|import\s*\(?\s*)(["'`])( *)\1/g;

export function importsOf(file: RepositoryFile): Import[] {
  const { source, code } = splitSource(file.text);
  return [...code.matchAll(specifier)].map((match) => {
    const end = match.index + match[0].length - 1;
    const name = source.slice(end - (match[2] as string).length, end);
    const to = name.startsWith(".") ? posix.join(posix.dirname(file.path), name) : name;
    return { from: file.path, line: lineOf(source, match.index), to };
  });
}

/** The files that can be reached from the entry points along imports, entry points included. */
export function reachable(entries: readonly string[], imports: readonly Import[]): Set<string> {
  const graph = graphOf(imports);
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    waiting.push(...(graph.get(path) ?? []));
  }
  return reached;
}

/** Import cycles, each as the list of its files; imports of types count like all others. */
export function cyclesIn(imports: readonly Import[]): string[][] {
  const graph = graphOf(imports);
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const seenAt = trail.indexOf(path);
    if (seenAt !== -1) cycles.push(trail.slice(seenAt));
    if (seenAt !== -1 || finished.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

function graphOf(imports: readonly Import[]): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const { from, to } of imports) graph.set(from, [...(graph.get(from) ?? []), to]);
  return graph;
}
