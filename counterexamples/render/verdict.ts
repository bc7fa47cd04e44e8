/** What the trace shows, in words: the same words in every picture. */
import { match } from "ts-pattern";
import type { Blocked, Flow, LockUse, Trace, TraceStep, Violation } from "../../model/ir/trace.ts";
import { DONE } from "../../model/ir/types.ts";
import { holdsOf } from "./holds.ts";
import { laneName } from "./lanes.ts";
import { ascii, asciiLines, listed } from "./text.ts";

export interface Verdict {
  /** `no_stale_gpu_pte violated at step 14`; empty for a trace that violates nothing. */
  headline: string;
  /** The property as text, then what explains it. */
  lines: string[];
}

export function verdictOf(trace: Trace): Verdict {
  const lines: string[] = [];
  const told = trace.violation?.kind === "deadlock" && trace.blocked.length > 0;
  if (trace.violation && !told) lines.push(...asciiLines(trace.violation.text));
  if (trace.why?.failed) lines.push(...asciiLines(failedText(trace.why.failed)));
  if (trace.why?.values) lines.push(ascii(`where ${trace.why.values.join(", ")}`));
  for (const flow of trace.why?.flows ?? []) lines.push(flowText(flow));
  const turn = trace.why?.turn;
  // That the last step decides goes without saying.
  if (turn !== undefined && turn < trace.steps.length) lines.push(turnText(turn));
  if (trace.violation?.kind === "deadlock") {
    lines.push(...trace.blocked.map((b) => blockedText(trace, b)));
  }
  return { headline: headlineOf(trace), lines };
}

/** The last step is the one that violates; in a deadlock or a loop that is nobody's step. */
export function isViolating(trace: Trace, step: TraceStep): boolean {
  const last = step.number === trace.steps.length && trace.loopFrom === undefined;
  return last && trace.violation !== undefined && trace.violation.kind !== "deadlock";
}

function headlineOf(trace: Trace): string {
  const n = trace.steps.length;
  const when = n === 0 ? "in the initial state" : `at step ${n}`;
  if (trace.loopFrom !== undefined) {
    const what = trace.violation ? `${ascii(trace.violation.property)} violated: ` : "";
    return `${what}steps ${trace.loopFrom} to ${n} repeat for ever`;
  }
  if (!trace.violation) return "";
  return violated(trace.violation, when);
}

function violated(violation: Violation, when: string): string {
  const name = ascii(violation.property);
  return match(violation.kind)
    .with("always", "assert", "range", "unset", "division", () => `${name} violated ${when}`)
    .with("atRest", () => `${name} violated at rest, ${when.replace(/^at/, "after")}`)
    .with("deadlock", () => `${name.replace("_", " ")} ${when.replace(/^at/, "after")}`)
    .with(
      "liveness",
      () => `${name} violated: nothing more has to happen ${when.replace(/^at/, "after")}`,
    )
    .with("starvation", () => `starvation ${when.replace(/^at/, "after")}`)
    .exhaustive();
}

/** `false for page = page0: ...`, or `false: ...`; what is claimed has no single `=` in it. */
function failedText(failed: string): string {
  return /^\w+ = /.test(failed) ? `false for ${failed}` : `false: ${failed}`;
}

function turnText(turn: number): string {
  return turn === 0 ? "no schedule avoids it" : `no schedule avoids it after step ${turn}`;
}

export function flowText(flow: Flow): string {
  const what = ascii(flow.text);
  return match(flow.kind)
    .with("value", () => `step ${flow.to} uses ${what}, read at step ${flow.from}`)
    .with("check", () => `step ${flow.to} relies on the check of step ${flow.from}: ${what}`)
    .exhaustive();
}

/** `munmap waits for folio_lock[v1], held by migrate since step 7`. */
export function blockedText(trace: Trace, blocked: Blocked): string {
  return `${ascii(laneName(trace, blocked.pid))} ${waitText(trace, blocked)}`;
}

export function waitText(trace: Trace, blocked: Blocked): string {
  if (blocked.label === DONE) {
    return `has ended and still holds ${listed(blocked.holds.map((h) => ascii(h.name)))}`;
  }
  if (blocked.waitsFor.length === 0) {
    const until = blocked.until === undefined ? "" : ` until ${ascii(blocked.until)}`;
    return `waits at ${ascii(blocked.text)}${until}${endsText(trace, blocked)}`;
  }
  const waits = blocked.waitsFor.map((use) => `waits for ${oneWait(trace, blocked, use)}`);
  return waits.join(", ") + endsText(trace, blocked);
}

/** `, which evict_work would end at dma_fence_signal(fence)`. */
function endsText(trace: Trace, { pid, endedBy = [] }: Blocked): string {
  const who = (p: number): string => (p === pid ? "itself" : ascii(laneName(trace, p)));
  const ends = endedBy.map((e) => `${who(e.pid)} would end at ${ascii(e.text)}`);
  return ends.length === 0 ? "" : `, which ${ends.join(", or ")}`;
}

function oneWait(trace: Trace, blocked: Blocked, use: LockUse): string {
  const name = (b: Blocked): string => (b === blocked ? "itself" : ascii(laneName(trace, b.pid)));
  const holders = trace.blocked.filter((b) => b.holds.some((h) => h.name === use.name));
  const parts = [ascii(use.name)];
  const holder = (b: Blocked): string => `${name(b)}${sinceText(trace, b.pid, use.name)}`;
  const all = [...holders.map(holder), ...movingHolders(trace, use.name)];
  if (all.length > 0) parts.push(`held by ${listed(all)}`);
  else if (blocked.until !== undefined && use.op === "wait") {
    parts.push(`until ${ascii(blocked.until)}`);
  }
  if (use.mode === "shared") {
    const queued = trace.blocked.filter((b) => b.waitsFor.some((u) => isWriter(u, use.name)));
    if (queued.length > 0) parts.push(`behind the queued writer ${listed(queued.map(name))}`);
  }
  return parts.join(", ");
}

/** Of a lock: those who hold it when the loop of a lasso begins anew, and move in it. */
function movingHolders(trace: Trace, name: string): string[] {
  const open = holdsOf(trace).filter((h) => h.open && h.name === name);
  const moving = open.filter((h) => !trace.blocked.some((b) => b.pid === h.pid));
  return moving.map(({ pid, from }) => {
    const isTakenAnew = from >= (trace.loopFrom ?? Number.POSITIVE_INFINITY);
    const since = isTakenAnew ? " again and again" : sinceText(trace, pid, name);
    return `${ascii(laneName(trace, pid))}${since}`;
  });
}

/** ` since step 7`; empty when it was held from the start. */
function sinceText(trace: Trace, pid: number, name: string): string {
  const hold = holdsOf(trace).findLast((h) => h.open && h.pid === pid && h.name === name);
  return hold && hold.from > 0 ? ` since step ${hold.from}` : "";
}

function isWriter(use: LockUse, name: string): boolean {
  return use.name === name && use.op === "acquire" && use.mode === "exclusive";
}
