/**
 * A deadlock the way lockdep prints it: one column per CPU, `lock(A);`, ` *** DEADLOCK ***`.
 * Columns, blanks and the names `lock`, `rlock` (shared) and `sync` (waits without taking) are
 * those of print_circular_lock_scenario() in kernel/locking/lockdep.c; more than two CPUs are
 * ours.
 */
import type { Blocked, LockUse, Trace } from "../../model/ir/trace.ts";
import { laneName } from "./lanes.ts";
import { ascii, shorten, wrap } from "./text.ts";
import { waitText } from "./verdict.ts";

/** Distance of the columns, and where the first heading stands. */
const PITCH = 24;
const HEAD = 7;
const WIDTH = 75;

/** One process of the scenario: what it took that another one wants, and what it wants. */
interface Cpu {
  blocked: Blocked;
  took: LockUse[];
  wants: LockUse[];
}

/**
 * The scenario, or undefined for a trace that is no deadlock. The last line ends with a newline.
 */
export function lockdepScenario(trace: Trace): string | undefined {
  if (trace.violation?.kind !== "deadlock" || trace.blocked.length === 0) return undefined;
  const cycle = findCycle(trace.blocked);
  const cpus = (cycle ?? trace.blocked).map((b) => cpuOf(cycle ?? trace.blocked, b));
  const numbered = cpus.map((_, i) => `CPU${i}`);
  const rows = [
    heading(numbered),
    heading(numbered.map((n) => "-".repeat(n.length))),
    ...taken(trace, cpus),
    ...wanted(cpus),
  ];
  const who = cpus.flatMap((cpu, i) => {
    const name = ascii(laneName(trace, cpu.blocked.pid));
    return wrap(`CPU${i} is ${name}, ${waitText(trace, cpu.blocked)}`, WIDTH - 2);
  });
  const lines = [
    " Possible unsafe locking scenario:",
    "",
    ...rows,
    "",
    " *** DEADLOCK ***",
    "",
    ...who.map((l) => `  ${l}`),
  ];
  return lines.map((l) => `${l.trimEnd()}\n`).join("");
}

/**
 * A cycle of processes, each waiting for the next: for a lock that it holds in a mode that
 * excludes, or, for a shared lock, because the other one waits for it exclusively (a queued
 * writer stops new readers). For an event: because the other one is who would end the wait.
 */
function findCycle(blocked: Blocked[]): Blocked[] | undefined {
  const next = (b: Blocked): Blocked[] =>
    blocked.filter(
      (other) =>
        b.waitsFor.some((use) => stands(b, use, other)) ||
        b.endedBy?.some((e) => e.pid === other.pid),
    );
  const visit = (path: Blocked[]): Blocked[] | undefined => {
    for (const other of next(path.at(-1) as Blocked)) {
      const at = path.indexOf(other);
      if (at >= 0) return path.slice(at);
      const found = visit([...path, other]);
      if (found) return found;
    }
    return undefined;
  };
  for (const start of blocked) {
    const found = visit([start]);
    if (found) return [...found].sort((a, b) => a.pid - b.pid);
  }
  return undefined;
}

function stands(waiter: Blocked, use: LockUse, other: Blocked): boolean {
  const exclusive = (u: LockUse): boolean => u.mode === "exclusive";
  const inWay = (u: LockUse): boolean => u.name === use.name && (exclusive(use) || exclusive(u));
  if (other.holds.some(inWay)) return true;
  return other !== waiter && !exclusive(use) && other.waitsFor.some((u) => inWay(u));
}

function cpuOf(all: Blocked[], blocked: Blocked): Cpu {
  const wanted = new Set(all.flatMap((b) => b.waitsFor.map((u) => u.name)));
  return {
    blocked,
    took: blocked.holds.filter((h) => wanted.has(h.name)),
    wants: blocked.waitsFor,
  };
}

function heading(names: string[]): string {
  return names.reduce((line, name, i) => line.padEnd(HEAD + i * PITCH) + name, "");
}

function cell(cpu: number, text: string): string {
  const at = cpu === 0 ? 2 : HEAD + cpu * PITCH;
  return " ".repeat(at) + shorten(ascii(text), Math.max(PITCH - 2, WIDTH - at));
}

/** First what each one has, in the order in which the trace took it. */
function taken(trace: Trace, cpus: Cpu[]): string[] {
  const whenTaken = (pid: number, use: LockUse): number =>
    trace.steps.findLast((s) => s.pid === pid && s.locks.some((l) => l.name === use.name))
      ?.number ?? 0;
  const all = cpus.flatMap((cpu, i) =>
    cpu.took.map((use) => ({ at: whenTaken(cpu.blocked.pid, use), text: cell(i, call(use)) })),
  );
  return all.sort((a, b) => a.at - b.at).map((t) => t.text);
}

/** Then what each one waits for, the last CPU first, as lockdep does. */
function wanted(cpus: Cpu[]): string[] {
  const lines = cpus.flatMap((cpu, i) => {
    if (cpu.wants.length === 0) return [cell(i, `${cpu.blocked.text}`)];
    return [cpu.wants.map((use) => cell(i, call(use)))].flat();
  });
  return lines.reverse();
}

function call(use: LockUse): string {
  if (use.op === "wait") return `sync(${use.name});`;
  return `${use.mode === "shared" ? "rlock" : "lock"}(${use.name});`;
}
