/** Where this installation lives: the package folder, and the language in the form we run in. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Running from the TypeScript sources (tests) or from dist/ (everybody else)? */
const fromSource = import.meta.url.endsWith(".ts");

/** Folder of package.json. */
export const packageFolder: string = fileURLToPath(
  new URL(fromSource ? ".." : "../..", import.meta.url),
);

/** Where our own modules are, in the form we run in. */
export const codeFolder: string = fromSource ? packageFolder : join(packageFolder, "dist");

/**
 * What a spec's `import ... from "mmrace"` means, by import specifier.
 *
 * @param tree another source tree of mmrace, instead of this installation
 */
export function languageFile(specifier: string, tree?: string): string | undefined {
  const path = LANGUAGE[specifier];
  if (tree !== undefined) return path && join(tree, "model", `${path}.ts`);
  return path && join(codeFolder, "model", `${path}.${fromSource ? "ts" : "js"}`);
}

/** The same for the type checker: declarations, or the sources. */
export function languageTypes(): Record<string, string> {
  const suffix = fromSource ? ".ts" : ".d.ts";
  const entries = Object.entries(LANGUAGE);
  return Object.fromEntries(entries.map(([s, p]) => [s, join(codeFolder, "model", p + suffix)]));
}

const LANGUAGE: Record<string, string> = {
  mmrace: "index",
  "mmrace/kernel": "kernel/index",
  "mmrace/ir": "ir/index",
};

/** The language's own files, as sources and as compiled (source maps name the sources). */
export function isLanguageFile(path: string): boolean {
  const folders = [join(packageFolder, "model"), join(packageFolder, "dist", "model")];
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/**
 * The folder, if it is a source tree of mmrace: then its specs mean the language that is in it, and
 * a change of a kernel object counts as a change of the specs.
 */
export function languageIn(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file) || !existsSync(join(folder, "model", "index.ts"))) return undefined;
  const { name } = JSON.parse(readFileSync(file, "utf8")) as { name?: string };
  return name === "mmrace" ? folder : undefined;
}

export function version(): string {
  const text = readFileSync(join(packageFolder, "package.json"), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
