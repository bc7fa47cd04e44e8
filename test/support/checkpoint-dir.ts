/** Checkpoints in a folder: a file of words that only grows, and a record replaced atomically. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { CheckpointRecord, CheckpointSink } from "../../checker/index.ts";

/** Continues the words file behind the states of `record`, or begins a new one. */
export function checkpointSink(
  folder: string,
  due: () => boolean,
  record?: CheckpointRecord,
): CheckpointSink {
  const file = openSync(join(folder, "states.bin"), record ? "r+" : "w");
  let at = record ? record.states * record.words * 4 : 0;
  ftruncateSync(file, at);
  return {
    due,
    append: (words) => {
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      for (let from = 0; from < bytes.length; ) {
        from += writeSync(file, bytes, from, bytes.length - from, at + from);
      }
      at += bytes.length;
      fsyncSync(file);
    },
    commit: (next) => {
      const fresh = join(folder, "record.new");
      writeFileSync(fresh, JSON.stringify(next));
      const written = openSync(fresh, "r");
      fsyncSync(written);
      closeSync(written);
      renameSync(fresh, join(folder, "record.json"));
    },
  };
}

/** What the folder holds, if it holds a checkpoint. */
export function readCheckpoint(folder: string) {
  const path = join(folder, "record.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as CheckpointRecord;
  const bytes = readFileSync(join(folder, "states.bin"));
  const whole = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.byteLength & ~3));
  return { record, words: new Int32Array(whole) };
}
