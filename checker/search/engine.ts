/**
 * What the search asks of an engine. There are two: generated code, and the reference interpreter
 * behind the same door. Both read states from the store and write successors to the batch.
 */
import type { Interpreter, State } from "../../model/ir/index.ts";
import type { Generated } from "../compile/load.ts";
import type { Packing } from "../compile/pack.ts";
import type { Fusion, Run } from "../reduce/fuse.ts";
import type { Interchangeable } from "../reduce/symmetry.ts";
import type { Tables } from "../store/table.ts";

/** Successors that wait to be stored, and the counters; shared by the search and its engine. */
export interface Batch {
  /** Words of the successors, one after the other. */
  words: Int32Array;
  /** Words filled by the last `expand`. */
  filled: number;
  /** The last `expand` stopped at a state with a violation. */
  problem: boolean;
  /** Terminal states met by the last `expand`. */
  terminal: number;
  /** How often each label fired; see {@link labelNumbers}. */
  fired: Float64Array;
  /** One per `reachable` fact: 1 once it was true. */
  reached: Uint8Array;
  /**
   * Of the last state expanded, by process number minus one: words filled when all of the process'
   * successors were in the batch. Written on demand only.
   */
  ends: Int32Array;
}

/** What the engine leaves out. */
export interface Reductions {
  parts: Interchangeable[];
  fusion: Fusion;
  /** Also tell who moved (see `Batch.ends`); for graphs whose edges have a mover. */
  movers?: boolean;
}

/** WebAssembly, the JavaScript that it was translated from, or the reference interpreter. */
export type EngineKind = "compiled" | "javascript" | "interpreted";

export interface Engine {
  kind: EngineKind;
  /** What threads load; the interpreter has none. */
  generated?: Generated;
  interpreter: Interpreter;
  packing: Packing;
  batch: Batch;
  /** The successors of a state from the interpreter, step by step; in the order of `expand`. */
  runs(state: State): Run[];
  /** Uses these tables from now on. */
  bind(tables: Tables): void;
  /**
   * Puts the successors of the states `from`, `from + 1`, ... in the batch, until it is full,
   * `to` is reached, or a state has a violation (then `batch.problem` is set and the successors
   * before it are in the batch). Returns the first state that is not finished.
   */
  expand(from: number, to: number): number;
  /**
   * Stores what is new in the first `filled` words of the batch as states `count` ...; new count.
   */
  insert(count: number, filled: number): number;
  /** Replaces the first `filled` words of the batch by the representatives of their orbits. */
  canonicalize(filled: number): void;
  /** Enters the states 1 to `count - 1` into the index, which is empty. */
  enter(count: number): void;
  /**
   * The states 1 to `count - 1` are in the first slots, as many as two to this power: spreads them
   * over all slots that are bound.
   */
  widen(slotBits: number, count: number): void;
  /** First state in `from`..`to - 1` in which an `always` property is not true, or 0. */
  check(from: number, to: number): number;
  /** Marks the `reachable` facts that are true in these states. */
  reach(from: number, to: number): void;
}

/** Successors after which `expand` stops. */
export const BATCH = 1024;

/** Number of the first label of each actor, in the array `fired`; and of all labels. */
export function labelNumbers(packing: Packing): { first: number[]; total: number } {
  const first: number[] = [];
  let total = 0;
  for (const actor of packing.layout.model.actors) {
    first.push(total);
    total += actor.steps.length;
  }
  return { first, total };
}

/** Number of one label of one process. */
export function labelNumber(packing: Packing, pid: number, label: string): number {
  const process = packing.layout.processes[pid - 1];
  const step = process?.actor.steps.findIndex((s) => s.label === label) ?? -1;
  return (labelNumbers(packing).first[process?.actorIndex ?? -1] as number) + step;
}

export function newBatch(packing: Packing, mostSuccessors: number): Batch {
  const { model } = packing.layout;
  return {
    words: new Int32Array((BATCH + mostSuccessors) * packing.words),
    filled: 0,
    problem: false,
    terminal: 0,
    fired: new Float64Array(labelNumbers(packing).total),
    reached: new Uint8Array(model.reachable.length),
    ends: new Int32Array(packing.layout.processes.length),
  };
}
