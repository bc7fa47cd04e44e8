/** What can differ between two versions of a scheme. */
import type { Src, Trace } from "../../model/ir/index.ts";

/** In the order of reports; `--forbid` names them. */
export const CHANGES = {
  "new-violation": "is violated now",
  repaired: "is not violated any more",
  "mutant-changed": "a mutant or variant comes to something else",
  "property-added": "is claimed now",
  "property-removed": "is not claimed any more",
  "property-changed": "says something else",
  "size-changed": "the configuration has other sizes",
  "step-added": "a step that is new",
  "step-removed": "a step that is gone",
  "step-changed": "a step that does something else",
  "state-changed": "other variables",
  "new-lock-edge": "a lock is taken under another one for the first time",
  "lock-edge-removed": "a lock is not taken under another one any more",
  "behaviour-added": "steps that can follow one another now",
  "behaviour-removed": "steps that cannot follow one another any more",
  "coverage-lost": "a step that is never taken any more",
  "coverage-gained": "a step that is taken now",
  "count-changed": "another number of states",
  "spec-added": "a spec that is new",
  "spec-removed": "a spec that is gone",
  incomplete: "a limit was hit: there may be more differences",
} as const;

export type ChangeKind = keyof typeof CHANGES;

export interface Change {
  kind: ChangeKind;
  /** A property, a step, an order of locks. */
  subject: string;
  text?: string;
  src?: Src;
  /** Of a changed step: what it does, without what both versions of it do. */
  before?: string[];
  after?: string[];
  /** How it comes about: of a violation, and of an order of locks or steps. */
  witness?: string[];
  trace?: Trace;
}

/** One scheme in one configuration. */
export interface SchemeDiff {
  spec: string;
  config: string;
  changes: Change[];
}
