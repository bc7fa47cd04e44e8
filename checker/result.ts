/** What the checker is asked and what it answers. */
import type { Move, State, Violation } from "../model/ir/index.ts";
import type { AuditReport } from "./reduce/audit-all.ts";
import type { EngineKind } from "./search/engine.ts";
import type { Estimate } from "./search/estimate.ts";
import type { CheckpointRecord, CheckpointSink, WordSource } from "./store/checkpoint.ts";
import type { Disk } from "./store/disk.ts";
import type { PageSizes } from "./store/pages.ts";

export interface Progress {
  states: number;
  transitions: number;
  /** States that are stored and not yet expanded. */
  queue: number;
  depth: number;
  bytes: number;
  /** States there may be in the end; undefined while there is no telling. */
  expected?: Estimate | undefined;
  /** Milliseconds since the start; 0 without a clock. */
  elapsed: number;
}

export interface CheckOptions {
  maxStates?: number;
  /** Bytes for states and index. Without it: most of the free memory. */
  maxMemory?: number;
  /** Milliseconds; needs `now`. */
  timeLimit?: number;
  /** The clock, in milliseconds. The checker has none of its own. */
  now?: () => number;
  /** Called every few thousand states; the receiver throttles. */
  onProgress?: (progress: Progress) => void;
  /** Told at once what the user should know, and does not end the search. */
  onNote?: (text: string) => void;
  /** Asked as often; true ends the search as incomplete. */
  shouldStop?: () => boolean;
  /**
   * "compiled" (to WebAssembly) by default; where a value needs more than a signed word,
   * "javascript"; where code generation is forbidden, "interpreted".
   */
  engine?: EngineKind;
  /** Reset locals that are not read again before they are written. Default true. */
  deadReset?: boolean;
  /**
   * Store one state per orbit of interchangeable names. Default false. `states` and `transitions`
   * then count representatives. A counterexample is looked for again without reductions, and is
   * the one that a search without them shows, unless that takes too many states: `shortest`.
   */
  symmetry?: boolean;
  /**
   * Take steps of one process as one where no other process can tell. Default false. Verdicts,
   * facts and coverage stay; `states` and `transitions` become fewer. Counterexamples: as with
   * `symmetry`.
   */
  partialOrder?: boolean;
  /**
   * Also decide claims about infinite runs, starvation in marked retry loops, and partial
   * deadlocks. Default: when the model claims something about infinite runs. Needs the whole graph:
   * with `symmetry` or `partialOrder` it is searched again without them. One thread decides this.
   * A list asks for these only: names of claims, `partial_deadlock`, `starvation`.
   */
  liveness?: boolean | readonly string[];
  /**
   * Threads that search, once there is enough to do. Default 1. Verdict, counts and counterexample
   * are the same for any number.
   */
  workers?: number;
  /** States that one thread finds before there are more. */
  parallelFrom?: number;
  /** Keep states as trees of shared pairs: fewer bytes where states are wide, and more time. */
  compress?: boolean;
  /**
   * Keep 64 bits of hash of each state. A search that finds nothing then has no verdict; its
   * result says how likely it is at most that a state was left out.
   */
  hashCompaction?: boolean;
  /** Where states go for which there is no memory. One thread, no checkpoints. */
  spill?: Disk;
  /** Where arrays end, for tests of what happens there. */
  sizes?: PageSizes;
  /**
   * Check in so many of the states found what reductions and access sets assume. One thread; not
   * with hash compaction, which keeps no states.
   */
  audit?: number;
  /** Where to put checkpoints. One is written when time or an interrupt ends the search. */
  checkpoint?: CheckpointSink;
  /** Continue from a checkpoint. */
  resume?: { record: CheckpointRecord; words: WordSource };
}

/** `hash_compaction`: the search came to its end, but may have left states out. */
export type Limit = "states" | "memory" | "disk" | "time" | "interrupted" | "hash_compaction";

export type Verdict =
  | { kind: "holds" }
  | { kind: "violated"; violation: Violation }
  | { kind: "incomplete"; limit: Limit };

/** Something that a complete search did not meet, although the author expected it. */
export interface Finding {
  kind: "label_never_fired" | "never_reached" | "no_initial_state" | "never_at_rest";
  /** `actor.label`, or the name of the fact. */
  subject: string;
  text: string;
}

/** What was decided on the graph with its edges. */
export interface LivenessReport {
  /** Claims by name, partial_deadlock, starvation, in this order; the last one may be violated. */
  checked: string[];
  /** States and edges of the graph: without symmetry and fused steps. */
  states: number;
  edges: number;
  /** For edges, components and paths, beside the states. */
  bytes: number;
  /** Reductions that were asked for, and are unsound here: the graph was searched without them. */
  without: string[];
}

export interface CheckResult {
  verdict: Verdict;
  /** Distinct states found, the initial ones among them. */
  states: number;
  /** Ways of taking a step, self-loops among them. */
  transitions: number;
  /** Steps from the initial states to the furthest state found. */
  depth: number;
  initialStates: number;
  terminalStates: number;
  /** Of a violation: a counterexample, for `replay()`; with the state it starts in. */
  moves?: Move[];
  /**
   * Of a violation: no counterexample is shorter, and of those that are as short it is the calmest:
   * the fewest context switches, then the fewest processes. Where more than 100,000 states lie on
   * them, or at the depth of the violation, it is the one met first.
   * False when only a reduced search was possible. Not said of infinite runs.
   */
  shortest?: boolean;
  start?: State;
  /** The moves from this one (counting from 1) repeat for ever. */
  loopFrom?: number;
  liveness?: LivenessReport;
  /** Of an incomplete search: states there may be in all. */
  expected?: Estimate | undefined;
  /** What the audit looked at and found, when there was one. The verdict stands without it. */
  audit?: AuditReport;
  /** After hash compaction: the probability that some state was left out is at most this. */
  omission?: number;
  coverage: { actor: string; label: string; fired: number }[];
  reachable: { name: string; reached: boolean }[];
  /** Empty unless the search was complete. */
  findings: Finding[];
  engine: EngineKind;
  /** Of states and index. */
  bytes: number;
  /** Milliseconds; 0 without a clock. */
  elapsed: number;
}
