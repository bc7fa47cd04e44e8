/** What the checker asks of a disk; the caller has the files. */

/** What was to be kept could not be written. */
export class DiskError extends Error {}

/** There is no space for more words. */
export class DiskFullError extends DiskError {}

/** Words that can be appended, and read anywhere. */
export interface Disk {
  /** @throws DiskFullError and then has what it had before */
  append(words: Int32Array): void;
  /** Fills the array with the words from number `from` on. */
  read(into: Int32Array, from: number): void;
}
