/** What is told of the order in which locks nest. */
import type { LockKind, Model, Move, State } from "../../model/ir/index.ts";

export interface LockOrderEdge {
  /** Classes: `outer` is held while `inner` is taken or waited for. */
  outer: string;
  inner: string;
  kinds: [outer: LockKind, inner: LockKind];
  how: "acquire" | "trylock" | "wait";
  /** Both only for reading, wherever it was seen. */
  readers: boolean;
  /** An acquire context or a nest_lock orders locks of one class, wherever it was seen. */
  nested: boolean;
  /** lockdep records it: it tracks both kinds of lock, and this is no trylock. */
  seen: boolean;
  /** The inner one sleeps, the outer one forbids it (might_sleep()). */
  atomic: boolean;
  /** The step that does it first, and how to get there; none when lockdep knows it from boot. */
  process: string;
  label: string;
  text: string;
  witness: Run | undefined;
}

export interface Run {
  start: State;
  moves: Move[];
}

export interface LockCycle {
  /** Each edge's inner class is the next one's outer class. */
  edges: LockOrderEdge[];
  /** lockdep would warn: it has seen every edge. */
  warns: boolean;
  /** The classes that lockdep does not track, if any. */
  blind: string[];
  /** A run into the deadlock; undefined when none was found. */
  deadlock: Run | undefined;
}

export interface LockReport {
  /** What runs are runs of: the model without its assertions. */
  model: Model;
  edges: LockOrderEdge[];
  cycles: LockCycle[];
  /** A deadlock that is on none of the cycles: processes wait for something else. */
  other: Run | undefined;
  states: number;
  complete: boolean;
}
