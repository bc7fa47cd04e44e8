/**
 * Where everything goes: widths of lanes, heights of rows, bars and arrows. Points, y downwards.
 */
import type { Flow, Lane, LockUse, Trace } from "../../model/ir/trace.ts";
import { type Cell, type SheetRow, sheetRows } from "./dot-cells.ts";
import { changesWidth } from "./dot-changes.ts";
import { FONT, linesHeight, SMALL } from "./dot-draw.ts";
import { type Hold, holdsOf } from "./holds.ts";
import { lanesOf } from "./lanes.ts";
import { ascii, shorten } from "./text.ts";

export interface PlacedLane {
  lane: Lane;
  name: string;
  doc: string;
  /** The vertical rule; the bars of held locks stand on it and right of it. */
  left: number;
  right: number;
  boxLeft: number;
  /** Where the arrows of this lane run down, one after the other. */
  channel: number;
}

export interface PlacedRow extends SheetRow {
  top: number;
  /** Of the row; its boxes are centred. */
  y: number;
  height: number;
}

/** A bar: a hold, or a process that stands and waits. */
export interface Bar {
  pid: number;
  x: number;
  top: number;
  bottom: number;
  /** Name of the lock; empty for a wait that is for no lock. */
  name: string;
  class: string;
  mode: Hold["mode"];
  waiting: boolean;
}

export interface PlacedFlow {
  flow: Flow;
  from: PlacedRow;
  to: PlacedRow;
  /** Vertical piece of the arrow. */
  x: number;
  /** How far below the middle of its boxes it leaves the one and enters the other. */
  leaves: number;
  enters: number;
}

export interface PlacedTitle {
  text: string;
  left: number;
  width: number;
  config: { text: string; left: number; width: number };
  right: number;
}

export interface Layout {
  width: number;
  title: PlacedTitle;
  numbers: number;
  lanes: PlacedLane[];
  rows: PlacedRow[];
  changes: { left: number; width: number };
  bars: Bar[];
  flows: PlacedFlow[];
  head: { top: number; height: number };
  bottom: number;
}

export const BAR = { width: 11, pitch: 14 };
const MARGIN = 8;
const LOOP_MARGIN = 18;
const TITLE = 30;
const TITLE_CHAR = 7.9;
const HEAD = 34;
const LEAST_WIDTH = 520;
const LEAST_ROW = 25.5;
const CHANNEL = 10;
/** What a process does has room for as many characters, however narrow its steps. */
const DOC_CHARS = 36;
/** Of a fold, in the place of a step's number. */
export const FOLD_SIGN = "...";

export function layoutOf(trace: Trace): Layout {
  const lanes = lanesOf(trace);
  const holds = holdsOf(trace);
  const sheet = sheetRows(trace, lanes.length);
  const rows = placeRows(sheet, TITLE + HEAD);
  const numbers = (trace.loopFrom === undefined ? 0 : LOOP_MARGIN) + MARGIN;
  const folds = rows.some((row) => row.kind === "fold") ? FOLD_SIGN.length : 0;
  const digits = Math.max(String(trace.steps.length).length, folds);
  const firstLane = numbers + 19 + digits * FONT.char;
  const waiting = new Set(waitBars(trace, holds, rows, []).map((bar) => bar.pid));
  const crossing = shownFlows(trace, rows, lanes);
  let x = firstLane;
  const placed = lanes.map((lane): PlacedLane => {
    const cells = rows.flatMap((r) => r.cells).filter((c) => c.pid === lane.pid);
    const slots = slotCount(holds, lane.pid) + (waiting.has(lane.pid) ? 1 : 0);
    const channels = crossing.filter((f) => f.gutter === lane.pid).length;
    const place = placeLane(lane, x, cells, slots, channels);
    x = place.right;
    return place;
  });
  const changed = changesWidth(rows.flatMap((r) => r.changes));
  const changes = { left: x + 10, width: Math.max(changed, 8 * FONT.char) };
  const bottom = rows.at(-1);
  const title = placeTitle(trace);
  return {
    title,
    width: Math.max(LEAST_WIDTH, changes.left + changes.width + MARGIN, title.right),
    numbers,
    lanes: placed,
    rows,
    changes,
    bars: [...holdBars(trace, holds, rows, placed), ...waitBars(trace, holds, rows, placed)],
    flows: placeFlows(crossing, placed),
    head: { top: TITLE, height: HEAD },
    bottom: bottom ? bottom.top + bottom.height : TITLE + HEAD,
  };
}

function slotCount(holds: Hold[], pid: number): number {
  return Math.max(0, ...holds.filter((h) => h.pid === pid).map((h) => h.slot + 1));
}

function placeLane(
  lane: Lane,
  left: number,
  cells: Cell[],
  slots: number,
  channels: number,
): PlacedLane {
  const name = ascii(lane.name);
  const boxLeft = left + 8 + Math.max(1, slots) * BAR.pitch - (slots === 0 ? BAR.pitch - 2 : 6);
  const told = ascii(lane.doc ?? "");
  const head = Math.max(name.length * FONT.char, Math.min(told.length, DOC_CHARS) * SMALL.char) + 8;
  const boxes = Math.max(60, ...cells.map((c) => c.width), head);
  const doc = shorten(told, Math.floor(boxes / SMALL.char));
  const channel = boxLeft + boxes + 8;
  return { lane, name, doc, left, boxLeft, channel, right: channel + channels * CHANNEL + 8 };
}

function placeRows(sheet: SheetRow[], start: number): PlacedRow[] {
  let top = start;
  return sheet.map((row) => {
    const boxes = Math.max(0, ...row.cells.map((c) => c.height));
    const needed = Math.max(boxes + 9, linesHeight(row.changes) + 6);
    const height = Math.max(LEAST_ROW, needed);
    const placed = { ...row, top, y: top + height / 2, height };
    top += height;
    return placed;
  });
}

function rowOf(rows: PlacedRow[], step: number): PlacedRow | undefined {
  return rows.find((r) => r.from <= step && step <= r.to);
}

/** Half the height of the boxes in a row. */
function reach(row: PlacedRow): number {
  const boxes = Math.max(0, ...row.cells.map((c) => c.height));
  return boxes === 0 ? row.height / 2 : boxes / 2;
}

/** Where a bar meets a row that begins after, or ends with, this step: in a fold, on the way. */
function edge(row: PlacedRow, step: number): number {
  const done = (step - row.from + 1) / (row.to - row.from + 1);
  return row.y - reach(row) + 2 * reach(row) * done;
}

function laneOf(lanes: PlacedLane[], pid: number): PlacedLane | undefined {
  return lanes.find((l) => l.lane.pid === pid);
}

function holdBars(trace: Trace, holds: Hold[], rows: PlacedRow[], lanes: PlacedLane[]): Bar[] {
  return holds.flatMap((hold): Bar[] => {
    const lane = laneOf(lanes, hold.pid);
    const first = hold.from === 0 ? rows[0] : rowOf(rows, hold.from);
    const last = hold.open ? rows.at(-1) : rowOf(rows, hold.to);
    if (!lane || !first || !last || (first === last && first.kind === "fold")) return [];
    const starts = hold.downgraded === "into" ? first.y + 1 : edge(first, hold.from - 1);
    const ends = hold.downgraded === "from" ? last.y - 1 : edge(last, hold.to);
    return [
      {
        pid: hold.pid,
        x: lane.left + hold.slot * BAR.pitch,
        top: hold.from === 0 ? first.top : starts,
        bottom: hold.open || hold.to > trace.steps.length ? last.top + last.height : ends,
        name: hold.name,
        class: hold.class,
        mode: hold.mode,
        waiting: false,
      },
    ];
  });
}

/**
 * A process that cannot go on waits from its last step on, or since what it waits for was taken;
 * and a step may wait without taking the lock.
 */
function waitBars(trace: Trace, holds: Hold[], rows: PlacedRow[], lanes: PlacedLane[]): Bar[] {
  const bar = (pid: number, use: LockUse | undefined, top: number, bottom: number): Bar => ({
    pid,
    x: (laneOf(lanes, pid)?.left ?? 0) + slotCount(holds, pid) * BAR.pitch,
    top,
    bottom,
    name: use?.name ?? "",
    class: use?.class ?? "",
    mode: use?.mode ?? "exclusive",
    waiting: true,
  });
  const bars = rows.flatMap((row): Bar[] => {
    const step = row.kind === "step" ? trace.steps[row.from - 1] : undefined;
    const use = step?.locks.find((l) => l.op === "wait");
    return step && use ? [bar(step.pid, use, row.y - reach(row), row.y + reach(row))] : [];
  });
  const [first, end] = [rows[0], rows.at(-1)];
  if (end?.kind !== "blocked" || !first) return bars;
  for (const { pid, waitsFor } of trace.blocked) {
    const before = trace.steps.findLast((s) => s.pid === pid)?.number ?? 0;
    const since = takenSince(trace, holds, pid, waitsFor[0]);
    const row = rowOf(rows, Math.max(before, since - 1));
    const top = row ? row.top + row.height : first.top;
    bars.push(bar(pid, waitsFor[0], top + 3, end.y + reach(end)));
  }
  return bars;
}

/**
 * The step from which on the lock was not to be had: taken by another process, or, for a reader
 * among readers, waited for by a writer. 0 if it never was, or that can't be told.
 */
function takenSince(trace: Trace, holds: Hold[], pid: number, use: LockUse | undefined): number {
  if (use?.op !== "acquire") return 0;
  const others = holds.filter((h) => h.open && h.name === use.name && h.pid !== pid);
  const against = others.filter((h) => use.mode === "exclusive" || h.mode === "exclusive");
  if (against.length > 0) return Math.min(...against.map((h) => h.from));
  const writers = trace.blocked.filter((b) =>
    b.waitsFor.some((u) => u.name === use.name && u.op === "acquire" && u.mode === "exclusive"),
  );
  const queued = writers.map((w) => trace.steps.findLast((s) => s.pid === w.pid)?.number ?? 0);
  return queued.length > 0 ? Math.min(...queued) : 0;
}

interface ShownFlow {
  flow: Flow;
  from: PlacedRow;
  to: PlacedRow;
  /** Positions of the lanes at both ends. */
  ends: [number, number];
  /** The process in whose lane, right of its boxes, the arrow runs down. */
  gutter: number;
}

/** Arrows whose ends are both shown; one step per row, so their level pieces cross no box. */
function shownFlows(trace: Trace, rows: PlacedRow[], lanes: Lane[]): ShownFlow[] {
  return (trace.why?.flows ?? []).flatMap((flow): ShownFlow[] => {
    const [from, to] = [rowOf(rows, flow.from), rowOf(rows, flow.to)];
    if (!from || !to || from.kind !== "step" || to.kind !== "step" || from === to) return [];
    const index = (row: PlacedRow): number =>
      lanes.findIndex((l) => l.pid === (row.cells[0] as Cell).pid);
    const ends: [number, number] = [index(from), index(to)];
    const gutter = lanes[Math.min(...ends)] as Lane;
    return [{ flow, from, to, ends, gutter: gutter.pid }];
  });
}

function placeTitle(trace: Trace): PlacedTitle {
  const variant = trace.variant === "" ? "" : `: ${ascii(trace.variant)}`;
  const text = `${ascii(trace.model)}${variant}`;
  const config = `configuration ${ascii(trace.config)}`;
  const width = text.length * TITLE_CHAR + 20;
  const aside = config.length * SMALL.char + 16;
  const after = MARGIN + width;
  const right = after + aside;
  return { text, left: MARGIN, width, config: { text: config, left: after, width: aside }, right };
}

/** Longer arrows run further out. */
function placeFlows(shown: ShownFlow[], lanes: PlacedLane[]): PlacedFlow[] {
  const span = (f: ShownFlow): number => f.flow.to - f.flow.from;
  const sorted = [...shown].sort((a, b) => span(a) - span(b));
  const shift = (s: ShownFlow, row: PlacedRow, inGutter: boolean): number => {
    const ends = endsAt(sorted, row, inGutter);
    return (ends.indexOf(s) - (ends.length - 1) / 2) * 6;
  };
  return sorted.map((s) => {
    const lane = laneOf(lanes, s.gutter) as PlacedLane;
    const position = sorted.filter((o) => o.gutter === s.gutter).indexOf(s);
    const x = lane.channel + position * CHANNEL;
    const leaves = shift(s, s.from, isInGutter(s, 0));
    const enters = shift(s, s.to, isInGutter(s, 1));
    return { flow: s.flow, from: s.from, to: s.to, x, leaves, enters };
  });
}

/** The gutter is that of the lane where this end is; else it lies further left. */
function isInGutter({ ends }: ShownFlow, end: 0 | 1): boolean {
  return ends[end] === Math.min(...ends);
}

/**
 * The arrows that meet one side of a box, from above, so that none crosses or covers another:
 * those that come, then those that go.
 */
function endsAt(sorted: ShownFlow[], row: PlacedRow, inGutter: boolean): ShownFlow[] {
  const come = sorted.filter((s) => s.to === row && isInGutter(s, 1) === inGutter);
  const go = sorted.filter((s) => s.from === row && isInGutter(s, 0) === inGutter);
  return inGutter ? [...come, ...go.reverse()] : [...come.reverse(), ...go];
}
