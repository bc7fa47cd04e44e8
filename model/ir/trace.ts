/**
 * A trace: one run of a model, step by step, as people want to see it. The interpreter makes it
 * (`replay.ts`); every picture is a pure function of it.
 */
import type { LockKind, Src } from "./types.ts";

export type ViolationKind =
  | "always"
  | "atRest"
  | "assert"
  | "deadlock"
  | "range"
  | "unset"
  | "division"
  | "liveness"
  | "starvation";

/** Why a run was reported. */
export interface Violation {
  kind: ViolationKind;
  /**
   * The property, or the rule of an assertion, or "deadlock" (nobody can go on), "partial_deadlock"
   * (some never can, others can), "starvation" (a fair cycle of retries), "range_overflow",
   * "unset_value".
   */
  property: string;
  /** One sentence: the property as text, or what went wrong. */
  text: string;
  src?: Src;
}

/** One lane of the picture. */
export interface Lane {
  /** Process number, from 1. */
  pid: number;
  /** `munmap`, or `munmap[2]` when the actor has several instances. */
  name: string;
  actor: string;
  doc?: string;
}

export interface Change {
  /** `cpu_pte[v1].state`, or `gpu_fault.seq` for a local. */
  name: string;
  from: string;
  to: string;
  /** The violated property reads this cell. */
  watched: boolean;
  /** Set for a local: the process that owns it. */
  pid?: number;
}

export interface LockUse {
  op: "acquire" | "trylock" | "release" | "wait" | "downgrade";
  mode: "exclusive" | "shared";
  lock: LockKind;
  class: string;
  /** `folio_lock[g1]`: class and instance. */
  name: string;
  /** See `LockEvent`. */
  subclass?: number;
  nest?: boolean;
}

/** What is needed to take the same step again: the process, its label, and its choices in order. */
export interface Move {
  process: string;
  label: string;
  choices: number[];
}

export interface TraceStep extends Move {
  /** From 1. */
  number: number;
  pid: number;
  text: string;
  /** What was chosen, readable: `page = v1`, `enomem`. */
  chosen: string[];
  routine: string[];
  src?: Src;
  locks: LockUse[];
  changes: Change[];
  /** Label where the process stands after the step. */
  next: string;
  /** In the loop of a lasso: passes the retry mark of a process that gets nothing else done. */
  retries?: boolean;
}

/**
 * A process that cannot go on in the last state (deadlocks): where it stands and what it waits for.
 */
export interface Blocked {
  pid: number;
  label: string;
  text: string;
  waitsFor: LockUse[];
  holds: LockUse[];
  /** The condition that never comes true, as text. */
  until?: string;
  /** Of an event that nobody holds: those who would end the wait, and the step that would. */
  endedBy?: { pid: number; label: string; text: string }[];
  src?: Src;
}

export interface Trace {
  model: string;
  config: string;
  /** Empty for the scheme itself, else the name of the mutant or variant. */
  variant: string;
  lanes: Lane[];
  /** Every cell in the initial state, `name` to value. */
  initial: { name: string; value: string }[];
  steps: TraceStep[];
  violation?: Violation;
  blocked: Blocked[];
  /** A lasso: the steps from this one (counting from 1) repeat for ever. */
  loopFrom?: number;
  why?: Why;
}

/** What makes the race understood: which part of the property is false, and what came too late. */
export interface Why {
  /** The conjunct that is false, with the members it is false for: `page = v1: ...`. */
  failed?: string;
  /** What that part reads, with its values: `gpu.pte[page0] = sys0`. */
  values?: string[];
  /** The step (counting from 1) after which no schedule avoids the violation any more. */
  turn?: number;
  /** Values that one step read and a later step used although they were stale. */
  flows: Flow[];
}

/**
 * `from` and `to` are step numbers; a check is a test whose answer no longer holds when it is used.
 */
export interface Flow {
  kind: "value" | "check";
  from: number;
  to: number;
  /** What is carried: `pfn = P1`. */
  text: string;
}
