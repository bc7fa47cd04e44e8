/**
 * A search that is put down and taken up again. States are only ever appended, so a checkpoint is
 * the words that are new since the last one and a small record of where the search stands.
 * Writing them somewhere is the caller's business: first the words, then the record, in one
 * atomic step; whoever is killed in between finds the previous record, and words behind its count
 * that do not matter.
 */
import { DiskError } from "./disk.ts";

export const CHECKPOINT_FORMAT = "mmrace-checkpoint";
export const CHECKPOINT_VERSION = 1;

/** Plain data; survives JSON. */
export interface CheckpointRecord {
  format: typeof CHECKPOINT_FORMAT;
  version: typeof CHECKPOINT_VERSION;
  /** Of the model that was searched, after its reductions. */
  modelHash: string;
  /** 32-bit words per state. */
  words: number;
  /** States stored; the words file has at least this many times `words` entries. */
  states: number;
  /** States expanded. */
  expanded: number;
  transitions: number;
  terminal: number;
  initialStates: number;
  /** First state of each level, from 1. */
  levels: number[];
  fired: number[];
  reached: number[];
}

export interface CheckpointSink {
  /** Is it time for a checkpoint? Asked every few thousand states. */
  due(): boolean;
  /**
   * Words that come after all those of earlier calls; only valid during the call.
   *
   * @throws DiskError and forgets what came after the last commit: it will come again
   */
  append(words: Int32Array): void;
  /**
   * Everything appended so far belongs to this record.
   *
   * @throws DiskError as `append` does
   */
  commit(record: CheckpointRecord): void;
}

/** Writes a checkpoint. Where that fails, the last one stays, and this says so: false. */
export function tryToSave(save: () => void, note: (text: string) => void): boolean {
  try {
    save();
    return true;
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    note(`no checkpoint was written: ${error.message}; the last one stays, and the search goes on`);
    return false;
  }
}

/** The words of a checkpoint, to be read once. */
export interface WordSource {
  /** At least the words of the states in the record. */
  length: number;
  /** Fills the array with the words from number `from` on. */
  read(into: Int32Array, from: number): void;
}

/** The checkpoint cannot be continued: damaged, of another model or of another version. */
export class CheckpointError extends Error {}

/** Throws {@link CheckpointError} with the reason when the record does not fit. */
export function verifyRecord(
  record: CheckpointRecord,
  length: number,
  expected: { modelHash: string; words: number; labels: number; facts: number },
): void {
  const fail = (reason: string): never => {
    throw new CheckpointError(`the checkpoint cannot be resumed: ${reason}`);
  };
  if (record.format !== CHECKPOINT_FORMAT) fail("it is not a checkpoint of this program");
  if (record.version !== CHECKPOINT_VERSION) {
    fail(`it has version ${record.version}, this program writes ${CHECKPOINT_VERSION}`);
  }
  if (record.modelHash !== expected.modelHash) fail("it is of another model");
  const fits =
    record.words === expected.words &&
    record.fired.length === expected.labels &&
    record.reached.length === expected.facts &&
    record.expanded <= record.states &&
    record.levels.at(-1) === levelEnd(record);
  if (!fits) fail("its record is damaged");
  if (length < record.states * record.words) {
    fail(`it has ${length} words of states, ${record.states * record.words} are needed`);
  }
}

/** The last entry of `levels` is where the level that is being expanded ends. */
function levelEnd({ levels, states, expanded }: CheckpointRecord): number {
  const end = levels.at(-1) ?? 0;
  return expanded < end && end <= states + 1 ? end : -1;
}
