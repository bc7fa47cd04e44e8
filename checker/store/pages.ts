/**
 * Numbered entries of a few words each, in as many typed arrays as it takes: they grow without
 * copies, and beyond what one typed array can hold. Entry 0 is not used.
 */
export interface Pages {
  /** Words of an entry. */
  width: number;
  /** Entries of a page, as a power of two. */
  bits: number;
  pages: Int32Array[];
  /** Of all pages that are not given back. */
  bytes: number;
}

/** Where arrays end; smaller only in tests. */
export interface PageSizes {
  /** Entries and slots of one page, as powers of two. */
  entryBits: number;
  slotBits: number;
  /** Elements of one typed array (Node 20 has fewer than 2^32), and slots that they index. */
  mostWords: number;
  mostSlotBits: number;
}

export const PAGE_SIZES: PageSizes = {
  entryBits: 14,
  slotBits: 20,
  mostWords: 2 ** 32 - 1,
  mostSlotBits: 31,
};

export function newPages(width: number, bits: number): Pages {
  return { width, bits, pages: [], bytes: 0 };
}

/** Makes room for the entries before `most`; false when it takes more than `spare` bytes. */
export function reserveEntries(p: Pages, most: number, spare: number): boolean {
  const size = p.width * 2 ** p.bits;
  const missing = Math.ceil(most / 2 ** p.bits) - p.pages.length;
  if (missing > 0 && 4 * missing * size > spare) return false;
  for (let k = 0; k < missing; k++) {
    const page = tryWords(size);
    if (!page) return false;
    addPage(p, page);
  }
  return true;
}

export function addPage(p: Pages, page: Int32Array): void {
  p.pages.push(page);
  p.bytes += page.byteLength;
}

export function pageOf(p: Pages, entry: number): Int32Array {
  return p.pages[entry >>> p.bits] as Int32Array;
}

/** Where the entry begins in its page. */
export function placeIn(p: Pages, entry: number): number {
  return (entry & (2 ** p.bits - 1)) * p.width;
}

export function copyEntry(p: Pages, entry: number, into: Int32Array, to: number): void {
  const page = pageOf(p, entry);
  const at = placeIn(p, entry);
  for (let i = 0; i < p.width; i++) into[to + i] = page[at + i] as number;
}

export function writeEntry(p: Pages, entry: number, words: Int32Array, from: number): void {
  const page = pageOf(p, entry);
  const at = placeIn(p, entry);
  for (let i = 0; i < p.width; i++) page[at + i] = words[from + i] as number;
}

/** Gives back the pages that have only entries before this one. */
export function dropBefore(p: Pages, entry: number): void {
  for (let k = (entry >>> p.bits) - 1; k >= 0 && p.pages[k]?.length !== 0; k--) {
    p.bytes -= pageOf(p, k * 2 ** p.bits).byteLength;
    p.pages[k] = new Int32Array(0);
  }
}

export function tryWords(length: number): Int32Array | undefined {
  try {
    return new Int32Array(length);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export function sameWords(a: Int32Array, i: number, b: Int32Array, j: number, n: number): boolean {
  for (let k = 0; k < n; k++) if (a[i + k] !== b[j + k]) return false;
  return true;
}
