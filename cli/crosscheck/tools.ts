/** The other checkers: what they are called, where they are found, how to get them. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
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

const HOW_TO_GET: Record<Tool, string> = {
  spin: "apt-get install spin gcc, or https://spinroot.com",
  rumur: "apt-get install rumur gcc, or https://github.com/Smattr/rumur",
  tlc: "set MMRACE_TLA2TOOLS to tla2tools.jar (https://github.com/tlaplus/tlaplus), Java on PATH",
  ltsmin: "set MMRACE_LTSMIN to the folder of prom2lts-mc (https://github.com/utwente-fmt/ltsmin)",
};

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Paths of the programs that a tool needs; undefined when one of them is not there. `tcc`, which
 * compiles SPIN's verifier ten times faster than `gcc -O0`, is taken when it is there.
 */
export function findTool(tool: Tool, env: Env): Record<string, string> | undefined {
  const needed = neededBy(tool, env);
  if (Object.values(needed).includes(undefined)) return undefined;
  const tcc = tool === "spin" ? onPath("tcc", env) : undefined;
  return { ...needed, ...(tcc && { tcc }) } as Record<string, string>;
}

/** What is not there, and how to get it. */
export function whatIsMissing(tool: Tool, env: Env): string {
  const [name] = Object.entries(neededBy(tool, env)).find(([, path]) => path === undefined) ?? [""];
  return `${placeOf(name, env)}: ${HOW_TO_GET[tool]}`;
}

function placeOf(name: string, env: Env): string {
  if (name === "jar") {
    const path = env.MMRACE_TLA2TOOLS;
    return path ? `no file ${path}` : "MMRACE_TLA2TOOLS is not set";
  }
  const folder = name === "prom2lts-mc" && env.MMRACE_LTSMIN;
  return folder ? `no program ${join(folder, name)}` : `no ${name} on PATH`;
}

/** Path by program; undefined for one that is not there. */
function neededBy(tool: Tool, env: Env): Record<string, string | undefined> {
  const gcc = onPath("gcc", env);
  switch (tool) {
    case "spin":
      return { spin: onPath("spin", env), gcc };
    case "rumur":
      return { rumur: onPath("rumur", env), gcc };
    case "tlc": {
      const jar = env.MMRACE_TLA2TOOLS;
      return { java: onPath("java", env), jar: jar && isFile(jar) ? jar : undefined };
    }
    case "ltsmin": {
      const path = env.MMRACE_LTSMIN && join(env.MMRACE_LTSMIN, "prom2lts-mc");
      const there = path && isProgram(path) ? path : undefined;
      return { gcc, "prom2lts-mc": path ? there : onPath("prom2lts-mc", env) };
    }
  }
}

function onPath(name: string, env: Env): string | undefined {
  return (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isFile(path: string): boolean {
  // Part of the path may be a file.
  return existsSync(path) && statSync(path).isFile();
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}
