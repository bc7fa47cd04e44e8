/** One model against the reference search, through SPIN, Rumur and the exported C. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crosscheck, type Own, type Row } from "../../../cli/crosscheck/crosscheck.ts";
import { findTool, type Tool } from "../../../cli/crosscheck/tools.ts";
import { exportModel } from "../../../model/export/index.ts";
import type { Model } from "../../../model/ir/index.ts";
import { bfs, type Explored } from "../../support/bfs.ts";

export const LIMITS = { seconds: 100, megabytes: 2000, threads: 1 };

export function has(tool: Tool): boolean {
  return findTool(tool, process.env) !== undefined;
}

export function hasGcc(): boolean {
  return (
    findTool("rumur", process.env) !== undefined || findTool("spin", process.env) !== undefined
  );
}

export function ownResult(found: Explored): Own {
  const verdict = found.cut ? "incomplete" : found.verdicts.length > 0 ? "violated" : "holds";
  return { verdict, states: found.states.length, transitions: found.transitions };
}

export async function through(tool: Tool, model: Model, found: Explored): Promise<Row> {
  const options = { tools: [tool], name: "model", header: [], limits: LIMITS, env: process.env };
  const [row] = await crosscheck(model, ownResult(found), options);
  return row as Row;
}

/**
 * Does the interpreter know that violation, too? A property without a value counts as violated in
 * the other tools, and a bad divisor as an unset value.
 */
export function isKnown(claim: string | undefined, found: Explored): boolean {
  const faulty = found.verdicts.some((v) => /^(unset|division) /.test(v));
  return claim !== undefined && (found.verdicts.includes(claim) || faulty);
}

export interface Pins {
  states: number;
  transitions: number;
  violating: number;
  lines: string[];
}

let built: string | undefined;

/** The program that explores what it loads, built once. */
function explorer(): string {
  if (built) return built;
  const folder = mkdtempSync(join(tmpdir(), "mmrace-explorer-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  built = join(folder, "explore");
  const source = fileURLToPath(new URL("explore-spins.c", import.meta.url));
  execFileSync("gcc", ["-O1", "-o", built, source, "-ldl"], { stdio: "pipe" });
  return built;
}

/** Compiles the exported C without a warning, loads it as LTSmin does, and explores it. */
export function explorePins(model: Model, dump = false): Pins {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-pins-"));
  try {
    const [file] = exportModel(model, "pins-c", { name: "model", header: [] }).files;
    writeFileSync(join(folder, "model.c"), file?.text ?? "");
    const gcc = (...args: string[]): void => {
      execFileSync("gcc", args, { cwd: folder, stdio: "pipe" });
    };
    const flags = ["-O0", "-Wall", "-Wextra", "-Werror"];
    gcc(...flags, "-shared", "-fPIC", "-o", "model.spins", "model.c");
    const args = ["./model.spins", ...(dump ? ["dump"] : [])];
    const output = execFileSync(explorer(), args, {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    const lines = output.trim().split("\n");
    const [states, transitions, violating] = (lines.pop() ?? "").split(" ").map(Number);
    return { states: states ?? 0, transitions: transitions ?? 0, violating: violating ?? 0, lines };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function explored(model: Model, limit = 20_000): Explored {
  return bfs(model, limit);
}
