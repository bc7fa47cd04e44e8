import type { Import } from "./imports.ts";

/** A row of the table: who may import what. The longest folder that fits a file decides. */
interface Row {
  /** Files of exactly these folders, not of a folder inside that has its own row. */
  readonly folders: readonly string[];
  readonly files?: readonly string[];
  readonly packages?: readonly string[];
}

const anything: Row = { folders: ["*"], packages: ["*"] };

/**
 * Arrows go one way: specs -> language -> IR <- checker, counterexamples <- cli. Nobody may import
 * a folder that is not named in its row; `.` is the root with its configuration files.
 */
export const rows: Readonly<Record<string, Row>> = {
  "model/ir": { folders: ["model/ir"] },
  model: { folders: ["model", "model/ir"] },
  // Kernel objects are written in the language like a spec: what they need, a spec author gets too.
  "model/kernel": { folders: ["model/kernel"], files: ["model/index.ts"] },
  "model/mutation": { folders: ["model/mutation", "model/ir"] },
  "model/export": { folders: ["model/export", "model/ir"], packages: ["ts-pattern"] },
  // A spec sees the language and its own folder; see `mayImport`.
  specs: { folders: [], packages: ["mmrace", "mmrace/kernel"] },
  // The packages are for worker threads, processor count and heap limits. No files, no clock.
  checker: {
    folders: ["checker", "model/ir"],
    packages: ["node:worker_threads", "node:os", "node:v8", "node:vm"],
  },
  // A picture is a function of a trace, which the IR defines; how it was found is out of sight.
  counterexamples: {
    folders: ["counterexamples", "model/ir"],
    packages: ["ts-pattern", "graphviz-wasm", "node:worker_threads"],
  },
  cli: {
    folders: [
      "cli",
      "model",
      "model/ir",
      "model/kernel",
      "model/export",
      "model/mutation",
      "checker",
      "counterexamples",
    ],
    packages: ["node:*", "diff", "esbuild", "graphviz-wasm", "picocolors", "ts-pattern"],
  },
  test: anything,
  bench: anything,
  scripts: { folders: ["scripts"], packages: ["node:*"] },
  ".": { folders: ["."], packages: ["*"] },
};

/** One line per import that the table does not allow. */
export function importViolations(imports: readonly Import[]): string[] {
  return imports
    .filter((each) => !mayImport(each))
    .map(({ from, line, to }) => `${from}:${line} may not import ${to}`);
}

function mayImport({ from, to }: Import): boolean {
  const folder = rowOf(from);
  const row = folder === undefined ? undefined : rows[folder];
  if (row === undefined) return false;
  if (!isPath(to)) return (row.packages ?? []).some((pattern) => fits(pattern, to));
  if (folder === "specs" && to.startsWith(ownFolder(from))) return true;
  const target = rowOf(to);
  if (target === undefined) return false;
  return row.folders.includes("*") || row.folders.includes(target) || !!row.files?.includes(to);
}

function rowOf(path: string): string | undefined {
  if (!path.includes("/")) return ".";
  const fitting = Object.keys(rows).filter((folder) => path.startsWith(`${folder}/`));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

/** `specs/gpu-fault/` for every file below it. A file directly in specs/ has nothing of its own. */
function ownFolder(path: string): string {
  const [top, folder, ...rest] = path.split("/");
  return rest.length > 0 ? `${top}/${folder}/` : `${path}/`;
}

const isPath = (to: string) => /\.(?:ts|mjs|js|json)$/.test(to);

const fits = (pattern: string, name: string) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
