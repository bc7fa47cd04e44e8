/** Long traces: runs of steps that matter least are folded into one row. */
import type { Trace, TraceStep } from "../../model/ir/trace.ts";
import { laneName } from "./lanes.ts";
import { ascii, listed } from "./text.ts";

export type Row =
  | { kind: "step"; step: TraceStep }
  /** `relevant`: some of these steps would have been shown in a shorter trace. */
  | { kind: "fold"; steps: TraceStep[]; relevant: boolean };

/** The first and last steps of a trace are always shown. */
const HEAD = 3;
const TAIL = 5;
/** A fold takes a row itself, so a shorter run is shown. */
const SHORTEST_FOLD = 3;

/**
 * Rows for a trace; at most about `limit` of them. Steps without any bearing go first, then those
 * that only change unwatched state, then lock traffic, and last whatever is furthest from the
 * violation.
 */
export function foldTrace(trace: Trace, limit: number): Row[] {
  const weights = trace.steps.map((step) => weightOf(trace, step));
  let rows: Row[] = [];
  for (const least of [0, 1, 2, 3]) {
    rows = foldBelow(trace.steps, weights, least);
    if (rows.length <= limit) return rows;
  }
  return foldMiddle(rows, limit);
}

function weightOf(trace: Trace, step: TraceStep): number {
  const n = step.number;
  const loop = trace.loopFrom;
  const flows = trace.why?.flows ?? [];
  const pinned =
    n <= HEAD ||
    n > trace.steps.length - TAIL ||
    (loop !== undefined && n === loop) ||
    n === trace.why?.turn ||
    flows.some((f) => f.from === n || f.to === n) ||
    step.changes.some((c) => c.watched);
  if (pinned) return 3;
  if (step.locks.length > 0) return 2;
  return step.changes.some((c) => c.pid === undefined) ? 1 : 0;
}

function foldBelow(steps: TraceStep[], weights: number[], least: number): Row[] {
  const rows: Row[] = [];
  let run: TraceStep[] = [];
  const flush = (): void => {
    if (run.length >= SHORTEST_FOLD) {
      const relevant = run.some((s) => (weights[s.number - 1] as number) > 1);
      rows.push({ kind: "fold", steps: run, relevant });
    } else rows.push(...run.map((step): Row => ({ kind: "step", step })));
    run = [];
  };
  steps.forEach((step, i) => {
    if ((weights[i] as number) < least) run.push(step);
    else {
      flush();
      rows.push({ kind: "step", step });
    }
  });
  flush();
  return rows;
}

/** One fold in place of all rows between the first few and the last ones. */
function foldMiddle(rows: Row[], limit: number): Row[] {
  const tail = limit - HEAD - 1;
  const middle = rows.slice(HEAD, rows.length - tail);
  const steps = middle.flatMap((r) => (r.kind === "step" ? [r.step] : r.steps));
  return [
    ...rows.slice(0, HEAD),
    { kind: "fold", steps, relevant: true },
    ...rows.slice(rows.length - tail),
  ];
}

/** `... 9 steps of munmap that touch nothing relevant ...` */
export function foldText(trace: Trace, row: Extract<Row, { kind: "fold" }>): string {
  const pids = [...new Set(row.steps.map((s) => s.pid))];
  const names = pids.map((pid) => ascii(laneName(trace, pid)));
  const who = names.length <= 3 ? listed(names) : `${names.length} processes`;
  const what = row.relevant ? "left out" : "that touch nothing relevant";
  return `... ${row.steps.length} steps of ${who} ${what} ...`;
}
