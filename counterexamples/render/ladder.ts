/**
 * The race as a ladder for a commit message: 75 columns, ASCII, every line indented, because `git
 * am` ends the message at a bare `---` and the editor drops lines that begin with `#`.
 *
 * Only one process moves per row, so the columns may overlap and six of them fit. To the left of
 * a column stand its locks: `+` where one is taken or given back, `|` while it is held, `~` for a
 * wait.
 */
import type { Lane, Trace, TraceStep } from "../../model/ir/trace.ts";
import { foldText, foldTrace, type Row } from "./fold.ts";
import { type Hold, heldAcross, holdsOf } from "./holds.ts";
import { lanesOf } from "./lanes.ts";
import { stepLines } from "./step-text.ts";
import { ascii, asciiLines, atMost, shorten, wrap } from "./text.ts";
import { verdictOf } from "./verdict.ts";

export interface LadderOptions {
  /** Columns, at least 40. */
  width?: number;
  /** Rows after which the least important steps are folded. */
  rows?: number;
}

/**
 * Line length that kernel commit messages keep ("Submitting patches", the canonical patch
 * format).
 */
const WIDTH = 75;
const ROWS = 40;
const MOST_COLUMNS = 6;
/** Columns are at most this far apart, and not closer than that. */
const WIDEST_PITCH = 18;
const LEAST_PITCH = 10;
const LINES_PER_STEP = 4;
/** Room that every column gets for its text. */
const LEAST_TEXT = 12;

interface Column {
  /** The processes drawn here: one, or all that found no column of their own. */
  pids: number[];
  head: string;
  /** Position of the lock bar; the text begins two further. */
  x: number;
}

interface Sheet {
  trace: Trace;
  width: number;
  numberWidth: number;
  columns: Column[];
  holds: Hold[];
}

/** The ladder; its last line ends with a newline. */
export function ladder(trace: Trace, options: LadderOptions = {}): string {
  const width = Math.max(40, options.width ?? WIDTH);
  const numberWidth = Math.max(2, String(trace.steps.length).length);
  const columns = columnsOf(trace, width, numberWidth + 3);
  const sheet: Sheet = { trace, width, numberWidth, columns, holds: holdsOf(trace) };
  const rows = foldTrace(trace, options.rows ?? ROWS);
  const lines = [
    ...headLines(columns),
    ...rows.flatMap((row) => rowLines(sheet, row)),
    ...blockedLines(sheet),
    ...verdictLines(trace, width),
  ];
  return lines.map((l) => `${l.trimEnd()}\n`).join("");
}

function columnsOf(trace: Trace, width: number, left: number): Column[] {
  const lanes = lanesOf(trace);
  const own = lanes.length <= MOST_COLUMNS ? lanes : busiest(trace, lanes, MOST_COLUMNS - 1);
  const rest = lanes.filter((lane) => !own.includes(lane));
  const columns: Column[] = own.map((l) => ({ pids: [l.pid], head: ascii(l.name), x: 0 }));
  if (rest.length > 0) columns.push({ pids: rest.map((l) => l.pid), head: "others", x: 0 });
  const pitch = pitchOf(trace, columns, width - left - 2);
  columns.forEach((column, i) => {
    column.x = left + i * pitch;
    column.head = shorten(column.head, width - column.x - 2);
  });
  return columns;
}

function busiest(trace: Trace, lanes: Lane[], count: number): Lane[] {
  const steps = (lane: Lane): number => trace.steps.filter((s) => s.pid === lane.pid).length;
  const best = [...lanes].sort((a, b) => steps(b) - steps(a)).slice(0, count);
  return lanes.filter((lane) => best.includes(lane));
}

/** The widest pitch at which no line need be broken, within limits. */
function pitchOf(trace: Trace, columns: Column[], room: number): number {
  let pitch = WIDEST_PITCH;
  columns.forEach((column, i) => {
    const steps = trace.steps.filter((s) => column.pids.includes(s.pid));
    const blocked = trace.blocked.filter((b) => column.pids.includes(b.pid));
    const lines = [
      ...steps.flatMap((s) => stepLines(s, Number.POSITIVE_INFINITY)),
      ...blocked.flatMap((b) => asciiLines(`${b.text} ...`)),
    ];
    const need = Math.max(LEAST_TEXT, column.head.length, ...lines.map((t) => t.length));
    if (i > 0) pitch = Math.min(pitch, Math.floor((room - need) / i));
  });
  const least = Math.min(LEAST_PITCH, Math.floor((room - 24) / Math.max(1, columns.length - 1)));
  return Math.max(pitch, least);
}

/** Names over the columns, on as many lines as needed for none to touch the next. */
function headLines(columns: Column[]): string[] {
  const lines: string[] = [];
  for (const { head, x } of columns) {
    const at = x + 2;
    const free = lines.findIndex((l) => l.length === 0 || l.length + 2 <= at);
    const line = free < 0 ? lines.push("") - 1 : free;
    lines[line] = (lines[line] as string).padEnd(at) + head;
  }
  let rule = "";
  columns.forEach(({ head, x }, i) => {
    const next = columns[i + 1]?.x ?? Number.POSITIVE_INFINITY;
    rule = rule.padEnd(x + 2) + "-".repeat(Math.min(head.length, next - x - 2));
  });
  return columns.length > 0 ? [...lines, rule] : [];
}

function rowLines(sheet: Sheet, row: Row): string[] {
  if (row.kind === "fold") return foldLines(sheet, row);
  if (row.step.number !== sheet.trace.loopFrom) return stepRow(sheet, row.step);
  const loop = `(steps ${row.step.number} to ${sheet.trace.steps.length} repeat for ever)`;
  return [`${" ".repeat(sheet.numberWidth + 5)}${loop}`, ...stepRow(sheet, row.step)];
}

function stepRow(sheet: Sheet, step: TraceStep): string[] {
  const column = columnOf(sheet, step.pid);
  const name = sheet.trace.lanes.find((l) => l.pid === step.pid)?.name ?? "";
  const prefix = column.pids.length > 1 ? `${name}: ` : "";
  const room = sheet.width - column.x - 2;
  const number = ` ${String(step.number).padStart(sheet.numberWidth)}`;
  return atMost(stepLines(step, room, prefix), LINES_PER_STEP, room).map((line, i) => {
    const mark = i === 0 ? markOf(sheet, step) : underMark(sheet, step);
    return lineOf(sheet, i === 0 ? number : "", column, mark, line, step.number);
  });
}

function columnOf(sheet: Sheet, pid: number): Column {
  return sheet.columns.find((c) => c.pids.includes(pid)) as Column;
}

/** Bars of the other columns where nothing is in their way, then mark and text of this one. */
function lineOf(
  sheet: Sheet,
  number: string,
  column: Column,
  mark: string,
  text: string,
  step: number,
): string {
  let line = number;
  for (const other of sheet.columns) {
    if (other === column) {
      line = `${line.padEnd(other.x)}${mark} ${text}`;
    } else if (line.length < other.x && isHeld(sheet, other, step)) {
      line = `${line.padEnd(other.x)}|`;
    }
  }
  return line;
}

function isHeld(sheet: Sheet, column: Column, step: number): boolean {
  if (column.pids.length > 1) return false;
  return sheet.holds.some((h) => column.pids.includes(h.pid) && heldAcross(h, step));
}

function markOf(sheet: Sheet, step: TraceStep): string {
  if (step.locks.some((l) => l.op !== "wait")) return "+";
  if (step.locks.length > 0) return "~";
  return isHeld(sheet, columnOf(sheet, step.pid), step.number) ? "|" : " ";
}

/** The bar beside the second line of a step: is a lock held after it? */
function underMark(sheet: Sheet, step: TraceStep): string {
  const column = columnOf(sheet, step.pid);
  if (column.pids.length > 1) return " ";
  const held = sheet.holds.some(
    (h) => h.pid === step.pid && h.from <= step.number && (step.number < h.to || h.open),
  );
  return held ? "|" : " ";
}

function foldLines(sheet: Sheet, row: Extract<Row, { kind: "fold" }>): string[] {
  const pids = new Set(row.steps.map((s) => s.pid));
  const columns = sheet.columns.filter((c) => c.pids.some((pid) => pids.has(pid)));
  const column = columns[0] as Column;
  const last = row.steps.at(-1) as TraceStep;
  const text = wrap(foldText(sheet.trace, row), sheet.width - column.x - 2);
  const mark = isHeld(sheet, column, last.number) ? "|" : " ";
  return text.map((line) => lineOf(sheet, "", column, mark, line, last.number));
}

/** Where each process stands that cannot go on: the line that it cannot finish. */
function blockedLines(sheet: Sheet): string[] {
  return sheet.trace.blocked.flatMap((blocked) => {
    const column = columnOf(sheet, blocked.pid);
    const room = sheet.width - column.x - 2;
    const lines = atMost(wrap(`${blocked.text} ...`, room), LINES_PER_STEP, room);
    return lines.map((line, i) =>
      lineOf(sheet, "", column, i === 0 ? "~" : " ", line, sheet.trace.steps.length),
    );
  });
}

function verdictLines(trace: Trace, width: number): string[] {
  const { headline, lines } = verdictOf(trace);
  if (headline === "") return [];
  const about = lines.flatMap((l) => atMost(wrap(l, width - 3), LINES_PER_STEP, width - 3));
  const stars = wrap(`*** ${headline} ***`, width - 3);
  return ["", ...[...stars, ...about].map((l) => `   ${l}`)];
}
