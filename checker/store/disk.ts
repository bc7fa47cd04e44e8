/** What the checker asks of a disk; the caller has the files. */

/** There is no space for more words. */
export class DiskFullError extends Error {}

/** Words that can be appended, and read anywhere. */
export interface Disk {
  /** @throws DiskFullError and then has what it had before */
  append(words: Int32Array): void;
  /** Fills the array with the words from number `from` on. */
  read(into: Int32Array, from: number): void;
}
