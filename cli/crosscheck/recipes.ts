/** How each tool is built and run on an exported model, and how its output is read. */
import {
  parseLtsmin,
  parseRumur,
  parseSpin,
  parseSpinRuns,
  parseTlc,
  type Report,
} from "./parse.ts";
import type { Tool } from "./tools.ts";

export interface Limits {
  /** For each program that is run, of wall-clock time. */
  seconds: number;
  /** The same, of processor time: what a loaded machine does not change. */
  processorSeconds?: number;
  megabytes: number;
  threads: number;
}

export interface Command {
  /** Key of the program in what `findTool` returns, or a file of the working folder. */
  program: string;
  args: string[];
  /** The program does not limit its memory itself. */
  limitMemory?: true;
}

/** What there is to expect. */
export interface Size {
  states: number;
  /** Length of a state. */
  cells: number;
  /** Of the exported text, in characters. */
  text: number;
}

export interface Recipe {
  version: Command;
  versionPattern: RegExp;
  /** A failure of one of these means that the exported text is wrong. */
  build: Command[];
  search: Command;
  parse: (text: string) => Report;
}

/** Depth-first search needs room for its longest path: at most all states. */
function pathRoom(states: number): number {
  return Math.max(100_000, states + 100);
}

/** Twice the states, as a power of two, within what is sensible. */
function tableBits(states: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.ceil(Math.log2(Math.max(2, states))) + 2));
}

/** `name`: base name of the exported files. */
export function recipeFor(
  tool: Tool,
  name: string,
  size: Size,
  limits: Limits,
  programs: Record<string, string>,
): Recipe {
  switch (tool) {
    case "spin":
      return spin(name, size, limits, programs);
    case "rumur":
      return rumur(name, size, limits);
    case "tlc":
      return tlc(name, limits, programs.jar ?? "");
    case "ltsmin":
      return ltsmin(name, size, limits);
  }
}

/** SPIN on a claim about infinite runs; the flag and the defines come with the exported text. */
export function spinRuns(
  name: string,
  runs: { flag: string; defines: string[] },
  size: Size,
  limits: Limits,
  programs: Record<string, string>,
): Recipe {
  const defines = [...runs.defines, `-DMEMLIM=${limits.megabytes}`];
  return {
    ...spinVersion,
    build: [
      { program: "spin", args: ["-o1", "-o2", "-o3", "-a", `-D${runs.flag}`, `${name}.pml`] },
      panCompiler(size, defines, programs),
    ],
    search: {
      program: "./pan",
      args: ["-a", "-f", `-m${Math.max(20_000, 200 * size.states)}`, "-n"],
    },
    parse: parseSpinRuns,
  };
}

const spinVersion = {
  version: { program: "spin", args: ["-V"] },
  versionPattern: /Version (\S+)/,
};

/**
 * Compiling a long text costs more than the search that it makes faster: 24 microseconds of `-O1`
 * for a character of Promela, which save 3 for a state.
 */
function isWorthOptimising({ states, text }: Size): boolean {
  return states > 10 * text;
}

function panCompiler(size: Size, defines: string[], programs: Record<string, string>): Command {
  const args = ["-w", ...defines, "-o", "pan", "pan.c"];
  // -O2 compiles 1.5 seconds longer, and the verifier is no faster.
  if (isWorthOptimising(size)) return { program: "gcc", args: ["-O1", ...args] };
  return programs.tcc ? { program: "tcc", args } : { program: "gcc", args: ["-O0", ...args] };
}

function spin(name: string, size: Size, limits: Limits, programs: Record<string, string>): Recipe {
  const vector = Math.max(1024, 8 * size.cells + 256);
  const defines = [
    "-DSAFETY",
    "-DNOREDUCE",
    `-DVECTORSZ=${vector}`,
    `-DMEMLIM=${limits.megabytes}`,
  ];
  const search = [`-m${pathRoom(size.states)}`, `-w${tableBits(size.states, 16, 30)}`, "-n"];
  return {
    ...spinVersion,
    build: [
      { program: "spin", args: ["-o1", "-o2", "-o3", "-a", `${name}.pml`] },
      panCompiler(size, defines, programs),
    ],
    search: { program: "./pan", args: search },
    parse: parseSpin,
  };
}

function rumur(name: string, size: Size, limits: Limits): Recipe {
  const options = [
    ["--symmetry-reduction", "off"],
    ["--deadlock-detection", "off"],
    ["--threads", String(limits.threads)],
    ["--output", `${name}.c`],
  ].flat();
  const wide = process.arch === "x64" ? ["-mcx16"] : [];
  // A character of Murphi costs 20 to 40 microseconds of -O1, which save 15 for a state; -O2 takes
  // longer still, and its verifier is no faster.
  const args = [
    size.states > 2 * size.text ? "-O1" : "-O0",
    "-std=c11",
    "-w",
    ...wide,
    "-o",
    "verifier",
    `${name}.c`,
    "-lpthread",
    "-latomic",
  ];
  return {
    version: { program: "rumur", args: ["--version"] },
    versionPattern: /version v?(\S+)/,
    build: [
      { program: "rumur", args: [...options, `${name}.m`] },
      { program: "gcc", args },
    ],
    search: { program: "./verifier", args: [], limitMemory: true },
    parse: parseRumur,
  };
}

function tlc(name: string, limits: Limits, jar: string): Recipe {
  const java = [`-Xmx${limits.megabytes}m`, "-XX:+UseParallelGC", "-cp", jar, "tlc2.TLC"];
  const args = [...java, "-workers", String(limits.threads), "-metadir", "states", `${name}.tla`];
  return {
    version: { program: "java", args: [...java, "-h"] },
    versionPattern: /Version (\S+)/,
    build: [],
    search: { program: "java", args },
    parse: parseTlc,
  };
}

function ltsmin(name: string, size: Size, limits: Limits): Recipe {
  const library = `${name}.spins`;
  const table = `-s${tableBits(size.states, 18, 32)}`;
  const strategy = [`--threads=${limits.threads}`, "--strategy=bfs", "--state=table", table];
  return {
    version: { program: "prom2lts-mc", args: ["--version"] },
    versionPattern: /v?(\d\S+)/,
    build: [{ program: "gcc", args: ["-O1", "-shared", "-fPIC", "-o", library, `${name}.c`] }],
    search: { program: "prom2lts-mc", args: [...strategy, "-i", "all_hold", library] },
    parse: parseLtsmin,
  };
}
