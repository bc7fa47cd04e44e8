/** Long traces: runs of steps that matter least are folded into one row. */
import type { Trace, TraceStep } from "../../model/ir/trace.ts";
import { holdsOf } from "./holds.ts";
import { laneName } from "./lanes.ts";
import { ascii, listed } from "./text.ts";

export type Row =
  | { kind: "step"; step: TraceStep }
  /** `relevant`: some of these steps change shared state or use locks. */
  | { kind: "fold"; steps: TraceStep[]; relevant: boolean };

/** So many steps before the end are always shown. */
const TAIL = 5;
/** A fold takes a row itself, so a shorter run of hidden steps is shown. */
const SHORTEST_FOLD = 3;

/** How much a step matters to the reader; steps of less weight are folded first. */
const WEIGHT = {
  /** Ends of arrows, the turning point, the start of a loop, its retries, the end of the trace. */
  pinned: 6,
  /** Changes what the violated property reads. */
  watched: 5,
  /** First or last step of a process. */
  outline: 4,
  /** Takes or gives back a lock that is held, or waited for, in the end. */
  openLock: 3,
  lock: 2,
  shared: 1,
  rest: 0,
};

/**
 * Rows for a trace, at most `limit` of them if the steps of the greatest weight leave that much
 * room. Of equal weight, those nearer to the end are shown.
 */
export function foldTrace(trace: Trace, limit: number): Row[] {
  const weights = trace.steps.map(weigher(trace));
  const byWeight = [...trace.steps].sort((a, b) => {
    const heavier = (weights[b.number - 1] as number) - (weights[a.number - 1] as number);
    return heavier === 0 ? b.number - a.number : heavier;
  });
  for (let count = byWeight.length; count > 0; count--) {
    const shown = new Set(byWeight.slice(0, count));
    const rows = foldOthers(trace.steps, shown, weights);
    if (rows.length <= limit) return rows;
  }
  return foldOthers(trace.steps, new Set(), weights);
}

function weigher(trace: Trace): (step: TraceStep) => number {
  const { loopFrom, why, steps } = trace;
  const pinned = new Set([
    loopFrom,
    why?.turn,
    ...(why?.flows ?? []).flatMap((f) => [f.from, f.to]),
  ]);
  const first = new Map([...steps].reverse().map((s) => [s.pid, s.number]));
  const last = new Map(steps.map((s) => [s.pid, s.number]));
  const held = holdsOf(trace).filter((h) => h.open);
  const waits = trace.blocked.flatMap((b) => b.waitsFor);
  const open = new Set([...held, ...waits].map((l) => l.name));
  return (step) => {
    const n = step.number;
    if (pinned.has(n) || step.retries || n > steps.length - TAIL) return WEIGHT.pinned;
    if (step.changes.some((c) => c.watched)) return WEIGHT.watched;
    if (first.get(step.pid) === n || last.get(step.pid) === n) return WEIGHT.outline;
    if (step.locks.some((l) => open.has(l.name))) return WEIGHT.openLock;
    if (step.locks.length > 0) return WEIGHT.lock;
    return step.changes.some((c) => c.pid === undefined) ? WEIGHT.shared : WEIGHT.rest;
  };
}

function foldOthers(steps: TraceStep[], shown: Set<TraceStep>, weights: number[]): Row[] {
  const rows: Row[] = [];
  let run: TraceStep[] = [];
  const flush = (): void => {
    if (run.length >= SHORTEST_FOLD) {
      const relevant = run.some((s) => (weights[s.number - 1] as number) > WEIGHT.rest);
      rows.push({ kind: "fold", steps: run, relevant });
    } else rows.push(...run.map((step): Row => ({ kind: "step", step })));
    run = [];
  };
  for (const step of steps) {
    if (!shown.has(step)) run.push(step);
    else {
      flush();
      rows.push({ kind: "step", step });
    }
  }
  flush();
  return rows;
}

/** `... 9 steps of munmap that touch nothing relevant ...` */
export function foldText(trace: Trace, row: Extract<Row, { kind: "fold" }>): string {
  const pids = [...new Set(row.steps.map((s) => s.pid))];
  const names = pids.map((pid) => ascii(laneName(trace, pid)));
  const who = names.length <= 3 ? listed(names) : `${names.length} processes`;
  const what = row.relevant ? "left out" : "that touch nothing relevant";
  return `... ${row.steps.length} steps of ${who} ${what} ...`;
}
