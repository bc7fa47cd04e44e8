/** What stands in the rows of the swim lanes: boxes with text. Sizes included. */
import type { Flow, Trace, TraceStep } from "../../model/ir/trace.ts";
import { DONE } from "../../model/ir/types.ts";
import { changeLines, netChangeLines } from "./dot-changes.ts";
import { type Line, linesHeight, lineWidth } from "./dot-draw.ts";
import { COLOR } from "./dot-style.ts";
import { foldTrace, type Row } from "./fold.ts";
import { chosenText, codeText, RETRIES } from "./step-text.ts";
import { ascii, asciiLines, atMost, start, wrap } from "./text.ts";
import { isViolating, waitText } from "./verdict.ts";

export type BoxKind = "plain" | "cause" | "violation" | "blocked" | "fold";

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

/** Rows that fit on a page; of a longer trace the steps that matter least are folded. */
const ROWS = 36;
const LINES_PER_BOX = 5;
const LINES_PER_FOLD = 5;
const PADDING = { x: 14, y: 5 };

export function sheetRows(trace: Trace, laneCount: number): SheetRow[] {
  const wide = laneCount <= 4 ? 36 : laneCount <= 6 ? 32 : 28;
  const rows = foldTrace(trace, ROWS).map((row) => sheetRow(trace, row, wide));
  if (trace.blocked.length > 0) rows.push(blockedRow(trace, wide));
  return rows;
}

function sheetRow(trace: Trace, row: Row, wide: number): SheetRow {
  if (row.kind === "fold") return foldRow(row.steps, wide);
  const { step } = row;
  return {
    id: String(step.number),
    kind: "step",
    from: step.number,
    to: step.number,
    cells: [stepCell(trace, step, wide)],
    changes: changeLines(step),
    violating: isViolating(trace, step),
  };
}

/** Steps that matter less share a row: in small print, each in the lane of its process. */
function foldRow(steps: TraceStep[], wide: number): SheetRow {
  const [first, last] = [steps[0], steps.at(-1)] as [TraceStep, TraceStep];
  const pids = [...new Set(steps.map((s) => s.pid))];
  return {
    id: `fold${first.number}`,
    kind: "fold",
    from: first.number,
    to: last.number,
    cells: pids.map((pid) => {
      const own = steps.filter((s) => s.pid === pid);
      const label = `${own[0]?.process}: steps ${first.number} to ${last.number}`;
      return cell(pid, "fold", foldLines(own, Math.floor(wide * 1.2)), label);
    }),
    changes: netChangeLines(steps),
    violating: false,
  };
}

/** One line for each, or for the first and the last ones and how many stand between them. */
function foldLines(steps: TraceStep[], chars: number): Line[] {
  const line = (text: string): Line => ({ parts: [{ text }], small: true, color: COLOR.faint });
  const one = (s: TraceStep): Line => {
    const code = asciiLines(codeText(s))[0] as string;
    return line(start(`${s.number} ${code}`, chars));
  };
  if (steps.length <= LINES_PER_FOLD) return steps.map(one);
  const shown = LINES_PER_FOLD - 1;
  const [head, tail] = [steps.slice(0, Math.ceil(shown / 2)), steps.slice(-Math.floor(shown / 2))];
  const more = steps.length - head.length - tail.length;
  return [...head.map(one), line(`... ${more} more ...`), ...tail.map(one)];
}

function stepCell(trace: Trace, step: TraceStep, wide: number): Cell {
  const flows = (trace.why?.flows ?? []).filter((f) => f.to === step.number);
  const violating = isViolating(trace, step);
  const notes = [chosenText(step), ...flows.map(flowNote)].filter((n) => n !== "");
  const turning = step.number === trace.why?.turn && !violating;
  if (turning) notes.push("unavoidable from here on");
  if (step.retries) notes.push(RETRIES);
  const noted = violating ? COLOR.onDark : COLOR.note;
  const small = notes.flatMap((n) => wrap(n, Math.floor(wide * 1.2)));
  const code = atMost(wrap(codeText(step), wide), LINES_PER_BOX, wide);
  const lines: Line[] = [
    ...code.map((text) => ({ parts: [{ text, bold: violating }] })),
    ...small.map((text) => ({ parts: [{ text }], small: true, color: noted })),
  ];
  const cause = flows.length > 0 || turning || step.retries;
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
  const small = Math.floor(wide * 1.1);
  const cells = trace.blocked.map((blocked) => {
    const code = atMost(wrap(blocked.text, wide), LINES_PER_BOX, wide);
    const note =
      blocked.waitsFor.length > 0 || blocked.label === DONE
        ? waitText(trace, blocked)
        : "waits for ever";
    const lines: Line[] = [
      ...code.map((text) => ({ parts: [{ text }] })),
      // All of a long reason stands in the verdict below.
      ...atMost(wrap(note, small), LINES_PER_BOX, small).map((text) => ({
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
