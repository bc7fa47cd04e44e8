/**
 * Where states and index live. Memory is asked for in a small piece first and then for the whole
 * budget at once: the operating system gives a page only when it is touched, so a large request
 * costs nothing, and growing needs neither copies nor twice the memory.
 */
import os from "node:os";
import type { Tables } from "../search/engine.ts";

/** Words of the first piece. */
const SMALL = 2 ** 22;
/** A typed array of Node 20 has fewer elements than this. */
const MOST_WORDS = 2 ** 32 - 1;
/** Part of the machine's memory that is used when no limit is given. */
const DEFAULT_SHARE = 0.7;
const FIRST_SLOT_BITS = 12;
const MAX_SLOT_BITS = 31;
/** The index doubles when it is this full. */
const MAX_LOAD = 0.75;

/** Bytes that may be used when the user names no limit. */
export function defaultBudget(): number {
  const allowed = process.constrainedMemory?.() ?? 0;
  const total = os.totalmem();
  return Math.floor((allowed > 0 && allowed < total ? allowed : total) * DEFAULT_SHARE);
}

export interface Arena extends Tables {
  /** Bytes that states and index may take together. */
  budget: number;
  words: number;
}

export function newArena(words: number, budget: number): Arena {
  return {
    words,
    budget,
    states: new Int32Array(SMALL),
    index: new Int32Array(SMALL / 4),
    slotBits: FIRST_SLOT_BITS,
  };
}

/** Bytes in use with this many states. */
export function arenaBytes(arena: Arena, count: number): number {
  return 4 * (count * arena.words + 2 ** arena.slotBits);
}

/**
 * Makes room for states up to number `most`. "grown" means that the index is cleared and must be
 * filled again; "full", that the budget (or what the machine gives) is not enough.
 */
export function reserve(arena: Arena, most: number): "ready" | "grown" | "full" {
  let bits = arena.slotBits;
  while (most > 2 ** bits * MAX_LOAD) bits++;
  const bytes = 4 * (most * arena.words + 2 ** bits);
  if (bits > MAX_SLOT_BITS || bytes > arena.budget) return "full";
  const states = enlarged(arena.states, most * arena.words, arena.budget);
  const index = bits === arena.slotBits ? arena.index : replaced(arena, 2 ** bits);
  if (!states || !index) return "full";
  arena.states = states;
  if (bits === arena.slotBits) return "ready";
  arena.index = index;
  arena.slotBits = bits;
  return "grown";
}

function enlarged(array: Int32Array, length: number, budget: number): Int32Array | undefined {
  if (length <= array.length) return array;
  const bigger = allocate(Math.floor(budget / 4), length);
  bigger?.set(array);
  return bigger;
}

function replaced(arena: Arena, slots: number): Int32Array | undefined {
  if (slots > arena.index.length) return allocate(Math.floor(arena.budget / 4), slots);
  arena.index.fill(0, 0, 2 ** arena.slotBits);
  return arena.index;
}

/** As many words as wished or the machine gives, at least `least`. */
function allocate(wished: number, least: number): Int32Array | undefined {
  for (let length = Math.min(wished, MOST_WORDS); ; length = Math.floor(length / 2)) {
    try {
      return new Int32Array(Math.max(length, least));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (length <= least) return undefined;
    }
  }
}
