/** Checkpoints in a folder: a file of words that only grows, and a record replaced atomically. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  CheckpointError,
  type CheckpointRecord,
  type CheckpointSink,
  DiskError,
  type WordSource,
} from "../checker/index.ts";
import { messageOf } from "./errors.ts";
import { writeAll } from "./spill-file.ts";

/** Continues the words file behind the states of `record`, or begins a new one. */
export function checkpointSink(
  folder: string,
  due: () => boolean,
  record?: CheckpointRecord,
): CheckpointSink {
  const file = openSync(join(folder, "states.bin"), record ? "r+" : "w");
  let at = record ? record.states * record.words * 4 : 0;
  let committed = at;
  ftruncateSync(file, at);
  const orForget = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      at = committed;
      throw new DiskError(`${folder}: ${messageOf(error)}`);
    }
  };
  return {
    due,
    append: (words) =>
      orForget(() => {
        writeAll(file, words, at);
        at += words.byteLength;
      }),
    commit: (next) =>
      orForget(() => {
        fsyncSync(file);
        replaceRecord(folder, next);
        committed = at;
      }),
  };
}

function replaceRecord(folder: string, record: CheckpointRecord): void {
  const fresh = join(folder, "record.new");
  writeFileSync(fresh, JSON.stringify(record));
  const written = openSync(fresh, "r");
  fsyncSync(written);
  closeSync(written);
  renameSync(fresh, join(folder, "record.json"));
}

/**
 * What the folder holds, if it holds a checkpoint. The words may be more than the record counts.
 */
export function readCheckpoint(folder: string) {
  const path = join(folder, "record.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as CheckpointRecord;
  return { record, words: wordsIn(join(folder, "states.bin")) };
}

/** Bytes read at a time: one call of the system reads less than 2 GiB. */
const CHUNK = 1 << 28;

function wordsIn(path: string): WordSource {
  return {
    length: Math.floor(statSync(path).size / 4),
    read(into, from) {
      const file = openSync(path, "r");
      try {
        const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
        for (let at = 0; at < bytes.length; ) {
          const read = readSync(file, bytes, at, Math.min(CHUNK, bytes.length - at), 4 * from + at);
          if (read === 0) throw new CheckpointError(`${path} ends too early`);
          at += read;
        }
      } finally {
        closeSync(file);
      }
    },
  };
}
