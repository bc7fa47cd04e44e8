/**
 * The right column of the swim lanes: what a step changed. A lock that is taken or dropped is named
 * instead of the cells that it consists of; of folded steps, what is left of their changes.
 */
import type { Change, LockUse, TraceStep } from "../../model/ir/trace.ts";
import { FONT, type Line, lineWidth } from "./dot-draw.ts";
import { COLOR } from "./dot-style.ts";
import { ascii, shorten } from "./text.ts";

const MOST_CHANGES = 6;
const MOST_NET_CHANGES = 4;
const CHARS = 54;

/** The changes of a step, watched ones first; `*` marks those also without colour. */
export function changeLines(step: TraceStep): Line[] {
  const uses = step.locks.filter((use) => use.op !== "wait");
  const locks = uses.map((use) => lockLine(use, step.changes));
  const others = step.changes.filter((c) => !uses.some((use) => isCellOf(use, c)));
  return cut([...byWeight(others, changeLine), ...locks], MOST_CHANGES);
}

/** Shared cells only: from their value before the steps to the one after them. */
export function netChangeLines(steps: TraceStep[]): Line[] {
  const uses = steps.flatMap((s) => s.locks.filter((use) => use.op !== "wait"));
  const kept = uses.filter((use, i) => !isUndone(uses, use, i));
  const net = new Map<string, Change>();
  for (const change of steps.flatMap((s) => s.changes)) {
    if (change.pid !== undefined || uses.some((use) => isCellOf(use, change))) continue;
    const before = net.get(change.name);
    net.set(change.name, before ? { ...change, from: before.from } : change);
  }
  const changes = [...net.values()].filter((c) => c.from !== c.to);
  const locks = kept.map((use) => lockLine(use, []));
  const lines = cut([...byWeight(changes, changeLine), ...locks], MOST_NET_CHANGES);
  return lines.map((line) => (line.background ? line : { ...line, small: true }));
}

export function changesWidth(lines: Line[]): number {
  return Math.max(0, ...lines.map(lineWidth)) + FONT.char * 2;
}

/** Taken and dropped again within the same steps. */
function isUndone(uses: LockUse[], use: LockUse, at: number): boolean {
  const ends = use.op === "release";
  const others = ends ? uses.slice(0, at) : uses.slice(at + 1);
  return others.some((o) => o.name === use.name && (o.op === "release") !== ends);
}

function byWeight(changes: Change[], line: (change: Change) => Line): Line[] {
  return [...changes.filter((c) => c.watched), ...changes.filter((c) => !c.watched)].map(line);
}

function cut(lines: Line[], most: number): Line[] {
  if (lines.length <= most) return lines;
  const more = `and ${lines.length - most + 1} more`;
  return [...lines.slice(0, most - 1), { parts: [{ text: more }], color: COLOR.faint }];
}

/** The cells of lock `folio.lock[sys0]` are `folio[sys0].lock.owner` and the like. */
function isCellOf(use: LockUse, change: Change): boolean {
  const bare = (name: string): string => name.replace(/\[[^\]]*\]/g, "");
  return bare(change.name).startsWith(`${bare(use.class)}.`);
}

const VERB = { acquire: "takes", trylock: "takes", release: "drops", downgrade: "downgrades" };

function lockLine(use: LockUse, changes: Change[]): Line {
  const verb = use.op === "wait" ? "waits for" : VERB[use.op];
  const shared = use.mode === "shared" && verb === "takes" ? ", shared" : "";
  const watched = changes.some((c) => c.watched && isCellOf(use, c));
  const text = `${verb} ${shorten(ascii(use.name), CHARS - 20)}${shared}`;
  if (!watched) return { parts: [{ text }], color: COLOR.faint };
  return { parts: [{ text: `* ${text}` }], color: COLOR.watched, background: COLOR.watchedBack };
}

function changeLine(change: Change): Line {
  const from = shorten(ascii(change.from), 14);
  const to = shorten(ascii(change.to), 16);
  const room = CHARS - from.length - to.length - 8;
  const name = shorten(ascii(change.name), Math.max(12, room));
  const parts = [{ text: `${change.watched ? "* " : ""}${name}: ${from} -> ` }];
  const bold = [...parts, { text: to, bold: true }];
  if (!change.watched) return { parts: bold, color: COLOR.change };
  return { parts: bold, color: COLOR.watched, background: COLOR.watchedBack };
}
