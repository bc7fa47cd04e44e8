/**
 * Where a search keeps its states. There are several: whole states in one array (the fast one),
 * keys that stand for states, and states on disk. They number states alike, in the order in which
 * they are found, so the search, the trace and the counts do not depend on which one it is.
 */
import type { Limit } from "../result.ts";
import type { Engine } from "../search/engine.ts";
import {
  type Arena,
  arenaBytes,
  claimAll,
  enlargeIndex,
  hasRoom,
  isCrowded,
  newArena,
  reserveStates,
} from "./arena.ts";

export interface Store {
  /** States may have been taken for others. */
  approximate?: boolean;
  /** Makes room for `more` states behind the `count - 1` that are there, or says what hinders. */
  reserve(count: number, more: number): Limit | undefined;
  /** As `Engine.expand`. */
  expand(from: number, to: number): number;
  /** Stores what is new in the batch as states `count` ...; returns the new count. */
  insert(count: number): number;
  /** As `Engine.check`, for states of the last `insert`. */
  check(from: number, to: number): number;
  /** As `Engine.reach`, for states of the last `insert`. */
  reach(from: number, to: number): void;
  /**
   * A level is complete: takes out of the newest states those that were known already, which only
   * a store on disk finds out so late. Returns the new count.
   */
  settle?(count: number): number;
  /** Words of state `from` and of as many after it, before `to`, as are at hand: one at least. */
  read(from: number, to: number): Int32Array;
  /** Are these the words of this state? */
  is(state: number, words: Int32Array, at: number): boolean;
  /** States from an initial one to this; only where older states cannot be read any more. */
  pathTo?(state: number): number[];
  /** Stores states known to be different, as the first ones; `read` fills an array with them. */
  restore(states: number, read: (into: Int32Array, from: number) => void): Limit | undefined;
  /** Bytes in use with this many states. */
  bytes(count: number): number;
  /** Has the engine read and write here again, after it was bound to something else. */
  rebind(): void;
}

/** Whole states in one array; the index is the engine's own. */
export interface FlatStore extends Store {
  arena: Arena;
  /** Memory for that many states and slots, at once; false when there is not so much. */
  claim(states: number, slotBits: number): boolean;
  /** Others have written in it: only its first `count - 1` states are good. */
  reclaim(count: number): void;
}

/** @param shared other threads are to work in it */
export function flatStore(engine: Engine, budget: number, shared = false): FlatStore {
  const { batch, packing } = engine;
  const { words } = packing;
  const arena = newArena(words, budget, shared);
  const rebind = (): void => engine.bind(arena);
  rebind();
  const reserve = (count: number, more: number): Limit | undefined => {
    const most = count + more;
    while (isCrowded(arena, most)) {
      if (!enlargeIndex(arena, most)) {
        if (hasRoom(arena, most)) break;
        return "memory";
      }
      rebind();
      engine.grow(count);
    }
    if (!reserveStates(arena, most)) return "memory";
    rebind();
    return undefined;
  };
  return {
    arena,
    claim: (states, slotBits) => {
      const done = claimAll(arena, states, slotBits);
      rebind();
      return done;
    },
    reclaim: (count) => {
      rebind();
      engine.grow(count);
    },
    reserve,
    expand: engine.expand,
    insert: (count) => engine.insert(count, batch.filled),
    check: engine.check,
    reach: engine.reach,
    read: (from, to) => arena.states.subarray(from * words, to * words),
    is: (state, other, at) => sameWords(other, at, arena.states, state * words, words),
    restore: (states, read) => {
      const limit = reserve(1, states);
      if (limit) return limit;
      read(arena.states.subarray(words, (states + 1) * words), 0);
      engine.grow(states + 1);
      return undefined;
    },
    bytes: (count) => arenaBytes(arena, count),
    rebind,
  };
}

export function sameWords(a: Int32Array, i: number, b: Int32Array, j: number, n: number): boolean {
  for (let k = 0; k < n; k++) if (a[i + k] !== b[j + k]) return false;
  return true;
}
