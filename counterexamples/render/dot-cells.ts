/** What stands in the rows of the swim lanes: boxes with text, and what changed. Sizes included. */
import type { Change, Flow, Trace, TraceStep } from "../../model/ir/trace.ts";
import { DONE } from "../../model/ir/types.ts";
import { FONT, type Line, linesHeight, lineWidth } from "./dot-draw.ts";
import { COLOR } from "./dot-style.ts";
import { foldText, foldTrace, type Row } from "./fold.ts";
import { chosenText, codeText } from "./step-text.ts";
import { ascii, atMost, shorten, wrap } from "./text.ts";
import { waitText } from "./verdict.ts";

export type BoxKind = "plain" | "cause" | "violation" | "blocked";

/** The text of one process in one row. */
export interface Cell {
  pid: number;
  kind: BoxKind;
  lines: Line[];
  width: number;
  height: number;
  /** Shown when the pointer rests on it: label and place in the spec. */
  tooltip: string;
}

export interface SheetRow {
  /** Identifies the row in the DOT: `1`, `fold4`, `blocked`. */
  id: string;
  kind: "step" | "fold" | "blocked";
  /** First and last step that the row stands for. */
  from: number;
  to: number;
  cells: Cell[];
  changes: Line[];
  violating: boolean;
}

const ROWS = 60;
const LINES_PER_BOX = 5;
const MOST_CHANGES = 6;
const CHANGE_CHARS = 54;
const PADDING = { x: 14, y: 5 };

export function sheetRows(trace: Trace, laneCount: number): SheetRow[] {
  const wide = laneCount <= 4 ? 36 : laneCount <= 6 ? 30 : 24;
  const rows = foldTrace(trace, ROWS).map((row) => sheetRow(trace, row, wide));
  if (trace.violation?.kind === "deadlock" && trace.blocked.length > 0) {
    rows.push(blockedRow(trace, wide));
  }
  return rows;
}

function sheetRow(trace: Trace, row: Row, wide: number): SheetRow {
  if (row.kind === "fold") {
    const [first, last] = [row.steps[0], row.steps.at(-1)] as [TraceStep, TraceStep];
    const text = wrap(foldText(trace, row), Math.floor(CHANGE_CHARS * 1.2));
    return {
      id: `fold${first.number}`,
      kind: "fold",
      from: first.number,
      to: last.number,
      cells: [],
      changes: text.map((t) => ({ parts: [{ text: t }], small: true, color: COLOR.faint })),
      violating: false,
    };
  }
  const { step } = row;
  const violating = isViolating(trace, step);
  return {
    id: String(step.number),
    kind: "step",
    from: step.number,
    to: step.number,
    cells: [stepCell(trace, step, wide)],
    changes: changeLines(step.changes),
    violating,
  };
}

/** The last step is the one that violates; in a deadlock or a loop that is nobody's step. */
function isViolating(trace: Trace, step: TraceStep): boolean {
  const last = step.number === trace.steps.length && trace.loopFrom === undefined;
  return last && trace.violation !== undefined && trace.violation.kind !== "deadlock";
}

function stepCell(trace: Trace, step: TraceStep, wide: number): Cell {
  const flows = (trace.why?.flows ?? []).filter((f) => f.to === step.number);
  const violating = isViolating(trace, step);
  const notes = [chosenText(step), ...flows.map(flowNote)].filter((n) => n !== "");
  const turning = step.number === trace.why?.turn && !violating;
  if (turning) notes.push("unavoidable from here on");
  const noted = violating ? COLOR.onDark : COLOR.note;
  const small = notes.flatMap((n) => wrap(n, Math.floor(wide * 1.2)));
  const code = atMost(wrap(codeText(step), wide), LINES_PER_BOX, wide);
  const lines: Line[] = [
    ...code.map((text) => ({ parts: [{ text, bold: violating }] })),
    ...small.map((text) => ({ parts: [{ text }], small: true, color: noted })),
  ];
  const cause = flows.length > 0 || turning;
  const kind = violating ? "violation" : cause ? "cause" : "plain";
  const at = step.src ? ` (${step.src.file}:${step.src.line})` : "";
  return cell(step.pid, kind, lines, `${step.process}.${step.label}${at}`);
}

function flowNote(flow: Flow): string {
  const what = ascii(flow.text);
  return flow.kind === "value"
    ? `uses ${what} of step ${flow.from}`
    : `trusts the check of step ${flow.from}`;
}

function blockedRow(trace: Trace, wide: number): SheetRow {
  const last = trace.steps.length;
  const cells = trace.blocked.map((blocked) => {
    const code = atMost(wrap(blocked.text, wide), LINES_PER_BOX, wide);
    const note =
      blocked.waitsFor.length > 0 || blocked.label === DONE
        ? waitText(trace, blocked)
        : "waits for ever";
    const lines: Line[] = [
      ...code.map((text) => ({ parts: [{ text }] })),
      ...wrap(note, Math.floor(wide * 1.1)).map((text) => ({
        parts: [{ text }],
        small: true,
        color: COLOR.bad,
      })),
    ];
    return cell(blocked.pid, "blocked", lines, blocked.label);
  });
  return {
    id: "blocked",
    kind: "blocked",
    from: last + 1,
    to: last + 1,
    cells,
    changes: [],
    violating: true,
  };
}

function cell(pid: number, kind: BoxKind, lines: Line[], tooltip: string): Cell {
  return {
    pid,
    kind,
    lines,
    width: Math.max(...lines.map(lineWidth)) + PADDING.x,
    height: linesHeight(lines) + PADDING.y,
    tooltip,
  };
}

/** The changes of a step, watched ones first; `*` marks those also without colour. */
function changeLines(changes: Change[]): Line[] {
  const sorted = [...changes.filter((c) => c.watched), ...changes.filter((c) => !c.watched)];
  const shown = sorted.length > MOST_CHANGES ? sorted.slice(0, MOST_CHANGES - 1) : sorted;
  const lines = shown.map(changeLine);
  if (shown.length < sorted.length) {
    const more = `and ${sorted.length - shown.length} more`;
    lines.push({ parts: [{ text: more }], color: COLOR.faint });
  }
  return lines;
}

function changeLine(change: Change): Line {
  const from = shorten(ascii(change.from), 14);
  const to = shorten(ascii(change.to), 16);
  const room = CHANGE_CHARS - from.length - to.length - 8;
  const name = shorten(ascii(change.name), Math.max(12, room));
  const parts = [{ text: `${change.watched ? "* " : ""}${name}: ${from} -> ` }];
  const bold = [...parts, { text: to, bold: true }];
  if (!change.watched) return { parts: bold, color: COLOR.change };
  return { parts: bold, color: COLOR.watched, background: COLOR.watchedBack };
}

export function changesWidth(rows: SheetRow[]): number {
  return Math.max(0, ...rows.flatMap((r) => r.changes).map(lineWidth)) + FONT.char * 2;
}
