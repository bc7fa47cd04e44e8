/**
 * The same hash table twice: as text for the generated engine (one variable per word), and as
 * plain functions for the interpreted one.
 *
 * Open addressing. A slot is a state number in its low bits and, in the bits above, the top bits
 * of the hash: a slot that is not the state's own is passed without looking at the state. A slot
 * of zeros is empty, as there is no state 0.
 *
 * The slots come in lines of sixteen, which is a line of the cache. The low bits of the hash tell
 * the line, all but the lowest four, and its top four the slot to begin with; from there on all
 * slots of the line are tried, then those of the next one. So what a state is entered by is
 * what its slot and its line tell, unless an earlier line was full: an index of twice the size is
 * filled from this one, line by line, without another look at the states (see {@link widenText}).
 */

/** Words that hold the states, and the hash index over them. State 0 does not exist. */
export interface Tables {
  states: Int32Array;
  index: Int32Array;
  /** Two to this power slots are in use. */
  slotBits: number;
}

/** Text that leaves the hash of the words `w(0), w(1), ...` in `h`. */
export function hashText(words: number, w: (i: number) => string): string {
  let text = `h = Math.imul(${w(0)} ^ (${w(0)} >>> 16), 0x7feb352d);`;
  for (let i = 1; i < words; i++) {
    text += ` h = Math.imul(h ^ (h >>> 15) ^ ${w(i)}, 0x846ca68b);`;
  }
  return `${text} h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d); h ^= h >>> 13;`;
}

/** The value that {@link hashText} computes. */
export function hashWords(array: Int32Array, at: number, words: number): number {
  const first = array[at] as number;
  let h = Math.imul(first ^ (first >>> 16), 0x7feb352d);
  for (let i = 1; i < words; i++) {
    h = Math.imul(h ^ (h >>> 15) ^ (array[at + i] as number), 0x846ca68b);
  }
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

/** Slots in a line: as a power of two, and as they are. */
const LINE_BITS = 4;
export const LINE = 2 ** LINE_BITS;

/** Lines of an index with two to this power slots. */
export function linesOf(slotBits: number): number {
  return 2 ** (slotBits - LINE_BITS);
}

/** Entries of the filter of recently seen states, as a power of two. */
export const RECENT_BITS = 13;

/**
 * Text of `bind(states, index, bits)`, `settle(count, most)`, `place(first, count)`,
 * `unspilled(line, bits)` and `widen(bits, first, last)`; the arrays it works on have the names of
 * `compile/memory.ts`.
 */
export function storeText(words: number, shared: boolean): string {
  return `"use strict";
let S = null, T = null, slotMask = 0, slotBits = 0;
const E = new Int32Array(H.length);
function bind(states, index, bits) {
  S = states; T = index; slotBits = bits; slotMask = 2 ** bits - 1;
}
${settleText(words, shared)}
${placeText(words)}
${widenText(words)}
return { bind, settle, place, unspilled, widen };
`;
}

/** Slot where the search for the hash `h` begins; `mask` is that of the slots. */
const HOME = `(h & mask & ${-LINE}) | (h >>> ${32 - LINE_BITS})`;

/** Goes on to the next slot; `home` is the first one that was tried of this line. */
const NEXT = `at = (at & ${-LINE}) | ((at + 1) & ${LINE - 1});
      if (at === home) at = home = (at + ${LINE}) & mask;`;

function list(words: number, f: (i: number) => string, join: string): string {
  return Array.from({ length: words }, (_, i) => f(i)).join(join);
}

/**
 * Text of `sift(filled)`, which hashes all successors and leaves those that may be new.
 *
 * Most duplicates are of states seen a moment ago: two steps in either order. A small
 * direct-mapped filter `K` of whole states, which stays in the fastest cache, drops them,
 * before `canon` is asked for their representatives.
 */
export function siftText(words: number, symmetric: boolean): string {
  const load = list(words, (i) => `const c${i} = C[c + ${i}];`, " ");
  const hash = hashText(words, (i) => `c${i}`);
  const canonical = `for (let k = 0; k < m; k++) {
    const c = P[k];
    canon(c);
    ${load}
    ${hash}
    H[k] = h;
  }`;
  return `
function sift(filled) {
  let h = 0, m = 0;
  for (let c = 0; c < filled; c += ${words}) {
    ${load}
    ${hash}
    const r = (h >>> ${32 - RECENT_BITS}) * ${words};
    const d = ${list(words, (i) => `(K[r + ${i}] ^ c${i})`, " | ")};
    ${list(words, (i) => `K[r + ${i}] = c${i};`, " ")}
    H[m] = h;
    P[m] = c;
    m += (d | -d) >>> 31;
  }
  ${symmetric ? canonical : ""}
  return m;
}
`;
}

/**
 * Memory is the limit here, so the loops first touch what they will need for the whole batch,
 * without branches that wait for it, and then do the work.
 */
function settleText(words: number, shared: boolean): string {
  return `
function settle(count, m) {
  const mask = slotMask, bits = slotBits;
  let h = 0, touched = 0;
  for (let k = 0; k < m; k++) { h = H[k]; E[k] = T[${HOME}]; }
  for (let k = 0; k < m; k++) {
    const e = E[k];
    touched ^= S[(e & mask & ((((e ^ H[k]) >>> bits) - 1) >> 31)) * ${words}];
  }
  R[3] = touched;
  for (let k = 0; k < m; k++) {
    const c = P[k];
    ${list(words, (i) => `const c${i} = C[c + ${i}];`, " ")}
    h = H[k];
    let at = ${HOME}, home = at;
    ${shared ? sharedProbeText(words) : probeText(words)}
  }
  return count;
}
`;
}

/**
 * Looks for the state of `c0, c1, ...` from slot `at`, its home, on; stores a new one as `count`.
 */
function probeText(words: number): string {
  return `for (;;) {
      const e = T[at];
      if (e === 0) {
        T[at] = ((h >>> bits) << bits) | count;
        const s = count * ${words};
        ${list(words, (i) => `S[s + ${i}] = c${i};`, " ")}
        count++;
        break;
      }
      if (((e ^ h) >>> bits) === 0) {
        const s = (e & mask) * ${words};
        if (${list(words, (i) => `S[s + ${i}] === c${i}`, " && ")}) break;
      }
      ${NEXT}
    }`;
}

/**
 * The same with other threads at work. The words are written before the slot is claimed. A slot
 * that was read without a fence may be ahead of its words: before a state is taken for another
 * one, it is read again behind a fence.
 */
function sharedProbeText(words: number): string {
  const same = list(words, (i) => `S[s + ${i}] === c${i}`, " && ");
  return `for (;;) {
      let e = T[at];
      if (e === 0) {
        const s = count * ${words};
        ${list(words, (i) => `S[s + ${i}] = c${i};`, " ")}
        e = Atomics.compareExchange(T, at, 0, ((h >>> bits) << bits) | count);
        if (e === 0) { count++; break; }
      }
      if (((e ^ h) >>> bits) === 0) {
        const s = (e & mask) * ${words};
        if (${same}) break;
        Atomics.load(T, at);
        if (${same}) break;
      }
      ${NEXT}
    }`;
}

/** Only one thread enters states. */
function placeText(words: number): string {
  return `
function place(first, count) {
  const mask = slotMask, bits = slotBits;
  for (let from = first; from < count; from += 1024) {
    const n = from + 1024 < count ? 1024 : count - from;
    let h = 0, touched = 0;
    for (let k = 0, s = from * ${words}; k < n; k++, s += ${words}) {
      ${list(words, (i) => `const c${i} = S[s + ${i}];`, " ")}
      ${hashText(words, (i) => `c${i}`)}
      H[k] = h;
      touched ^= T[${HOME}];
    }
    R[3] = touched;
    for (let k = 0; k < n; k++) {
      h = H[k];
      let at = ${HOME}, home = at;
      while (T[at] !== 0) { ${NEXT} }
      T[at] = ((h >>> bits) << bits) | (from + k);
    }
  }
}
`;
}

/**
 * The index had `2 ** bits` slots, which are the first ones of those that it has now; the others
 * are empty. Its lines are spread in turn: what is in a line goes to the line itself and to
 * those that are new, as far behind it as the old index was long or a multiple of that. A state
 * that was put into the line because the one before was full finds its place by its words.
 *
 * What is in one line needs no more than one line at each of these places, so nothing comes in the
 * way of lines that are not spread yet. Where the line before was not full, nothing of other
 * lines is met at all: there, several threads can begin (`unspilled`: the first such line from
 * this one on, counted on beyond the last line).
 */
function widenText(words: number): string {
  return `
const B = new Int32Array(${LINE + 1});
function unspilled(line, bits) {
  const last = 2 ** (bits - ${LINE_BITS}) - 1;
  for (;; line++) {
    const s = ((line - 1) & last) * ${LINE};
    for (let k = 0; k < ${LINE}; k++) if (T[s + k] === 0) return line;
  }
}
function widen(bits, first, end) {
  const mask = slotMask, now = slotBits, numbers = 2 ** bits - 1;
  const last = 2 ** (bits - ${LINE_BITS}) - 1, places = 2 ** (now - bits);
  const taken = new Int32Array(places);
  let full = false;
  for (let line = first; line < end; line++) {
    const s = (line & last) * ${LINE};
    let m = 0;
    for (let k = 0; k < ${LINE}; k++) {
      const e = T[s + k];
      T[s + k] = 0;
      B[m] = e;
      m += (e | -e) >>> 31;
    }
    if (full) respread(m, s, numbers);
    else {
      for (let k = 0; k < places; k++) taken[k] = 0;
      for (let k = 0; k < m; k++) {
        const e = B[k], h = (e & ~numbers) | s, home = h >>> ${32 - LINE_BITS};
        const to = h & mask & ${-LINE}, place = to >>> bits;
        const free = ~taken[place] & ${2 ** LINE - 1};
        const ahead = (free | free << ${LINE}) >>> home;
        const at = (home + 31 - Math.clz32(ahead & -ahead)) & ${LINE - 1};
        taken[place] |= 1 << at;
        T[to | at] = ((h >>> now) << now) | (e & numbers);
      }
    }
    full = m === ${LINE};
  }
}
function respread(m, s, numbers) {
  const mask = slotMask, now = slotBits;
  let h = 0;
  for (let k = 0; k < m; k++) {
    const n = B[k] & numbers, w = n * ${words};
    ${hashText(words, (i) => `S[w + ${i}]`)}
    let at = ${HOME}, home = at;
    while (T[at] !== 0) { ${NEXT} }
    T[at] = ((h >>> now) << now) | n;
  }
}
`;
}

/** Stores the new ones among the `filled` words of successors; returns the new count. */
export function insertAll(
  tables: Tables,
  words: number,
  successors: Int32Array,
  filled: number,
  count: number,
): number {
  const { states, index, slotBits } = tables;
  const mask = 2 ** slotBits - 1;
  let next = count;
  for (let c = 0; c < filled; c += words) {
    const h = hashWords(successors, c, words);
    const at = findSlot(tables, words, successors, c, h);
    if (index[at] !== 0) continue;
    index[at] = (h & ~mask) | next;
    states.set(successors.subarray(c, c + words), next * words);
    next++;
  }
  return next;
}

/** Number of the state at `array[from..]`, or 0. */
export function findState(tables: Tables, words: number, array: Int32Array, from: number): number {
  const at = findSlot(tables, words, array, from, hashWords(array, from, words));
  return (tables.index[at] as number) & (2 ** tables.slotBits - 1);
}

/** Slot of the state at `array[from..]`: its own, or the empty one where it belongs. */
function findSlot(
  tables: Tables,
  words: number,
  array: Int32Array,
  from: number,
  h: number,
): number {
  const { states, index, slotBits } = tables;
  const mask = 2 ** slotBits - 1;
  for (let line = h & mask & -LINE; ; line = (line + LINE) & mask) {
    for (let k = 0; k < LINE; k++) {
      const at = line | (((h >>> (32 - LINE_BITS)) + k) & (LINE - 1));
      const e = index[at] as number;
      if (e === 0) return at;
      if ((e ^ h) >>> slotBits === 0) {
        const s = (e & mask) * words;
        let i = 0;
        while (i < words && states[s + i] === array[from + i]) i++;
        if (i === words) return at;
      }
    }
  }
}

/** Fills the index, which is empty, from the states 1 to `count - 1`. */
export function enterAll(tables: Tables, words: number, count: number): void {
  const { states, index, slotBits } = tables;
  const mask = 2 ** slotBits - 1;
  for (let i = 1; i < count; i++) {
    const h = hashWords(states, i * words, words);
    index[findSlot(tables, words, states, i * words, h)] = (h & ~mask) | i;
  }
}

/** The index had this many slots in use, as a power of two: fills it again, with more. */
export function widenAll(tables: Tables, words: number, slotBits: number, count: number): void {
  tables.index.fill(0, 0, 2 ** slotBits);
  enterAll(tables, words, count);
}

/**
 * A filter in which no state is yet. Its zeros look like the state of zeros where that one
 * belongs, so there stands a state that belongs elsewhere.
 */
export function newFilter(words: number): Int32Array {
  const place = (array: Int32Array): number => hashWords(array, 0, words) >>> (32 - RECENT_BITS);
  const state = new Int32Array(words);
  const home = place(state);
  do state[0] = (state[0] as number) + 1;
  while (place(state) === home);
  const filter = new Int32Array(words * 2 ** RECENT_BITS);
  filter.set(state, home * words);
  return filter;
}
