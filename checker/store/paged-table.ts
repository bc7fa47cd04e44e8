/**
 * A set of keys of a few words, numbered from 1 in the order in which they came; an open-addressing
 * index with linear probing over pages. There may be up to 2^32 - 1 keys and more slots than that.
 *
 * A slot is a number in its low bits and, above, the top bits of the hash, as long as there are
 * some left. Positions come from the hash of the key; which page it is, from a second one.
 */
import { LAST_LOAD, MAX_LOAD } from "./arena.ts";
import {
  addPage,
  newPages,
  type PageSizes,
  type Pages,
  pageOf,
  placeIn,
  reserveEntries,
  sameWords,
  tryWords,
  writeEntry,
} from "./pages.ts";
import { hashWords } from "./table.ts";

export interface PagedTable {
  keys: Pages;
  slots: Int32Array[];
  /** All slots, and those of one page, as powers of two. */
  slotBits: number;
  pageBits: number;
  /** The number that the next key gets. */
  next: number;
  /** Where {@link find} ended. */
  freePage: number;
  freeOffset: number;
}

const FIRST_SLOT_BITS = 12;
/** The index grows fourfold up to here. */
const EAGER_SLOT_BITS = 18;
const MOST_NUMBERS = 2 ** 32 - 1;

export function newTable(width: number, { entryBits, slotBits }: PageSizes): PagedTable {
  const table: PagedTable = {
    keys: newPages(width, entryBits),
    slots: [],
    slotBits: 0,
    pageBits: slotBits,
    next: 1,
    freePage: 0,
    freeOffset: 0,
  };
  setSlotBits(table, Math.min(slotBits, FIRST_SLOT_BITS));
  return table;
}

export function tableBytes(t: PagedTable): number {
  return t.keys.bytes + 4 * 2 ** t.slotBits;
}

/** A table of the keys 1 to `next - 1` of an array, whose memory it takes over. */
export function adopt(
  array: Int32Array,
  next: number,
  width: number,
  sizes: PageSizes,
  budget: number,
): PagedTable | undefined {
  const table = newTable(width, sizes);
  const size = width * 2 ** sizes.entryBits;
  for (let at = 0; at < next * width; at += size) {
    const page = at + size <= array.length ? array.subarray(at, at + size) : tryWords(size);
    if (!page) return undefined;
    if (at + size > array.length) page.set(array.subarray(at));
    addPage(table.keys, page);
  }
  table.next = next;
  let bits = table.slotBits;
  while (next > MAX_LOAD * 2 ** bits) bits++;
  return enlarge(table, bits, budget - tableBytes(table)) ? table : undefined;
}

/** Makes room for `more` keys; false when there are no `spare` bytes for it, or none at all. */
export function reserveKeys(t: PagedTable, more: number, spare: () => number): boolean {
  const most = t.next + more;
  if (most > MOST_NUMBERS) return false;
  while (most > MAX_LOAD * 2 ** t.slotBits) {
    const eager = t.slotBits < EAGER_SLOT_BITS ? 2 : 1;
    if (enlarge(t, t.slotBits + eager, spare()) || enlarge(t, t.slotBits + 1, spare())) continue;
    if (most > LAST_LOAD * 2 ** t.slotBits) return false;
    break;
  }
  return reserveEntries(t.keys, most, spare());
}

function enlarge(t: PagedTable, bits: number, spare: number): boolean {
  if (4 * (2 ** bits - 2 ** t.slotBits) > spare || !setSlotBits(t, bits)) return false;
  for (let n = 1; n < t.next; n++) placeKey(t, n);
  return true;
}

/** The old index is given up before: it can be computed. */
function setSlotBits(t: PagedTable, bits: number): boolean {
  const before = t.slotBits;
  const size = 2 ** Math.min(bits, t.pageBits);
  const pages = 2 ** bits / size;
  if (t.slots[0]?.length !== size) t.slots.length = 0;
  t.slotBits = bits;
  while (t.slots.length < pages) {
    const page = tryWords(size);
    if (!page) {
      t.slotBits = before;
      t.slots.length = Math.min(t.slots.length, 2 ** Math.max(0, before - t.pageBits));
      return false;
    }
    t.slots.push(page);
  }
  for (const page of t.slots) page.fill(0);
  return true;
}

/** The number of the key at `words[at..]`: its own, or `t.next`, which it has from now on. */
export function numberOf(t: PagedTable, words: Int32Array, at: number): number {
  const found = find(t, words, at);
  if (found > 0) return found;
  const n = t.next++;
  const h = hashWords(words, at, t.keys.width);
  (t.slots[t.freePage] as Int32Array)[t.freeOffset] = (h & ~numberMask(t)) | n;
  writeEntry(t.keys, n, words, at);
  return n;
}

/** The number of a key, or 0; then `freePage` and `freeOffset` say where it belongs. */
export function find(t: PagedTable, words: Int32Array, at: number): number {
  const { keys, slots } = t;
  const { width } = keys;
  const h = hashWords(words, at, width);
  const mask = numberMask(t);
  const last = 2 ** Math.min(t.slotBits, t.pageBits) - 1;
  let page = slots.length === 1 ? 0 : secondHash(words, at, width) & (slots.length - 1);
  let off = h & last;
  for (;;) {
    const e = (slots[page] as Int32Array)[off] as number;
    if (e === 0) break;
    if (((e ^ h) & ~mask) === 0) {
      const n = (e & mask) >>> 0;
      if (sameWords(pageOf(keys, n), placeIn(keys, n), words, at, width)) return n;
    }
    if (++off > last) {
      off = 0;
      page = (page + 1) & (slots.length - 1);
    }
  }
  t.freePage = page;
  t.freeOffset = off;
  return 0;
}

/** Keeps the keys for which `keep` is true, in their order, and numbers them anew. */
export function retain(t: PagedTable, keep: (n: number) => boolean): void {
  let next = 1;
  for (let n = 1; n < t.next; n++) {
    if (!keep(n)) continue;
    if (next < n) writeEntry(t.keys, next, pageOf(t.keys, n), placeIn(t.keys, n));
    next++;
  }
  t.next = next;
  for (const page of t.slots) page.fill(0);
  for (let n = 1; n < next; n++) placeKey(t, n);
}

/** Puts a stored key, known to be in no slot, in one. */
function placeKey(t: PagedTable, n: number): void {
  const { keys, slots } = t;
  const words = pageOf(keys, n);
  const at = placeIn(keys, n);
  const h = hashWords(words, at, keys.width);
  const last = 2 ** Math.min(t.slotBits, t.pageBits) - 1;
  let page = slots.length === 1 ? 0 : secondHash(words, at, keys.width) & (slots.length - 1);
  let off = h & last;
  while ((slots[page] as Int32Array)[off] !== 0) {
    if (++off > last) {
      off = 0;
      page = (page + 1) & (slots.length - 1);
    }
  }
  const mask = numberMask(t);
  (slots[page] as Int32Array)[off] = (h & ~mask) | n;
}

function numberMask({ slotBits }: PagedTable): number {
  return slotBits >= 32 ? -1 : 2 ** slotBits - 1;
}

/** Independent of the first one. */
function secondHash(words: Int32Array, at: number, width: number): number {
  let h = 0x9e3779b9;
  for (let i = 0; i < width; i++) {
    h = Math.imul(h ^ (words[at + i] as number), 0x85ebca6b);
    h ^= h >>> 13;
  }
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
