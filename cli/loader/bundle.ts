/**
 * A spec and all that it imports, with the language of this installation, as one module. That works
 * in a folder without node_modules, for every TypeScript feature, and gives exact source maps.
 */
import { dirname, join, resolve } from "node:path";
import { type BuildFailure, build, type Message, type Plugin } from "esbuild";
import type { Src } from "../../model/ir/types.ts";
import { type Problem, UserError } from "../errors.ts";
import { languageFile } from "../home.ts";
import { showPath } from "./paths.ts";

export interface Bundle {
  code: string;
  /** Source map (version 3), its sources relative to `folder`. */
  map: string;
  folder: string;
  /** Absolute paths of all files that went into it, the language too. */
  inputs: string[];
}

function languageOf(tree: string | undefined): Plugin {
  return {
    name: "mmrace-language",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^mmrace(\/|$)/ }, ({ path }) => {
        const file = languageFile(path, tree);
        if (file) return { path: file };
        return { errors: [{ text: `Could not resolve "${path}"` }] };
      });
    },
  };
}

/**
 * @param file absolute path of the spec
 * @param tree a source tree of mmrace whose language the spec means, instead of this one
 */
export async function bundle(file: string, tree?: string): Promise<Bundle> {
  const folder = dirname(file);
  try {
    const { outputFiles, warnings, metafile } = await build({
      entryPoints: [file],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: "external",
      sourcesContent: false,
      metafile: true,
      outfile: join(folder, "spec.bundle.mjs"),
      absWorkingDir: folder,
      // A tsconfig.json near the spec belongs to another program.
      tsconfigRaw: "{}",
      logLevel: "silent",
      plugins: [languageOf(tree)],
    });
    refuseTwins(warnings, file, folder);
    const text = (end: string) => outputFiles.find((f) => f.path.endsWith(end))?.text ?? "";
    const inputs = Object.keys(metafile.inputs).map((input) => resolve(folder, input));
    return { code: text(".mjs"), map: text(".map"), folder, inputs };
  } catch (error) {
    const [first, ...rest] = (error as Partial<BuildFailure>).errors ?? [];
    if (!first || error instanceof UserError) throw error;
    const problem = (message: Message) => problemOf(message, file, folder);
    throw new UserError(problem(first), ...rest.map(problem));
  }
}

/** Two labels with the same name: JavaScript keeps the last one and says nothing. */
function refuseTwins(warnings: Message[], file: string, folder: string): void {
  const [first, ...rest] = warnings
    .filter((w) => w.id === "duplicate-object-key")
    .map((warning): Problem => {
      const key = /"(.*)"/.exec(warning.text)?.[1] ?? "?";
      const message = `two entries are named ${key}, and the first would be lost`;
      return { ...problemOf(warning, file, folder), message, fix: "rename one of them" };
    });
  if (first) throw new UserError(first, ...rest);
}

const UNRESOLVED = /^Could not resolve "(.*)"$/;

function problemOf(message: Message, file: string, folder: string): Problem {
  const missing = UNRESOLVED.exec(message.text)?.[1];
  const problem: Problem = { message: message.text, file: showPath(file) };
  if (missing) {
    problem.message = `cannot find the import "${missing}"`;
    problem.fix = missing.startsWith(".")
      ? "check the path; it is relative to the importing file"
      : 'the language is "mmrace", "mmrace/kernel" and "mmrace/ir"';
  }
  const src = message.location && placeOf(message.location, folder);
  return src ? { ...problem, src } : problem;
}

function placeOf(at: NonNullable<Message["location"]>, folder: string): Src {
  return { file: showPath(join(folder, at.file)), line: at.line, column: at.column + 1 };
}
