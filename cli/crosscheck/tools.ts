/** The other checkers: what they are called, where they are found, how to get them. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Target } from "../../model/export/index.ts";

export const TOOLS = ["spin", "rumur", "tlc", "ltsmin"] as const;
export type Tool = (typeof TOOLS)[number];

export const TARGET_OF: Record<Tool, Target> = {
  spin: "promela",
  rumur: "murphi",
  tlc: "tla",
  ltsmin: "pins-c",
};

/** What a missing tool's row says. */
export const HOW_TO_GET: Record<Tool, string> = {
  spin: "apt-get install spin gcc, or https://spinroot.com",
  rumur: "apt-get install rumur gcc, or https://github.com/Smattr/rumur",
  tlc: "set MMRACE_TLA2TOOLS to tla2tools.jar (https://github.com/tlaplus/tlaplus), Java on PATH",
  ltsmin: "set MMRACE_LTSMIN to the folder of prom2lts-mc (https://github.com/utwente-fmt/ltsmin)",
};

/**
 * Paths of the programs that a tool needs; undefined when one of them is not there. `tcc`, which
 * compiles SPIN's verifier ten times faster than `gcc -O0`, is taken when it is there.
 */
export function findTool(
  tool: Tool,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> | undefined {
  const all = (names: string[]): Record<string, string> | undefined => {
    const found = names.map((name) => [name, onPath(name, env)] as const);
    if (found.some(([, path]) => path === undefined)) return undefined;
    return Object.fromEntries(found) as Record<string, string>;
  };
  switch (tool) {
    case "spin": {
      const tcc = onPath("tcc", env);
      const needed = all(["spin", "gcc"]);
      return needed && tcc ? { ...needed, tcc } : needed;
    }
    case "rumur":
      return all(["rumur", "gcc"]);
    case "tlc": {
      const jar = env.MMRACE_TLA2TOOLS;
      const java = all(["java"]);
      return java && jar && isFile(jar) ? { ...java, jar } : undefined;
    }
    case "ltsmin": {
      const gcc = all(["gcc"]);
      const folder = env.MMRACE_LTSMIN;
      const path = folder ? join(folder, "prom2lts-mc") : onPath("prom2lts-mc", env);
      return gcc && path && isFile(path) ? { ...gcc, "prom2lts-mc": path } : undefined;
    }
  }
}

function onPath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}
