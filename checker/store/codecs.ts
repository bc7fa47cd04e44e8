/** What may stand for a state: the state itself, the root of a tree, a fingerprint. */
import type { Codec } from "./keyed.ts";
import { newTable, numberOf, reserveKeys, tableBytes } from "./paged-table.ts";
import { copyEntry, type PageSizes } from "./pages.ts";

/** The state itself. With pages, there may be more of them than one typed array can hold. */
export function wholeStates(words: number): Codec {
  const copy = (from: Int32Array, at: number, into: Int32Array, to: number): void => {
    for (let i = 0; i < words; i++) into[to + i] = from[at + i] as number;
  };
  return {
    width: words,
    encode: (state, at, key) => copy(state, at, key, 0),
    decode: copy,
    reserve: () => true,
    bytes: () => 0,
  };
}

/**
 * Lossless: two halves of a state, each the number of a pair of quarters, and so on down to words
 * (Blom, Lisser, van de Pol, Weber 2009; all pairs in one table as in Laarman, van de Pol, Weber,
 * "Parallel recursive state compression for free", SPIN 2011). Few pairs make up many states, so
 * that a state costs two words, whatever its width. One of up to two words is left as it is.
 */
export function treeStates(words: number, sizes: PageSizes): Codec {
  if (words <= 2) return wholeStates(words);
  const pairs = newTable(2, sizes);
  // One pair for each node of the tree, so that the recursion needs no memory of its own.
  const scratch = Array.from({ length: 2 * words }, () => new Int32Array(2));
  const fold = (state: Int32Array, at: number, n: number, node: number): number => {
    if (n === 1) return state[at] as number;
    const half = (n + 1) >>> 1;
    const pair = scratch[node] as Int32Array;
    pair[0] = fold(state, at, half, node + 1);
    pair[1] = fold(state, at + half, n - half, node + half);
    return numberOf(pairs, pair, 0);
  };
  const unfold = (value: number, into: Int32Array, to: number, n: number, node: number): void => {
    if (n === 1) {
      into[to] = value;
      return;
    }
    const half = (n + 1) >>> 1;
    const pair = scratch[node] as Int32Array;
    copyEntry(pairs.keys, value >>> 0, pair, 0);
    unfold(pair[0] as number, into, to, half, node + 1);
    unfold(pair[1] as number, into, to + half, n - half, node + half);
  };
  const left = (words + 1) >>> 1;
  return {
    width: 2,
    encode(state, at, key) {
      key[0] = fold(state, at, left, 0);
      key[1] = fold(state, at + left, words - left, left);
    },
    decode(key, at, into, to) {
      unfold(key[at] as number, into, to, left, 0);
      unfold(key[at + 1] as number, into, to + left, words - left, left);
    },
    reserve: (more, spare) => reserveKeys(pairs, more * (words - 2), spare),
    bytes: () => tableBytes(pairs),
  };
}

/**
 * Hash compaction (Wolper and Leroy, "Reliable hashing without collision detection", CAV 1993):
 * 64 bits of hash stand for the state. Two states with the same bits are taken for one. The hash
 * is Appleby's MurmurHash3 for 32 bits, twice, with different constants.
 */
export function fingerprints(words: number): Codec {
  return {
    width: 2,
    encode(state, at, key) {
      key[0] = murmur(state, at, words, 0, 0xcc9e2d51, 0x1b873593);
      key[1] = murmur(state, at, words, 0x9e3779b9, 0x239b961b, 0x38b34ae5);
    },
    reserve: () => true,
    bytes: () => 0,
  };
}

function murmur(
  state: Int32Array,
  at: number,
  words: number,
  seed: number,
  c1: number,
  c2: number,
): number {
  let h = seed;
  for (let i = 0; i < words; i++) {
    const k = Math.imul(state[at + i] as number, c1);
    h ^= Math.imul((k << 15) | (k >>> 17), c2);
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * How likely it is at most that a state was taken for another one, if hashes are as good as
 * random: there are n (n - 1) / 2 pairs, each with 2^-64 (the bound by which Wolper and Leroy 1993
 * choose the number of bits).
 */
export function omissionProbability(states: number): number {
  return Math.min(1, ((states * (states - 1)) / 2) * 2 ** -64);
}
