/**
 * From the cells of a layout to bit fields in 32-bit words.
 *
 * Every cell gets the bits that its bounds need; the cells of one array lie side by side with a
 * constant stride, so that an index known only at run time is a shift and not a table. Words are
 * filled first-fit, widest piece first.
 */
import {
  type ActorDecl,
  allStmts,
  type Cells,
  DONE,
  type Layout,
  type Stmt,
} from "../../model/ir/index.ts";
import { type Window, writtenWindows } from "./written.ts";

/** The model is legal but cannot be laid out in words. */
export class PackError extends Error {}

/**
 * Where one slot of the layout is: `width` bits of word `word` from bit `shift`, counting from
 * `lo`.
 */
export interface Field {
  word: number;
  shift: number;
  width: number;
  lo: number;
}

/** A run of cells of one array in one word, `stride` bits apart. */
export interface Chunk {
  /** Number of its first cell within the array, and how many there are. */
  first: number;
  count: number;
  word: number;
  shift: number;
}

/** All cells of one variable (or one pc). Cells in no chunk have the value `outside` for ever. */
export interface Place {
  /** Slot of the first cell. */
  slot: number;
  count: number;
  width: number;
  lo: number;
  hi: number;
  outside: number;
  chunks: Chunk[];
}

export interface Packing {
  layout: Layout;
  words: number;
  /** Bits used of all words. */
  bits: number;
  /** One per slot of the layout. */
  fields: Field[];
  shared: ReadonlyMap<string, Place>;
  /** By process number minus one. */
  processes: { pc: Place; locals: ReadonlyMap<string, Place> }[];
}

/** More words than this per state are refused. */
const MAX_WORDS = 64;

/**
 * Computes the packing of a layout; throws {@link PackError} when a range or the state is too
 * wide.
 */
export function packingOf(layout: Layout): Packing {
  const places: Place[] = [];
  const windows = new Map<Place, Window>();
  const placeOf = (cells: Cells, slot: number): Place => {
    const place = newPlace(slot, cells.count, cells.lo, cells.hi, cells.decl.name);
    places.push(place);
    return place;
  };
  const shared = new Map<string, Place>();
  for (const [name, window] of writtenWindows(layout)) {
    const cells = layout.shared.get(name) as Cells;
    const place = placeOf(cells, cells.offset);
    place.outside = window.outside;
    windows.set(place, window);
    shared.set(name, place);
  }
  const processes = layout.processes.map((process) => {
    const last = process.actor.steps.length - (canFinish(process.actor) ? 0 : 1);
    const pc = newPlace(process.pc, 1, 0, Math.max(0, last), `${process.name}.pc`);
    places.push(pc);
    const locals = new Map<string, Place>();
    for (const [name, cells] of layout.locals[process.actorIndex] ?? []) {
      locals.set(name, placeOf(cells, process.pc + 1 + cells.offset));
    }
    return { pc, locals };
  });
  const { words, bits } = assignWords(places, windows);
  return { layout, words, bits, fields: fieldsOf(layout, places), shared, processes };
}

function newPlace(slot: number, count: number, lo: number, hi: number, name: string): Place {
  const width = bitsFor(hi - lo);
  if (width > 32) {
    throw new PackError(`${name}: the range ${lo}..${hi} has more than 2^32 values`);
  }
  return { slot, count, width, lo, hi, outside: lo, chunks: [] };
}

/** Bits needed for the values 0..most. */
export function bitsFor(most: number): number {
  let bits = 0;
  while (2 ** bits <= most) bits++;
  return bits;
}

interface Piece {
  place: Place;
  first: number;
  count: number;
  bits: number;
}

function assignWords(
  places: Place[],
  windows: ReadonlyMap<Place, Window>,
): { words: number; bits: number } {
  const pieces: Piece[] = places.flatMap((p) => piecesOf(p, windows.get(p)));
  pieces.sort((a, b) => b.bits - a.bits);
  const used: number[] = [];
  for (const { place, first, count, bits } of pieces) {
    let word = used.findIndex((u) => u + bits <= 32);
    if (word < 0) word = used.push(0) - 1;
    place.chunks.push({ first, count, word, shift: used[word] as number });
    used[word] = (used[word] as number) + bits;
  }
  for (const place of places) place.chunks.sort((a, b) => a.first - b.first);
  if (used.length > MAX_WORDS) {
    throw new PackError(
      `a state needs ${used.length} words of 32 bits, the limit is ${MAX_WORDS}; ` +
        "narrow the ranges or use fewer instances",
    );
  }
  const bits = used.reduce((sum, u) => sum + u, 0);
  return { words: Math.max(1, used.length), bits };
}

/** An array that does not fit in one word is cut into equal runs of whole cells. */
function piecesOf(place: Place, window: Window | undefined): Piece[] {
  if (place.width === 0) return [];
  const perWord = Math.floor(32 / place.width);
  const pieces: Piece[] = [];
  const begin = window?.first ?? 0;
  const end = begin + (window?.count ?? place.count);
  for (let first = begin; first < end; first += perWord) {
    const count = Math.min(perWord, end - first);
    pieces.push({ place, first, count, bits: count * place.width });
  }
  return pieces;
}

function fieldsOf(layout: Layout, places: Place[]): Field[] {
  const fields: Field[] = layout.slots.map((s) => ({ word: 0, shift: 0, width: 0, lo: s.lo }));
  for (const place of places) {
    for (let cell = 0; cell < place.count; cell++) {
      const fixed: Field = { word: 0, shift: 0, width: 0, lo: place.outside };
      fields[place.slot + cell] = fixed;
    }
    for (const chunk of place.chunks) {
      for (let i = 0; i < chunk.count; i++) {
        fields[place.slot + chunk.first + i] = {
          word: chunk.word,
          shift: chunk.shift + i * place.width,
          width: place.width,
          lo: place.lo,
        };
      }
    }
  }
  return fields;
}

/** Can a process of this actor come to `done`? (If not, its pc needs no value for it.) */
export function canFinish(actor: ActorDecl): boolean {
  const last = actor.steps.at(-1);
  if (!last || fallsThrough(last.body)) return true;
  return actor.steps.some((step) => jumpsTo(step.body, DONE));
}

function fallsThrough(body: Stmt[]): boolean {
  return body.every(passes);
}

/** May what comes after this statement be reached? */
function passes(stmt: Stmt): boolean {
  switch (stmt.kind) {
    case "goto":
      return false;
    case "when":
      return fallsThrough(stmt.then) || fallsThrough(stmt.else);
    case "either":
      return stmt.branches.some((b) => fallsThrough(b.body));
    case "each":
    case "choose":
    case "wait":
    case "assert":
    case "lock":
    case "set":
      return true;
  }
}

function jumpsTo(body: Stmt[], label: string): boolean {
  return allStmts(body).some((stmt) => stmt.kind === "goto" && stmt.label === label);
}

/** Writes a state (one integer per slot) into words from `at`. */
export function packState(
  packing: Packing,
  state: ArrayLike<number>,
  words: Int32Array,
  at: number,
): void {
  words.fill(0, at, at + packing.words);
  packing.fields.forEach((f, slot) => {
    const value = (state[slot] as number) - f.lo;
    if (f.width > 0) words[at + f.word] = (words[at + f.word] as number) | (value << f.shift);
  });
}

/** The inverse of {@link packState}. */
export function unpackState(packing: Packing, words: Int32Array, at: number): number[] {
  return packing.fields.map((f) => {
    if (f.width === 0) return f.lo;
    const mask = f.width === 32 ? 0xffffffff : 2 ** f.width - 1;
    return ((((words[at + f.word] as number) >>> f.shift) & mask) >>> 0) + f.lo;
  });
}
