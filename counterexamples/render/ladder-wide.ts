/** The race for a terminal: a table with a column per process and one for what changed. */
import type { Change, Lane, Trace } from "../../model/ir/trace.ts";
import { foldText, foldTrace, type Row } from "./fold.ts";
import { type Hold, heldAcross, holdsOf } from "./holds.ts";
import { lanesOf } from "./lanes.ts";
import { stepLines } from "./step-text.ts";
import { ascii, atMost, wrap } from "./text.ts";
import { isViolating, verdictOf, waitText } from "./verdict.ts";

const ROWS = 80;
/** Widest text of a lane and of the changes. */
const LANE_WIDTH = 36;
const CHANGE_WIDTH = 48;
const LINES_PER_STEP = 4;

/**
 * The table; its last line ends with a newline. `#` before a text: the process holds a lock; `*`
 * before a change: the property reads this cell; `>>` before a number: the step that violates it.
 */
export function ladderWide(trace: Trace): string {
  const lanes = lanesOf(trace);
  const holds = holdsOf(trace);
  const texts = foldTrace(trace, ROWS).map((row) => cellsOf(trace, row, holds, lanes.length));
  texts.push(...blockedCells(trace, lanes));
  const heads = ["#", ...lanes.map((l) => ` ${ascii(l.name)}`), " changes"];
  const columns = heads.map((head, i) =>
    Math.max(head.length, ...texts.flatMap((cells) => (cells[i] ?? []).map((t) => t.length))),
  );
  columns[0] = Math.max(4, columns[0] as number);
  const line = (cells: string[]): string =>
    cells
      .map((c, i) => (i === 0 ? c.padStart(columns[0] as number) : c.padEnd(columns[i] ?? 0)))
      .join("|")
      .trimEnd();
  const out = [line(heads), columns.map((w) => "-".repeat(w)).join("+")];
  for (const cells of texts) {
    const height = Math.max(...cells.map((c) => c.length));
    for (let i = 0; i < height; i++) out.push(line(cells.map((c) => c[i] ?? "")));
  }
  const { headline, lines } = verdictOf(trace);
  if (headline !== "") out.push("", `*** ${headline} ***`, ...lines.map((l) => `    ${l}`));
  return out.map((l) => `${l}\n`).join("");
}

/** The lines of each cell of a row: number, lanes, changes. */
function cellsOf(trace: Trace, row: Row, holds: Hold[], laneCount: number): string[][] {
  const lanes = lanesOf(trace);
  const cells = Array.from({ length: laneCount + 2 }, (): string[] => []);
  if (row.kind === "fold") {
    cells[0] = ["..."];
    const lane = lanes.findIndex((l) => l.pid === row.steps[0]?.pid);
    cells[lane + 1] = wrap(foldText(trace, row), LANE_WIDTH).map((t) => ` ${t}`);
    return cells;
  }
  const { step } = row;
  const last = isViolating(trace, step);
  const lane = lanes.findIndex((l) => l.pid === step.pid);
  const touching = step.locks.some((l) => l.op !== "wait");
  const held = holds.some((h) => h.pid === step.pid && heldAcross(h, step.number));
  cells[0] = [`${last ? ">>" : ""}${step.number}`];
  const lines = atMost(stepLines(step, LANE_WIDTH), LINES_PER_STEP, LANE_WIDTH);
  cells[lane + 1] = lines.map((t) => (touching || held ? `#${t}` : ` ${t}`));
  cells[laneCount + 1] = step.changes
    .flatMap((c) => wrap(changeText(c), CHANGE_WIDTH))
    .map((t) => ` ${t}`);
  return cells;
}

/** Below the steps, where each process stands that cannot go on; `~` as in the narrow ladder. */
function blockedCells(trace: Trace, lanes: Lane[]): string[][][] {
  if (trace.blocked.length === 0) return [];
  const cells = trace.blocked.map((b) => [
    ...wrap(`${b.text} ...`, LANE_WIDTH),
    waitText(trace, b),
  ]);
  const row = lanes.map((lane) => {
    const own = cells[trace.blocked.findIndex((b) => b.pid === lane.pid)] ?? [];
    return own.flatMap((t) => wrap(t, LANE_WIDTH)).map((t, i) => (i === 0 ? `~${t}` : ` ${t}`));
  });
  return [[[], ...row, []]];
}

function changeText(change: Change): string {
  return `${change.watched ? "* " : ""}${change.name}: ${change.from} -> ${change.to}`;
}
