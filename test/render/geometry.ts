/** What is wrong with the places of things in a picture, told from its DOT: one line for each. */

interface Shape {
  id: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Size of its text. */
  text: { width: number; height: number };
}

interface Piece {
  /** One of them is the same at both ends. */
  from: Point;
  to: Point;
}

interface Point {
  x: number;
  y: number;
}

interface Arrow {
  from: string;
  to: string;
  pieces: Piece[];
}

/** What may touch nothing else of these; backgrounds and the rules of the lanes lie under it. */
const SOLID = /^(title|config|ending|head_\w+|number_\w+|hold_\d+|step_\w+|changes_\w+|verdict)$/;
const LEGEND = /^legend_\d+(_text)?$/;

export function defectsOf(dot: string): string[] {
  const shapes = shapesOf(dot);
  const arrows = arrowsOf(dot);
  const band = shapes.find((s) => s.id === "head") as Shape;
  const solid = shapes.filter((s) => SOLID.test(s.id) || LEGEND.test(s.id));
  return [
    ...solid.filter((s) => exceeds(s)).map((s) => `${s.id}: its text is larger than it`),
    ...solid
      .filter((s) => s.left < band.left - 0.5 || s.right > band.right + 0.5)
      .map((s) => `${s.id}: beyond the edge of the picture`),
    ...pairs(solid)
      .filter(([a, b]) => overlap(a, b))
      .map(([a, b]) => `${a.id} lies on ${b.id}`),
    ...arrows.flatMap((arrow) => hits(arrow, shapes)),
    ...pairs(arrows)
      .filter(([a, b]) => a.pieces.some((p) => b.pieces.some((q) => isOn(p, q))))
      .map(([a, b]) => `${nameOf(a)} runs on ${nameOf(b)}`),
  ];
}

function pairs<T>(all: T[]): [T, T][] {
  return all.flatMap((a, i) => all.slice(i + 1).map((b): [T, T] => [a, b]));
}

/** Widths in the DOT are rounded to a thousandth of an inch. */
function exceeds({ left, right, top, bottom, text }: Shape): boolean {
  return text.width > right - left + 0.5 || text.height > bottom - top + 0.5;
}

/** Places are rounded, too. */
function overlap(a: Shape, b: Shape): boolean {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return across > 0.3 && down > 0.3;
}

function hits(arrow: Arrow, shapes: Shape[]): string[] {
  const others = shapes.filter((s) => s.id !== arrow.from && s.id !== arrow.to);
  const crossed = others.filter(
    (s) => /^(step|changes|head)_/.test(s.id) && arrow.pieces.some((p) => overlap(shape(p), s)),
  );
  return crossed.map((s) => `${nameOf(arrow)} runs through ${s.id}`);
}

/** A piece as wide as its line. */
function shape({ from, to }: Piece): Shape {
  return {
    id: "",
    left: Math.min(from.x, to.x) - 0.75,
    right: Math.max(from.x, to.x) + 0.75,
    top: Math.min(from.y, to.y) - 0.75,
    bottom: Math.max(from.y, to.y) + 0.75,
    text: { width: 0, height: 0 },
  };
}

/** Two lines in one: on each other for more than the radius of a corner. */
function isOn(p: Piece, q: Piece): boolean {
  const [a, b] = [shape(p), shape(q)];
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.min(across, down) > 0.5 && Math.max(across, down) > 10;
}

function nameOf({ from, to }: Arrow): string {
  return `${from} -> ${to}`;
}

const NUMBER = "(-?[\\d.]+)";
const NODE = new RegExp(
  `^ {2}(\\w+) \\[pos="${NUMBER},${NUMBER}", width=${NUMBER}, height=${NUMBER}(.*)\\]$`,
  "gm",
);

function shapesOf(dot: string): Shape[] {
  return [...dot.matchAll(NODE)].map(([, id, x, y, w, h, rest]) => ({
    id: id as string,
    left: Number(x) - Number(w) * 36,
    right: Number(x) + Number(w) * 36,
    top: -Number(y) - Number(h) * 36,
    bottom: -Number(y) + Number(h) * 36,
    text: textSize(rest as string),
  }));
}

/** Courier: a character is 0.6 of the font's size wide; a line is a bit higher than the size. */
function textSize(attributes: string): Shape["text"] {
  const size = Number(/fontsize=(\d+)/.exec(attributes)?.[1] ?? 11);
  const plain = /label="((?:[^"\\]|\\.)*)"/.exec(attributes)?.[1]?.replace(/\\(.)/g, "$1");
  const rows = [...attributes.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) => row as string);
  const lines = rows.length > 0 ? rows : [plain ?? ""];
  const sizes = lines.map((line) => ({
    size: Number(/point-size="(\d+)"/.exec(line)?.[1] ?? size),
    chars: rows.length > 0 ? unescaped(line).length : line.length,
  }));
  return {
    width: Math.max(...sizes.map((s) => s.chars * s.size * 0.6)),
    height: sizes.reduce((sum, s) => sum + (s.chars > 0 ? s.size * 1.2 : 0), 0),
  };
}

function unescaped(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&\w+;/g, "x")
    .replace(/\\\\/g, "\\");
}

const EDGE = /^ {2}(\w+) -> (\w+) \[pos="e,([-\d.]+),([-\d.]+) ([^"]*)"/gm;

function arrowsOf(dot: string): Arrow[] {
  const drawn = [...dot.matchAll(EDGE)].filter(([, from]) => !from?.startsWith("legend"));
  return drawn.map(([, from, to, x, y, spline]) => {
    const points = (spline as string).split(" ").map((p) => point(...p.split(",")));
    // Three control points for each piece: the last one is where it ends.
    const on = [...points.filter((_, i) => i % 3 === 0), point(x, y)];
    const pieces = on.slice(1).map((end, i) => ({ from: on[i] as Point, to: end }));
    return { from: from as string, to: to as string, pieces };
  });
}

function point(x?: string, y?: string): Point {
  return { x: Number(x), y: -Number(y) };
}
