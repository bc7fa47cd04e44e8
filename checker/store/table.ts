/**
 * The same hash table twice: as text for the generated engine (one variable per word), and as
 * plain functions for the interpreted one.
 *
 * Open addressing with linear probing. A slot is a state number in its low bits and, in the bits
 * above, the top bits of the hash: a slot that is not the state's own is passed without looking
 * at the state. Slot 0 is empty, as there is no state 0.
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

/** Entries of the filter of recently seen states, as a power of two. */
export const RECENT_BITS = 13;

/**
 * Text of `bind(states, index, bits)`, `settle(count, most)` and `place(first, count)`; the arrays
 * it works on have the names of `compile/memory.ts`.
 */
export function storeText(words: number, shared: boolean): string {
  return `"use strict";
let S = null, T = null, slotMask = 0, slotBits = 0;
const E = new Int32Array(H.length);
function bind(states, index, bits) {
  S = states; T = index; slotBits = bits; slotMask = 2 ** bits - 1;
}
${settleText(words, shared)}
${placeText(words, shared)}
return { bind, settle, place };
`;
}

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
  for (let k = 0; k < m; k++) E[k] = T[H[k] & mask];
  for (let k = 0; k < m; k++) {
    const e = E[k];
    touched ^= S[(e & mask & ((((e ^ H[k]) >>> bits) - 1) >> 31)) * ${words}];
  }
  R[3] = touched;
  for (let k = 0; k < m; k++) {
    const c = P[k];
    ${list(words, (i) => `const c${i} = C[c + ${i}];`, " ")}
    h = H[k];
    let at = h & mask;
    ${shared ? sharedProbeText(words) : probeText(words)}
  }
  return count;
}
`;
}

/** Looks for the state of `c0, c1, ...` from slot `at` on; stores it as `count` when it is new. */
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
      at = (at + 1) & mask;
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
      at = (at + 1) & mask;
    }`;
}

function placeText(words: number, shared: boolean): string {
  const claim = shared
    ? "while (Atomics.compareExchange(T, at, 0, slot) !== 0) at = (at + 1) & mask;"
    : "while (T[at] !== 0) at = (at + 1) & mask; T[at] = slot;";
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
      touched ^= T[h & mask];
    }
    R[3] = touched;
    for (let k = 0; k < n; k++) {
      h = H[k];
      let at = h & mask;
      const slot = ((h >>> bits) << bits) | (from + k);
      ${claim}
    }
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
  for (let at = h & mask; ; at = (at + 1) & mask) {
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

/** Fills the index, which is empty, from the states 1 to `count - 1`. */
export function growAll(tables: Tables, words: number, count: number): void {
  const { states, index, slotBits } = tables;
  const mask = 2 ** slotBits - 1;
  for (let i = 1; i < count; i++) {
    const h = hashWords(states, i * words, words);
    index[findSlot(tables, words, states, i * words, h)] = (h & ~mask) | i;
  }
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
