/** The checkers that are compared: how each is built for a size, run, and read. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckOptions } from "../checker/index.ts";
import { stringifyModel } from "../model/ir/index.ts";
import { exportedTool } from "./exported.ts";
import { everywhere, hasProgram, run } from "./measure.ts";
import type { GpusvmSize } from "./models/gpusvm.ts";
import type { Subject } from "./subjects.ts";
import { type Counts, nothing, sum, type Tool } from "./tool.ts";

const peers = join(import.meta.dirname, "..", "bench", "peers");

function sizeOf({ name, size }: Subject): GpusvmSize {
  if (!size) throw new Error(`${name} is not of the family`);
  return size;
}

/** The slower tools come no further than this in minutes. */
function atMost(states: number) {
  return ({ counts }: Subject): boolean => (counts?.states ?? 0) <= states;
}

const always = (): boolean => true;
const ofFamily = ({ size }: Subject): boolean => size !== undefined;
const notOfFamily = ({ size }: Subject): boolean => size === undefined;
const SLOW_STATES = 5_000_000;
const SPIN_STATES = 20_000_000;

const MODEL = "model.ir.json";

/** Ours, with options. */
function ours(name: string, counts: Tool["counts"], options: CheckOptions): Tool {
  return {
    name,
    counts,
    fits: always,
    prepare: ({ model }, folder) => {
      writeFileSync(join(folder, MODEL), stringifyModel(model));
      return nothing;
    },
    run: (_, folder) => {
      const program = join(import.meta.dirname, "child.mjs");
      const command = [process.execPath, program, MODEL, JSON.stringify(options)];
      const ran = run(options.workers ? [...everywhere(), ...command] : command, folder);
      return { ...ran, ...(JSON.parse(ran.stdout) as Counts) };
    },
  };
}

/** Log2 of SPIN's hash table: about as many slots as states. */
function slotBits({ counts }: Subject): number {
  return Math.ceil(Math.log2(counts?.states ?? 1 << 20)) + 1;
}

function spin(name: string, counts: Tool["counts"], flags: string[]): Tool {
  return {
    name,
    counts,
    fits: ofFamily,
    prepare: (subject, folder) => {
      const { P, C, G, E, Q } = sizeOf(subject);
      const set = Object.entries({ P, C, G, E, Q }).map(([key, value]) => `-D${key}=${value}`);
      return sum([
        run(["spin", "-a", ...set, join(peers, "gpusvm.pml")], folder),
        run(["gcc", "-O2", "-DSAFETY", ...flags, "-o", "pan", "pan.c"], folder),
      ]);
    },
    run: (subject, folder) => {
      // The stack is touched when it is made: one deeper than needed would be SPIN's loss.
      const depth = Math.min(3_000_000, (subject.counts?.states ?? 3_000_000) + 100);
      const ran = run(["./pan", `-m${depth}`, `-w${slotBits(subject)}`], folder);
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
    fits: (subject) => ofFamily(subject) && atMost(SLOW_STATES)(subject),
    prepare: (subject, folder) => {
      const { P, C, G, E, Q } = sizeOf(subject);
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
    fits: (subject) => ofFamily(subject) && atMost(SLOW_STATES)(subject),
    prepare: (subject, folder) => {
      const { P, C, G, E, Q } = sizeOf(subject);
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
      return nothing;
    },
    run: (_size, folder) => {
      const flags = ["-XX:+UseParallelGC", "-cp", jar, "tlc2.TLC", "-workers", "1", "-deadlock"];
      const ran = run(["java", ...flags, "gpusvm"], folder);
      // Its progress lines say the same of a search that goes on.
      const end = /([\d,]+) distinct states found, 0 states left on queue/;
      const states = end.exec(ran.stdout)?.[1] ?? "";
      return { ...ran, states: Number(states.replaceAll(",", "")), transitions: undefined };
    },
  };
}

/** Everything that can run here. The first one gives the counts that are not published. */
export function installedTools(): Tool[] {
  const jar = process.env.MMRACE_TLC;
  const env = { ...process.env, MMRACE_TLA2TOOLS: jar };
  const gcc = hasProgram("gcc");
  return [
    ours("mmrace", "full", {}),
    ours("mmrace, 2 workers", "full", { workers: 2 }),
    ours("mmrace, symmetry", "symmetric", { symmetry: true }),
    ours("mmrace, partial order", "reduced", { partialOrder: true }),
    ours("mmrace, both", "reduced", { partialOrder: true, symmetry: true }),
    ...(gcc && hasProgram("spin")
      ? [
          spin("SPIN, no reduction", "full", ["-DNOREDUCE"]),
          spin("SPIN, partial order", "reduced", []),
        ]
      : []),
    ...(gcc && hasProgram("rumur")
      ? [
          rumur("Rumur, no reduction", "full", "off"),
          rumur("Rumur, symmetry", "symmetric", "exhaustive"),
        ]
      : []),
    ...(jar ? [tlc(jar)] : []),
    exportedTool("SPIN, no reduction", "spin", spinOnExported, env),
    exportedTool("Rumur, no reduction", "rumur", slowOnExported, env),
    exportedTool("TLC", "tlc", slowOnExported, env),
    exportedTool("LTSmin", "ltsmin", always, env),
  ].filter((tool) => tool !== undefined);
}

/** It takes some 300 bytes for a state of a scheme. */
function spinOnExported(subject: Subject): boolean {
  return notOfFamily(subject) && atMost(SPIN_STATES)(subject);
}

function slowOnExported(subject: Subject): boolean {
  return notOfFamily(subject) && atMost(SLOW_STATES)(subject);
}

export function workFolder(root: string, tool: Tool, subject: Subject): string {
  const folder = join(root, `${tool.name}-${subject.name}`.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  return folder;
}
