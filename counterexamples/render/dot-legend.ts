/** The bars of held locks, the arrows, and the legend that explains those that appear. */
import { match } from "ts-pattern";
import type { Flow, Trace } from "../../model/ir/trace.ts";
import { type Attributes, arrow, type Box, node, SMALL } from "./dot-draw.ts";
import { BAR, type Bar, type Layout } from "./dot-layout.ts";
import { COLOR, LOCK_COLORS } from "./dot-style.ts";
import { ascii, shorten } from "./text.ts";

/** How a lock is recognized: a letter for the instance, a colour for the class. */
export interface LockTag {
  letter: string;
  color: string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** By name of the lock; past the last letter they are all `+`, and the box beside them tells. */
export function lockTags(bars: Bar[]): Map<string, LockTag> {
  const tags = new Map<string, LockTag>();
  const classes: string[] = [];
  for (const bar of [...bars].sort((a, b) => a.top - b.top)) {
    if (bar.name === "" || tags.has(bar.name)) continue;
    if (!classes.includes(bar.class)) classes.push(bar.class);
    const color = LOCK_COLORS[classes.indexOf(bar.class) % LOCK_COLORS.length] as string;
    tags.set(bar.name, { letter: LETTERS[tags.size] ?? "+", color });
  }
  return tags;
}

type BarLook = Pick<Bar, "name" | "mode" | "waiting">;

/** Solid: exclusive; hollow: shared; dashed: waiting. The letter says which lock. */
export function barNode(bar: Bar, index: number, tags: Map<string, LockTag>): string {
  const height = Math.max(SMALL.line + 1, bar.bottom - bar.top);
  const box = { x: bar.x, y: (bar.top + bar.bottom) / 2, width: BAR.width, height };
  return node(`hold_${index}`, box, { ...barStyle(bar, tags), labelloc: "t" });
}

function barStyle(bar: BarLook, tags: Map<string, LockTag>): Attributes {
  const tag = tags.get(bar.name);
  const color = tag?.color ?? COLOR.rule;
  const text = { label: tag?.letter ?? "", fontsize: SMALL.size, fontcolor: COLOR.ink };
  const { bad, row, holdLine } = COLOR;
  if (bar.waiting) {
    return { ...text, style: "filled,dashed", fillcolor: row, color: bad, penwidth: 1.2 };
  }
  if (bar.mode === "shared") {
    return { ...text, style: "filled", fillcolor: row, color, penwidth: 2.4 };
  }
  return { ...text, style: "filled", fillcolor: color, color: holdLine, penwidth: 0.6 };
}

export function arrowStyle(kind: Flow["kind"]): Attributes {
  const look = { penwidth: 1.5, arrowsize: 0.75 };
  return match(kind)
    .returnType<Attributes>()
    .with("value", () => ({ ...look, color: COLOR.value, style: "dashed" }))
    .with("check", () => ({ ...look, color: COLOR.check }))
    .exhaustive();
}

interface Entry {
  /** Width of the sign. */
  sign: number;
  text: string;
  draw(id: string, x: number, y: number): string[];
}

/** Entries from left to right, on as many lines as the picture's width asks for. */
export function legend(
  trace: Trace,
  layout: Layout,
  tags: Map<string, LockTag>,
  top: number,
): string[] {
  const out: string[] = [];
  let x = 12;
  let y = top;
  for (const [i, entry] of entries(trace, layout, tags).entries()) {
    const text = entry.text.length * SMALL.char + 6;
    if (x + entry.sign + text + 6 > layout.width && x > 12) {
      x = 12;
      y += 18;
    }
    out.push(...entry.draw(`legend_${i}`, x, y));
    const box = { x: x + entry.sign + 4 + text / 2, y, width: text, height: 13 };
    const look = { label: entry.text, fontsize: SMALL.size, fontcolor: COLOR.ink };
    out.push(node(`legend_${i}_text`, box, look));
    x += entry.sign + text + 22;
  }
  return out;
}

function entries(trace: Trace, layout: Layout, tags: Map<string, LockTag>): Entry[] {
  const { bars } = layout;
  const swatch = (look: BarLook, text: string): Entry => ({
    sign: BAR.width,
    text,
    draw: (id, x, y) => {
      const box: Box = { x: x + BAR.width / 2, y, width: BAR.width, height: 13 };
      return [node(id, box, barStyle(look, tags))];
    },
  });
  const out: Entry[] = [];
  for (const name of tags.keys()) {
    const modes = bars.filter((b) => b.name === name && !b.waiting).map((b) => b.mode);
    const mode = modes.includes("exclusive") ? "exclusive" : "shared";
    out.push(swatch({ name, mode, waiting: modes.length === 0 }, shorten(ascii(name), 30)));
  }
  const blank = (mode: Bar["mode"], waiting: boolean): BarLook => ({ name: "", mode, waiting });
  if (bars.some((b) => !b.waiting && b.mode === "exclusive")) {
    out.push(swatch(blank("exclusive", false), "held exclusively"));
  }
  if (bars.some((b) => !b.waiting && b.mode === "shared")) {
    out.push(swatch(blank("shared", false), "held shared"));
  }
  if (bars.some((b) => b.waiting)) out.push(swatch(blank("exclusive", true), "waiting"));
  const kinds = new Set(layout.flows.map((f) => f.flow.kind));
  if (kinds.has("value")) out.push(line("value carried to a later step", arrowStyle("value")));
  if (kinds.has("check")) out.push(line("check that no longer holds", arrowStyle("check")));
  if (trace.steps.some((s) => s.changes.some((c) => c.watched))) {
    const deadlock = trace.violation?.kind === "deadlock";
    const text = deadlock ? "* what is waited for" : "* read by the property";
    out.push({ sign: 0, text, draw: () => [] });
  }
  return out;
}

function line(text: string, look: Attributes): Entry {
  const length = 28;
  return {
    sign: length,
    text,
    draw: (id, x, y) => {
      const end = (n: string, at: number): string =>
        node(`${id}_${n}`, { x: at, y, width: 1, height: 1 }, { style: "invis" });
      const path = [
        { x, y },
        { x: x + length, y },
      ];
      const tip = arrow(`${id}_a`, `${id}_b`, path, look);
      return [end("a", x), end("b", x + length), tip];
    },
  };
}
