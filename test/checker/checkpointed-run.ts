/** A program for the kill test: checks a model with checkpoints in a folder, resuming if it can. */
import { writeSync } from "node:fs";
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import { check } from "../../checker/index.ts";
import { checkpointSink, readCheckpoint } from "../../cli/checkpoint-dir.ts";

const [folder = "", name = "S", workers = "1"] = process.argv.slice(2);
const size = GPUSVM_SIZES[name];
if (!size) throw new Error(`no size ${name}`);
const saved = readCheckpoint(folder);
let asked = 0;
const checkpoint = checkpointSink(folder, () => asked++ % 2 === 0, saved?.record);
const result = check(gpusvm(size), {
  deadReset: false,
  workers: Number(workers),
  parallelFrom: 1,
  checkpoint: {
    ...checkpoint,
    commit: (record) => {
      checkpoint.commit(record);
      writeSync(1, "committed\n");
    },
  },
  ...(saved ? { resume: saved } : {}),
});
const { states, transitions, depth, verdict } = result;
process.stdout.write(JSON.stringify({ states, transitions, depth, verdict: verdict.kind }));
