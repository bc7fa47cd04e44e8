/**
 * Painting with DOT: nodes and edges at fixed positions. With `layout=nop2` Graphviz only draws,
 * so the picture is the same in every version of it.
 *
 * Units are points; x grows to the right and y downwards (DOT's y grows upwards, so it is negated
 * here). Rules that hold because Graphviz breaks without them: Courier only (other fonts have no
 * real metrics in the WebAssembly build), ASCII only, no clusters (painted in random order), each
 * line of a label in its own table row.
 */
import { ascii, printable } from "./text.ts";

/**
 * Width of a Courier character is 0.6 of its size; a line of a label takes a bit more than its
 * size.
 */
export const FONT = { size: 11, char: 6.6, line: 13.5 };
export const SMALL = { size: 9, char: 5.4, line: 11.5 };

/** Centre and size. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One line of a label: alternating plain and bold parts. */
export interface Line {
  parts: { text: string; bold?: boolean }[];
  small?: boolean;
  color?: string;
  background?: string;
}

export type Attributes = Record<string, string | number>;

export interface Point {
  x: number;
  y: number;
}

/** Backslashes are doubled: Graphviz replaces `\N` and the like even in HTML-like labels. */
export function htmlEscape(text: string): string {
  return printable(text)
    .replace(/&/g, "&amp;")
    .replace(/\\/g, "\\\\")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** Attributes of a label table that shows nothing but its text. */
export const PLAIN_TABLE = 'border="0" cellspacing="0" cellpadding="0"';

/** A quoted DOT string; a backslash would begin an escape such as `\N` (the node's name). */
export function quote(text: string): string {
  return `"${ascii(text).replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
}

/** A number with one decimal at most, the same text on every machine. */
function num(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  return String(rounded === 0 ? 0 : rounded);
}

function inches(points: number): string {
  return (points / 72).toFixed(3);
}

function attributeList(attributes: Attributes, raw: string[]): string {
  const rest = Object.entries(attributes).map(([key, value]) =>
    typeof value === "number" ? `${key}=${num(value)}` : `${key}=${quote(value)}`,
  );
  return [...raw, ...rest].join(", ");
}

/**
 * A node at its place; `lines` is its label, or else a centred `label` among the attributes.
 * Sizes must leave room for the label (see {@link FONT}).
 */
export function node(id: string, box: Box, attributes: Attributes, lines: Line[] = []): string {
  const raw = [
    `pos="${num(box.x)},${num(-box.y)}"`,
    `width=${inches(box.width)}`,
    `height=${inches(box.height)}`,
  ];
  const plain = plainLabel(lines);
  if (lines.length > 0 && !plain) raw.push(`label=<${table(lines, box.width)}>`);
  return `  ${id} [${attributeList({ ...attributes, ...plain }, raw)}]`;
}

/** A single line in one style needs no table; its box is as wide as it is. */
function plainLabel([line, ...more]: Line[]): Attributes | undefined {
  const [part, ...others] = line?.parts ?? [];
  if (!line || !part || more.length + others.length > 0 || part.bold || line.background) return;
  const label: Attributes = { label: part.text };
  if (line.small) label.fontsize = SMALL.size;
  if (line.color) label.fontcolor = line.color;
  return label;
}

/** Left-aligned lines, as wide as the box (which keeps them at the left edge in every viewer). */
function table(lines: Line[], width: number): string {
  const rows = lines.map((line, i) => {
    const cell = ['align="left"'];
    if (i === 0) cell.push(`width="${Math.floor(width - 10)}"`);
    if (line.background) cell.push(`bgcolor="${line.background}"`);
    return `<tr><td ${cell.join(" ")}>${styled(line)}</td></tr>`;
  });
  return `<table ${PLAIN_TABLE}>${rows.join("")}</table>`;
}

function styled(line: Line): string {
  const text = line.parts
    .filter((p) => p.text !== "")
    .map((p) => (p.bold ? `<b>${htmlEscape(p.text)}</b>` : htmlEscape(p.text)))
    .join("");
  const font = [];
  if (line.small) font.push(`point-size="${SMALL.size}"`);
  if (line.color) font.push(`color="${line.color}"`);
  const filled = text === "" ? " " : text;
  return font.length > 0 ? `<font ${font.join(" ")}>${filled}</font>` : filled;
}

export function lineWidth(line: Line): number {
  const chars = line.parts.reduce((sum, p) => sum + printable(p.text).length, 0);
  return chars * (line.small ? SMALL.char : FONT.char);
}

export function linesHeight(lines: Line[]): number {
  return lines.reduce((sum, l) => sum + (l.small ? SMALL.line : FONT.line), 0);
}

/** An arrow along axis-parallel pieces with rounded corners; it ends at the last point. */
export function arrow(from: string, to: string, path: Point[], attributes: Attributes): string {
  const end = path.at(-1) as Point;
  const before = path.at(-2) as Point;
  const length = Math.hypot(end.x - before.x, end.y - before.y);
  const back = Math.min(7, length / 2) / (length || 1);
  const neck = {
    x: end.x - (end.x - before.x) * back,
    y: end.y - (end.y - before.y) * back,
  };
  const spline = bezier([...path.slice(0, -1), neck]).map((p) => `${num(p.x)},${num(-p.y)}`);
  const raw = [`pos="e,${num(end.x)},${num(-end.y)} ${spline.join(" ")}"`];
  return `  ${from} -> ${to} [${attributeList(attributes, raw)}]`;
}

const CORNER = 8;

/**
 * Control points of a chain of cubic curves (3n+1 of them): straight pieces, quarter-round
 * corners.
 */
function bezier(path: Point[]): Point[] {
  const out: Point[] = [path[0] as Point];
  const straight = (to: Point): void => {
    out.push(out.at(-1) as Point, to, to);
  };
  for (let i = 1; i < path.length - 1; i++) {
    const [a, b, c] = [path[i - 1], path[i], path[i + 1]] as [Point, Point, Point];
    const into = towards(b, a);
    const outOf = towards(b, c);
    straight(into);
    out.push(b, b, outOf);
  }
  straight(path.at(-1) as Point);
  return out;
}

/** The point a corner's radius away from `from` in the direction of `to`. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
