/** A program for the kill test: checks a model with checkpoints in a folder, resuming if it can. */
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import { check } from "../../checker/index.ts";
import { checkpointSink, readCheckpoint } from "../../cli/checkpoint-dir.ts";

const [folder = "", name = "S"] = process.argv.slice(2);
const size = GPUSVM_SIZES[name];
if (!size) throw new Error(`no size ${name}`);
const saved = readCheckpoint(folder);
let asked = 0;
const checkpoint = checkpointSink(folder, () => asked++ % 2 === 0, saved?.record);
const result = check(gpusvm(size), {
  deadReset: false,
  checkpoint,
  ...(saved ? { resume: saved } : {}),
});
const { states, transitions, depth, verdict } = result;
process.stdout.write(JSON.stringify({ states, transitions, depth, verdict: verdict.kind }));
