/**
 * Graphviz writes an SVG with a group, a title and a comment for every node, polygons for boxes,
 * and each attribute on each element. The same picture takes less than half without all that, and
 * the pictures are kept in version control.
 */

const FONT = { family: "Courier,monospace", size: "11" };

/** Draws the same. What is not known to Graphviz 2.50 to 16 is left as it is. */
export function tidySvg(svg: string): string {
  const body = svg.slice(svg.indexOf("<svg")).replace(/<!--[\s\S]*?-->\n?/g, "");
  const lines = body.replace(/\n viewBox=/, " viewBox=").split("\n");
  return withoutGroups(lines).flatMap(tidyLine).join("\n");
}

/** Groups carry names that nobody asks for; of one with a tooltip, the tooltip stays. */
function withoutGroups(lines: string[]): string[] {
  const out: string[] = [];
  /** What closes the elements that are open now. */
  const closing: string[] = [];
  for (const line of lines) {
    if (/^<title>/.test(line)) continue;
    const tooltip = /^<g id="[^"]*"><a [^>]*xlink:title="([^"]*)"[^>]*>$/.exec(line)?.[1];
    if (tooltip !== undefined) {
      out.push(`<g><title>${unentitled(tooltip)}</title>`);
      closing.push("</g>", "");
    } else if (/^<g /.test(line)) {
      const graph = /class="graph"/.test(line);
      if (graph) out.push(graphGroup(line));
      closing.push(graph ? "</g>" : "");
    } else if (/^<\/(g|a)>$/.test(line)) {
      const end = closing.pop();
      if (end) out.push(end);
    } else out.push(line);
  }
  return out;
}

function graphGroup(line: string): string {
  const move = /translate\([^)]*\)/.exec(line)?.[0] ?? "";
  const unchanged = /scale\(1 1\) rotate\(0\)/.test(line);
  const transform = unchanged ? move : (/transform="([^"]*)"/.exec(line)?.[1] ?? "");
  return `<g transform="${transform}" font-family="${FONT.family}" font-size="${FONT.size}">`;
}

/** None for a shape without colour. */
function tidyLine(line: string): string[] {
  if (line.startsWith("<svg")) return [line.replace(/ xmlns:xlink="[^"]*"/, "")];
  if (line.startsWith("<text")) return [tidyText(line)];
  const bare = line
    .replace(/ stroke="[^"]*" stroke-width="0"/, "")
    .replace(/ stroke="transparent"/, "");
  if (/^<polygon fill="(none|transparent)" points/.test(bare)) return [];
  return [asRectangle(bare)];
}

function tidyText(line: string): string {
  return unentitled(line)
    .replace(' text-anchor="start"', "")
    .replace(` font-family="${FONT.family}"`, "")
    .replace(/ font-size="(\d+)\.00"/, (_, size) =>
      size === FONT.size ? "" : ` font-size="${size}"`,
    );
}

/** Characters that need no entity. */
function unentitled(text: string): string {
  return text.replace(/&#45;/g, "-").replace(/&#39;/g, "'");
}

const AXIS_PARALLEL = /^<polygon (.*?) points="([-\d.,]+) ([-\d.,]+) ([-\d.,]+) ([-\d.,]+) \2"\/>$/;
const ROUNDED = /^<path (.*?) d="M([-\d.]+),([-\d.]+)C([-\d., ]+)"\/>$/;

function asRectangle(line: string): string {
  const [, look, ...corners] = AXIS_PARALLEL.exec(line) ?? [];
  if (look === undefined) return asRounded(line);
  const points = corners.map((c) => c.split(",").map(Number) as [number, number]);
  const [a, b, c, d] = points as [number, number][];
  const level = a?.[1] === b?.[1] && c?.[1] === d?.[1] && a?.[0] === d?.[0] && b?.[0] === c?.[0];
  return level ? rectangle(look, points, 0) : line;
}

/** A box with round corners: eight curves, of which four are straight. */
function asRounded(line: string): string {
  const [, look, x, y, curves] = ROUNDED.exec(line) ?? [];
  const points = (curves ?? "").split(" ").map((c) => c.split(",").map(Number));
  const last = points.at(-1);
  const closed = last?.[0] === Number(x) && last[1] === Number(y);
  if (look === undefined || points.length !== 24 || !closed) return line;
  const right = Math.max(...points.map((p) => p[0] as number));
  return rectangle(look, points as [number, number][], right - Number(x));
}

function rectangle(look: string, points: [number, number][], radius: number): string {
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const at = `x="${x}" y="${y}" width="${num(Math.max(...xs) - x)}"`;
  const round = radius > 0 ? ` rx="${num(radius)}"` : "";
  return `<rect ${look} ${at} height="${num(Math.max(...ys) - y)}"${round}/>`;
}

function num(value: number): string {
  return String(Math.round(value * 100) / 100);
}
