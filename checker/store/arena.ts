/**
 * Where states and index live. Memory is asked for in a small piece first and then for the whole
 * budget at once: the operating system gives a page only when it is touched, so a large request
 * costs nothing, and growing needs neither copies nor twice the memory. (A second piece of 16 MB
 * in between stayed with the process after it was copied: 2 to 5 bytes per state.)
 */
import os from "node:os";
import { noteRequest } from "./give-back.ts";
import { PAGE_SIZES, type PageSizes } from "./pages.ts";
import type { Tables } from "./table.ts";

/** Words of the first piece. */
const SMALL = 2 ** 18;
/** Parts of the machine's memory, and of what is free of it, that are used without a limit. */
const SHARE_OF_ALL = 0.7;
const SHARE_OF_FREE = 0.9;
const FIRST_SLOT_BITS = 14;
/** A smaller index grows fourfold, unless twofold seems to be enough; a larger one twofold. */
export const EAGER_SLOT_BITS = 24;
/** The index doubles when it is this full ... */
export const MAX_LOAD = 0.75;
/** ... and where there is no memory for twice the size, it may become as full as this. */
export const LAST_LOAD = 0.9;

/** Bytes that may be used when the user names no limit: most of what nobody else needs. */
export function defaultBudget(): number {
  const allowed = process.constrainedMemory?.() ?? 0;
  const total = os.totalmem();
  const most = allowed > 0 && allowed < total ? allowed : total;
  return Math.floor(Math.min(most * SHARE_OF_ALL, os.freemem() * SHARE_OF_FREE));
}

export interface Arena extends Tables {
  /** Bytes that states and index may take together. */
  budget: number;
  words: number;
  sizes: PageSizes;
}

export function newArena(words: number, budget: number, sizes = PAGE_SIZES): Arena {
  return {
    words,
    budget,
    sizes,
    states: newWords(SMALL),
    index: newWords(SMALL / 4),
    slotBits: FIRST_SLOT_BITS,
  };
}

/**
 * Shared, as other threads may come to work in it. Also, V8 collects garbage twice when it is asked
 * for a whole budget of memory that is not: some 4 % of the time of a million states.
 */
function newWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

/** How the budget is best divided: slots (as a power of two) and states that fit. */
export function mostFor(words: number, budget: number): { slotBits: number; states: number } {
  let best = { slotBits: 0, states: 0 };
  for (let slotBits = FIRST_SLOT_BITS; slotBits <= PAGE_SIZES.mostSlotBits; slotBits++) {
    const room = Math.min((budget - 4 * 2 ** slotBits) / 4, PAGE_SIZES.mostWords);
    const states = Math.floor(Math.min(2 ** slotBits * LAST_LOAD, room / words));
    if (states > best.states) best = { slotBits, states };
  }
  return best;
}

/** Has arrays of exactly what these numbers need, with the first `count` states and the slots. */
export function claimAll(arena: Arena, count: number, states: number, slotBits: number): boolean {
  const exactly = (array: Int32Array, length: number, used: number): Int32Array | undefined => {
    if (length <= array.length) return array;
    const bigger = allocate(length, length);
    // To copy what nobody has touched would make the system give memory for it.
    bigger?.set(array.subarray(0, used));
    return bigger;
  };
  const grown = exactly(arena.states, states * arena.words, count * arena.words);
  const index = grown && exactly(arena.index, 2 ** slotBits, 2 ** arena.slotBits);
  if (!index) return false;
  arena.states = grown;
  arena.index = index;
  return true;
}

/** Bytes in use with this many states. */
export function arenaBytes(arena: Arena, count: number): number {
  return 4 * (count * arena.words + 2 ** arena.slotBits);
}

/** The index is too small for states up to number `most`: it has to grow. */
export function isCrowded(arena: Arena, most: number): boolean {
  return most > 2 ** arena.slotBits * MAX_LOAD;
}

/** An index that cannot grow has room for states up to number `most`. */
export function hasRoom(arena: Arena, most: number): boolean {
  return most <= 2 ** arena.slotBits * LAST_LOAD;
}

/** Is it the budget, and not the end of an array, that leaves no room for states up to `most`? */
export function isBudgetUsed(arena: Arena, most: number): boolean {
  const bits = hasRoom(arena, most) ? arena.slotBits : arena.slotBits + 1;
  return 4 * (most * arena.words + 2 ** bits) > arena.budget;
}

/**
 * Has more slots, empty ones behind those that there are: the engine is to spread them. False when
 * the budget or the machine is exhausted.
 *
 * @param count states that are there
 * @param expected states that there may be in the end
 */
export function enlargeIndex(
  arena: Arena,
  count: number,
  expected = Number.POSITIVE_INFINITY,
): boolean {
  const twofold = arena.slotBits + 1;
  const eager = arena.slotBits < EAGER_SLOT_BITS && expected > 2 ** twofold * MAX_LOAD;
  return (eager && setSlotBits(arena, twofold + 1, count)) || setSlotBits(arena, twofold, count);
}

function setSlotBits(arena: Arena, bits: number, count: number): boolean {
  const bytes = 4 * (count * arena.words + 2 ** bits);
  if (bits > arena.sizes.mostSlotBits || bytes > arena.budget) return false;
  const index = enlarged(arena, arena.index, 2 ** bits, 2 ** arena.slotBits);
  if (!index) return false;
  arena.index = index;
  arena.slotBits = bits;
  return true;
}

/**
 * Makes room for states up to number `most`. False when the budget or the machine is exhausted.
 */
export function reserveStates(arena: Arena, most: number): boolean {
  if (4 * (most * arena.words + 2 ** arena.slotBits) > arena.budget) return false;
  const { states: before } = arena;
  const states = enlarged(arena, before, most * arena.words, before.length);
  if (!states) return false;
  arena.states = states;
  return true;
}

/** Another array when this one is too short, with the first `used` words in it. */
function enlarged(
  arena: Arena,
  array: Int32Array,
  length: number,
  used: number,
): Int32Array | undefined {
  if (length <= array.length) return array;
  if (length > arena.sizes.mostWords) return undefined;
  const wished = Math.min(Math.floor(arena.budget / 4), arena.sizes.mostWords);
  const bigger = allocate(wished, length);
  bigger?.set(array.subarray(0, used));
  return bigger;
}

/** As many words as wished or the machine gives, at least `least`. */
function allocate(wished: number, least: number): Int32Array | undefined {
  noteRequest();
  for (let length = wished; ; length = Math.floor(length / 2)) {
    try {
      return newWords(Math.max(length, least));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (length <= least) return undefined;
    }
  }
}
