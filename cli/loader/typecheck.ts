/**
 * Type-checks specs with tsc. Loading strips types without looking at them, but much of what the
 * language refuses (a jump to a label that does not exist) it refuses by type.
 */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Problem, UserError } from "../errors.ts";
import { languageTypes, packageFolder } from "../home.ts";
import { withFolder } from "../temporary.ts";
import { showPath } from "./paths.ts";

/** Folder of a package as seen from this installation, or else from the folder of a spec. */
function packageNear(name: string, folders: string[]): string | undefined {
  for (const folder of folders) {
    try {
      const require = createRequire(join(folder, "none.js"));
      return dirname(require.resolve(`${name}/package.json`));
    } catch {
      // Not here: the next place may have it.
    }
  }
  return undefined;
}

/** The settings that specs are written for, whatever tsconfig.json lies near them. */
function settings(specs: string[], nodeTypes: string | undefined): object {
  const paths = Object.entries(languageTypes()).map(([name, file]) => [name, [file]]);
  return {
    compilerOptions: {
      target: "es2023",
      lib: nodeTypes ? ["es2023"] : ["es2023", "dom"],
      module: "esnext",
      moduleResolution: "bundler",
      moduleDetection: "force",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      paths: Object.fromEntries(paths),
      types: nodeTypes ? ["node"] : [],
      ...(nodeTypes ? { typeRoots: [dirname(nodeTypes)] } : {}),
    },
    files: specs,
  };
}

/**
 * Resolves when the specs are free of type errors, throws UserError when not.
 * @returns false when there is no TypeScript to ask
 */
export async function typecheck(specs: string[]): Promise<boolean> {
  const scripts = specs.filter((s) => /\.m?ts$/.test(s));
  if (scripts.length === 0) return true;
  const places = [packageFolder, ...scripts.map((s) => dirname(s))];
  const typescript = packageNear("typescript", places);
  const compiler = typescript && join(typescript, "bin", "tsc");
  if (!compiler || !existsSync(compiler)) return false;
  return withFolder(async (folder) => {
    const config = join(folder, "tsconfig.json");
    const nodeTypes = packageNear("@types/node", places);
    writeFileSync(config, JSON.stringify(settings(scripts, nodeTypes)));
    const { status, output } = await runCompiler(compiler, config);
    if (status !== 0) throw refused(output);
    return true;
  });
}

function runCompiler(compiler: string, config: string) {
  return new Promise<{ status: number | null; output: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [compiler, "-p", config, "--pretty", "false"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (text) => (output += text));
    child.stderr.on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

const PLACED = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/;

/** tsc prints one line per error and indented lines below it. */
function refused(output: string): UserError {
  const problems: Problem[] = [];
  for (const text of output.split("\n")) {
    const [, file, line, column, code, message] = PLACED.exec(text) ?? [];
    if (file && code && message) {
      const src = { file: showPath(file), line: Number(line), column: Number(column) };
      problems.push({ src, code, message });
    }
  }
  const [first, ...rest] = problems;
  return new UserError(first ?? { message: `the type checker failed: ${output.trim()}` }, ...rest);
}
