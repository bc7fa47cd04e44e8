import type { Model, Src } from "../ir/index.ts";

/** What is done to the model; the words of the tables. */
export type EditKind =
  | "drop lock"
  | "read for write"
  | "take later"
  | "release earlier"
  | "swap locks"
  | "try, and go on"
  | "ignore check"
  | "do not wait"
  | "set_seq outside"
  | "no reference"
  | "write for read"
  | "wait, not try"
  | "take earlier"
  | "release later"
  | "guard"
  | "check again"
  | "hold reference";

/** A small change of one actor. */
export interface Edit {
  kind: EditKind;
  actor: string;
  /** The lock, variable or check that it is about. */
  subject: string;
  /** The step it is named after. */
  label: string;
  /** Unique in the model, and the same from run to run. */
  id: string;
  src?: Src;
  model: Model;
}
