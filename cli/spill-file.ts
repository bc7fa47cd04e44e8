/** A file for states that memory has no room for. It has no name: it is gone with the process. */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Disk, DiskFullError } from "../checker/index.ts";
import { prepareFolder } from "./files.ts";

export interface SpillFile extends Disk {
  close(): void;
}

/** Bytes read or written at a time: one call of the system moves less than 2 GiB. */
const CHUNK = 1 << 28;

export function openSpillFile(folder: string): SpillFile {
  prepareFolder(folder);
  // Several searches, of this and of other processes, may use the folder.
  const path = join(folder, `states-${randomUUID()}.spill`);
  const file = openSync(path, "wx+");
  unlinkSync(path);
  let end = 0;
  return {
    append(words) {
      writeAll(file, words, end);
      end += words.byteLength;
    },
    read(into, from) {
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(file, bytes, at, Math.min(CHUNK, bytes.length - at), 4 * from + at);
        if (read === 0) throw new Error("the file of states ends too early");
        at += read;
      }
    },
    close: () => closeSync(file),
  };
}

/** @throws DiskFullError when there is no space left, or a quota is used up */
export function writeAll(file: number, words: Int32Array, from: number): void {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  try {
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(file, bytes, at, Math.min(CHUNK, bytes.length - at), from + at);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
      throw new DiskFullError("no space left on the device");
    }
    throw error;
  }
}
