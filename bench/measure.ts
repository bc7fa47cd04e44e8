/** Runs programs and measures their processor time, wall time and memory. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";

export interface Cost {
  /** Processor seconds, user and system, of the program and its children. */
  cpu: number;
  /** Wall-clock seconds. */
  wall: number;
  /** Largest resident set in bytes; 0 when GNU time is not installed. */
  resident: number;
}

export interface Ran extends Cost {
  stdout: string;
  stderr: string;
}

const GNU_TIME = "/usr/bin/time";

/**
 * Runs a program to its end. Throws with its output when it fails, unless `anyStatus` says that
 * its exit code means nothing.
 */
export function run(command: string[], cwd: string, { anyStatus = false } = {}): Ran {
  const report = join(cwd, "time.txt");
  const timed = existsSync(GNU_TIME);
  const prefix = timed
    ? [GNU_TIME, "-o", report, "-f", "%U %S %e %M"]
    : ["bash", "-c", `TIMEFORMAT="%U %S %R 0"; time "$@" 2>/dev/null 2>"${report}"`, "time"];
  const [program, ...args] = [...prefix, ...command] as [string, ...string[]];
  const result = spawnSync(program, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.error) throw result.error;
  const text = timed ? readFileSync(report, "utf8") : result.stderr;
  if (timed) rmSync(report);
  const numbers = text.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  const [user = 0, system = 0, wall = 0, kilobytes = 0] = numbers;
  if (result.status !== 0 && !anyStatus) {
    throw new Error(`${command.join(" ")}: status ${result.status}\n${result.stderr}`);
  }
  const { stdout, stderr } = result;
  return { cpu: user + system, wall, resident: kilobytes * 1024, stdout, stderr };
}

/**
 * From now on this process, and what it runs, stays on one processor: those of a virtual machine
 * need not be equally fast.
 */
export function stayOn(processor: string): void {
  const pin = ["-p", "-c", processor, `${process.pid}`];
  const { status, stderr } = spawnSync("taskset", pin, { encoding: "utf8" });
  if (status !== 0) throw new Error(`taskset ${pin.join(" ")}: ${stderr ?? "not installed"}`);
}

/** Put before a command, lets it run on all processors again. */
export function everywhere(): string[] {
  return hasProgram("taskset") ? ["taskset", "-c", `0-${os.cpus().length - 1}`] : [];
}

export function hasProgram(name: string): boolean {
  return spawnSync("which", [name]).status === 0;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}
