/**
 * Where a search keeps its states. There are several: whole states in one array (the fast one),
 * keys that stand for states, and states on disk. They number states alike, in the order in which
 * they are found, so the search, the trace and the counts do not depend on which one it is.
 */
import type { Limit } from "../result.ts";

export interface Store {
  /** States may have been taken for others. */
  approximate?: boolean;
  /**
   * Makes room for `more` states behind the `count - 1` that are there, or says what hinders. It
   * may ask how many there will be at most, as far as one can tell.
   */
  reserve(count: number, more: number, expected?: () => number | undefined): Limit | undefined;
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
  /**
   * When `reserve` fails: a store that takes over with all the states, if there is memory left that
   * this one cannot use.
   */
  successor?: ((count: number, more: number) => Store | undefined) | undefined;
  /** Has the engine read and write here again, after it was bound to something else. */
  rebind(): void;
}
