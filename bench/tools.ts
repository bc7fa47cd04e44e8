/** The checkers that are compared: how each is built for a size, run, and read. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckOptions } from "../checker/index.ts";
import { type Cost, hasProgram, type Ran, run } from "./measure.ts";
import { GPUSVM_SIZES, type GpusvmSize } from "./models/gpusvm.ts";

export interface Counts {
  states: number;
  transitions: number | undefined;
}

export interface Tool {
  name: string;
  /** What its counts must be: all states, one per orbit, or whatever a reduction leaves. */
  counts: "full" | "symmetric" | "reduced";
  /**
   * Builds what must be built for this size; the cost belongs to the time to verdict from cold.
   */
  prepare: (size: string, folder: string) => Cost | undefined;
  run: (size: string, folder: string) => Ran & Counts;
}

const peers = join(import.meta.dirname, "..", "bench", "peers");

function sizeOf(name: string): GpusvmSize {
  const size = GPUSVM_SIZES[name];
  if (!size) throw new Error(`no size ${name}: ${Object.keys(GPUSVM_SIZES).join(", ")}`);
  return size;
}

function sum(costs: Cost[]): Cost {
  return {
    cpu: costs.reduce((s, c) => s + c.cpu, 0),
    wall: costs.reduce((s, c) => s + c.wall, 0),
    resident: Math.max(...costs.map((c) => c.resident)),
  };
}

/** Ours, with options. */
export function ours(name: string, counts: Tool["counts"], options: CheckOptions): Tool {
  return {
    name,
    counts,
    prepare: () => undefined,
    run: (size, folder) => {
      const program = join(import.meta.dirname, "child.mjs");
      const ran = run([process.execPath, program, size, JSON.stringify(options)], folder);
      const { states, transitions } = JSON.parse(ran.stdout) as Counts;
      return { ...ran, states, transitions };
    },
  };
}

/** Log2 of SPIN's hash table: about as many slots as states. */
function slotBits(size: string): number {
  return Math.ceil(Math.log2(GPUSVM_SIZES[size]?.states ?? 1)) + 1;
}

function spin(name: string, counts: Tool["counts"], flags: string[]): Tool {
  return {
    name,
    counts,
    prepare: (size, folder) => {
      const { P, C, G, E, Q } = sizeOf(size);
      const set = Object.entries({ P, C, G, E, Q }).map(([key, value]) => `-D${key}=${value}`);
      return sum([
        run(["spin", "-a", ...set, join(peers, "gpusvm.pml")], folder),
        run(["gcc", "-O2", "-DSAFETY", ...flags, "-o", "pan", "pan.c"], folder),
      ]);
    },
    run: (size, folder) => {
      const ran = run(["./pan", "-m3000000", `-w${slotBits(size)}`], folder);
      if (!ran.stdout.includes("errors: 0")) throw new Error(`${name}: ${ran.stdout}`);
      const number = (pattern: RegExp): number => Number(pattern.exec(ran.stdout)?.[1]);
      // SPIN counts the initial state among the transitions.
      const transitions = number(/(\d+) transitions/) - 1;
      return { ...ran, states: number(/(\d+) states, stored/), transitions };
    },
  };
}

function rumur(name: string, counts: Tool["counts"], reduction: string): Tool {
  return {
    name,
    counts,
    prepare: (size, folder) => {
      const { P, C, G, E, Q } = sizeOf(size);
      const values: Record<string, string> = {
        P: `${P}`,
        C: `${C}`,
        G: `${G}`,
        E: `${E === 1}`,
        Q: `${Q === 1}`,
        I: "true",
      };
      const template = readFileSync(join(peers, "gpusvm.m.in"), "utf8");
      const text = template.replace(/@([PCGEQI])@/g, (_, key: string) => values[key] ?? "");
      writeFileSync(join(folder, "gpusvm.m"), text);
      const flags = ["--threads", "1", "--symmetry-reduction", reduction, "--color", "off"];
      const deadlock = ["--deadlock-detection", "off"];
      return sum([
        run(["rumur", ...flags, ...deadlock, "-o", "rumur.c", "gpusvm.m"], folder),
        run(["gcc", "-O3", "-march=native", "-o", "rumur", "rumur.c", "-lpthread"], folder),
      ]);
    },
    run: (_size, folder) => {
      const ran = run(["./rumur"], folder);
      const [, states, fired] = /(\d+) states, (\d+) rules fired/.exec(ran.stdout) ?? [];
      return { ...ran, states: Number(states), transitions: Number(fired) };
    },
  };
}

/** TLC from the jar in `MMRACE_TLC`, with one worker. */
function tlc(jar: string): Tool {
  const list = (name: string, n: number): string =>
    Array.from({ length: n }, (_, i) => `${name}${i + 1}`).join(", ");
  return {
    name: "TLC",
    counts: "full",
    prepare: (size, folder) => {
      const { P, C, G, E, Q } = sizeOf(size);
      const constants = [
        `Page = {${list("p", P)}}`,
        `Cpu = {${list("c", C)}}`,
        `Gpu = {${list("g", G)}}`,
        "NoPage = NoPage",
        `WithE = ${E === 1 ? "TRUE" : "FALSE"}`,
        `WithQ = ${Q === 1 ? "TRUE" : "FALSE"}`,
      ];
      const lines = ["SPECIFICATION Spec", "CONSTANTS", ...constants, "INVARIANT Safe"];
      writeFileSync(join(folder, "gpusvm.cfg"), lines.join("\n"));
      writeFileSync(join(folder, "gpusvm.tla"), readFileSync(join(peers, "gpusvm.tla")));
      return undefined;
    },
    run: (_size, folder) => {
      const flags = ["-XX:+UseParallelGC", "-cp", jar, "tlc2.TLC", "-workers", "1", "-deadlock"];
      const ran = run(["java", ...flags, "gpusvm"], folder);
      const states = /([\d,]+) distinct states found/.exec(ran.stdout)?.[1] ?? "";
      return { ...ran, states: Number(states.replaceAll(",", "")), transitions: undefined };
    },
  };
}

/** Everything that can run here. */
export function installedTools(): Tool[] {
  const jar = process.env.MMRACE_TLC;
  return [
    ours("mmrace", "full", {}),
    ours("mmrace, 2 workers", "full", { workers: 2 }),
    ours("mmrace, symmetry", "symmetric", { symmetry: true }),
    ours("mmrace, partial order", "reduced", { partialOrder: true }),
    ours("mmrace, both", "reduced", { partialOrder: true, symmetry: true }),
    ...(hasProgram("spin") && hasProgram("gcc")
      ? [
          spin("SPIN, no reduction", "full", ["-DNOREDUCE"]),
          spin("SPIN, partial order", "reduced", []),
        ]
      : []),
    ...(hasProgram("rumur") && hasProgram("gcc")
      ? [
          rumur("Rumur, no reduction", "full", "off"),
          rumur("Rumur, symmetry", "symmetric", "exhaustive"),
        ]
      : []),
    ...(jar ? [tlc(jar)] : []),
  ];
}

export function workFolder(root: string, tool: Tool, size: string): string {
  const folder = join(root, `${tool.name.replaceAll(/\W+/g, "-")}-${size}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}
