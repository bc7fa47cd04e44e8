/**
 * The race as swim lanes in DOT: one lane per process, a bar beside it while it holds a lock, what
 * changed at the right, arrows for what was carried stale, the violating step in red.
 */
import { match } from "ts-pattern";
import type { Trace } from "../../model/ir/trace.ts";
import type { BoxKind } from "./dot-cells.ts";
import {
  type Attributes,
  arrow,
  FONT,
  type Line,
  linesHeight,
  lineWidth,
  node,
} from "./dot-draw.ts";
import { FOLD_SIGN, type Layout, layoutOf, type PlacedFlow, type PlacedRow } from "./dot-layout.ts";
import { arrowStyle, barNode, legend, lockTags } from "./dot-legend.ts";
import { COLOR } from "./dot-style.ts";
import { wrap } from "./text.ts";
import { verdictOf } from "./verdict.ts";

/**
 * DOT text of the picture; draw it with any engine, its `layout=nop2` takes the positions as they
 * are.
 */
export function toDot(trace: Trace): string {
  const layout = layoutOf(trace);
  const tags = lockTags(layout.bars);
  const verdict = verdictBand(trace, layout);
  const lines = [
    "// All positions are computed: draw with  dot -Tsvg  (any Graphviz since 2.30).",
    "digraph race {",
    "  graph [layout=nop2, bgcolor=white, pad=0.08, outputorder=nodesfirst]",
    '  node [shape=box, fixedsize=true, fontname="Courier", fontsize=11, margin=0, penwidth=0]',
    '  node [label=""]',
    ...title(trace, layout),
    ...layout.rows.flatMap((row, i) => rowBack(layout, row, i)),
    ...heads(layout),
    ...layout.bars.map((bar, i) => barNode(bar, i, tags)),
    ...layout.rows.flatMap((row) => rowNodes(layout, row)),
    ...verdict.lines,
    ...legend(trace, layout, tags, verdict.bottom + 18),
    ...layout.flows.map((flow) => flowArrow(layout, flow)),
    ...loopArrow(trace, layout),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** What it is about, and how it ends where there is room for that. */
function title(trace: Trace, { title: at, width }: Layout): string[] {
  const { config } = at;
  const line: Line = { parts: [{ text: at.text, bold: true }] };
  const aside: Line = { parts: [{ text: config.text }], small: true };
  const box = { x: at.left + at.width / 2, y: 14, width: at.width, height: 18 };
  const beside = { x: config.left + config.width / 2, y: 15, width: config.width, height: 14 };
  const { headline } = verdictOf(trace);
  const ends: Line = { parts: [{ text: headline, bold: true }], color: COLOR.bad };
  const rest = lineWidth(ends) + 16;
  const last = { x: width - rest / 2, y: 15, width: rest, height: 16 };
  const fits = headline !== "" && at.right + rest < width;
  return [
    node("title", box, { fontsize: 13, fontcolor: COLOR.ink }, [line]),
    node("config", beside, { fontcolor: COLOR.faint }, [aside]),
    ...(fits ? [node("ending", last, {}, [ends])] : []),
  ];
}

function rowBack(layout: Layout, row: PlacedRow, index: number): string[] {
  if (!row.violating && index % 2 === 0) return [];
  const fill = row.violating ? COLOR.rowBad : COLOR.rowOther;
  const box = { x: layout.width / 2, y: row.y, width: layout.width, height: row.height };
  return [node(`row_${row.id}`, box, { style: "filled", fillcolor: fill })];
}

function heads(layout: Layout): string[] {
  const { top, height } = layout.head;
  const y = top + height / 2;
  const band = { x: layout.width / 2, y, width: layout.width, height };
  const out = [node("head", band, { style: "filled", fillcolor: COLOR.head })];
  for (const lane of layout.lanes) {
    const lines: Line[] = [{ parts: [{ text: lane.name, bold: true }], color: COLOR.onDark }];
    if (lane.doc !== "")
      lines.push({ parts: [{ text: lane.doc }], small: true, color: COLOR.onDark });
    const width = Math.max(...lines.map(lineWidth)) + 12;
    const box = { x: lane.boxLeft + width / 2, y, width, height };
    out.push(node(`head_${lane.lane.pid}`, box, {}, lines));
    const rule = { x: lane.left, y: (top + height + layout.bottom) / 2, width: 0.8 };
    const length = Math.max(1, layout.bottom - top - height);
    const style: Attributes = { style: "filled", fillcolor: COLOR.rule };
    out.push(node(`lane_${lane.lane.pid}`, { ...rule, height: length }, style));
  }
  const changes: Line[] = [{ parts: [{ text: "changes", bold: true }], color: COLOR.onDark }];
  const width = 7 * FONT.char + 12;
  const box = { x: layout.changes.left - 6 + width / 2, y, width, height };
  out.push(node("head_changes", box, {}, changes));
  return out;
}

function rowNodes(layout: Layout, row: PlacedRow): string[] {
  const out: string[] = [];
  if (row.kind !== "blocked") {
    const label = row.kind === "fold" ? FOLD_SIGN : row.id;
    const width = label.length * FONT.char + 8;
    const box = { x: layout.numbers + width / 2, y: row.y, width, height: 16 };
    const fontcolor = row.violating ? COLOR.bad : COLOR.faint;
    out.push(node(`number_${row.id}`, box, { label, fontcolor }));
  }
  for (const cell of row.cells) {
    const lane = layout.lanes.find((l) => l.lane.pid === cell.pid);
    const x = (lane?.boxLeft ?? 0) + cell.width / 2;
    const box = { x, y: row.y, width: cell.width, height: cell.height };
    const style = { ...boxStyle(cell.kind), tooltip: cell.tooltip };
    out.push(node(boxId(row, cell.pid), box, style, cell.lines));
  }
  if (row.changes.length > 0) {
    const width = Math.max(...row.changes.map(lineWidth)) + 12;
    const x = layout.changes.left - 6 + width / 2;
    const box = { x, y: row.y, width, height: linesHeight(row.changes) + 4 };
    out.push(node(`changes_${row.id}`, box, {}, row.changes));
  }
  return out;
}

function boxId(row: PlacedRow, pid: number): string {
  return `step_${row.id}_${pid}`;
}

function boxStyle(kind: BoxKind): Attributes {
  const style = "filled,rounded";
  return match(kind)
    .returnType<Attributes>()
    .with("plain", () => ({ style, color: COLOR.boxLine, penwidth: 0.8, fillcolor: COLOR.box }))
    .with("cause", () => ({ style, color: COLOR.causeLine, penwidth: 1.6, fillcolor: COLOR.cause }))
    .with("violation", () => ({
      style,
      color: COLOR.badLine,
      penwidth: 1.6,
      fillcolor: COLOR.bad,
      fontcolor: COLOR.onDark,
    }))
    .with("blocked", () => ({
      style: "filled,rounded,dashed",
      color: COLOR.bad,
      penwidth: 1.4,
      fillcolor: COLOR.box,
    }))
    .with("fold", () => ({}))
    .exhaustive();
}

function verdictBand(trace: Trace, layout: Layout): { lines: string[]; bottom: number } {
  const { headline, lines } = verdictOf(trace);
  if (headline === "") return { lines: [], bottom: layout.bottom };
  const chars = Math.floor((layout.width - 40) / FONT.char);
  const text: Line[] = [
    ...wrap(headline, chars).map((t) => ({ parts: [{ text: t, bold: true }] })),
    ...lines.flatMap((l) => wrap(l, chars)).map((t) => ({ parts: [{ text: t }] })),
  ];
  const height = linesHeight(text) + 18;
  const y = layout.bottom + height / 2;
  const band = { x: layout.width / 2, y, width: layout.width, height };
  const style = { style: "filled", fillcolor: COLOR.bad };
  const inside = { ...band, width: layout.width - 24 };
  return {
    lines: [
      node("verdict_band", band, style),
      node("verdict", inside, { fontcolor: COLOR.onDark }, text),
    ],
    bottom: layout.bottom + height,
  };
}

/** Out of the box, down beside the lane, and into the box that uses the value. */
function flowArrow(layout: Layout, placed: PlacedFlow): string {
  const [source, target] = [placed.from.cells[0], placed.to.cells[0]];
  if (!source || !target) throw new Error("an arrow needs a box at both ends");
  const side = (pid: number, width: number, right: boolean): number => {
    const left = layout.lanes.find((l) => l.lane.pid === pid)?.boxLeft ?? 0;
    return right ? left + width : left;
  };
  const start = side(source.pid, source.width, placed.x >= side(source.pid, source.width, false));
  const end = side(target.pid, target.width, placed.x >= side(target.pid, target.width, false));
  const y = { from: placed.from.y + placed.leaves, to: placed.to.y + placed.enters };
  const path = [
    { x: start, y: y.from },
    { x: placed.x, y: y.from },
    { x: placed.x, y: y.to },
    { x: end, y: y.to },
  ];
  const [from, to] = [boxId(placed.from, source.pid), boxId(placed.to, target.pid)];
  return arrow(from, to, path, arrowStyle(placed.flow.kind));
}

/** A lasso: from the last step back to the one where the loop begins, left of the numbers. */
function loopArrow(trace: Trace, layout: Layout): string[] {
  const first = layout.rows.find((r) => r.kind === "step" && r.from === trace.loopFrom);
  const last = layout.rows.findLast((r) => r.kind === "step");
  if (!first || !last) return [];
  const x = layout.numbers;
  const path = [
    { x, y: last.y },
    { x: x - 14, y: last.y },
    { x: x - 14, y: first.y - 3 },
    { x, y: first.y - 3 },
  ];
  const style = { color: COLOR.ink, penwidth: 1.5, arrowsize: 0.75 };
  return [arrow(`number_${last.id}`, `number_${first.id}`, path, style)];
}
