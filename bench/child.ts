/** One run of our checker in a process of its own; prints what it found as JSON. */
import { type CheckOptions, check } from "../checker/index.ts";
import { GPUSVM_SIZES, gpusvm } from "./models/gpusvm.ts";

const [name = "S", options = "{}"] = process.argv.slice(2);
const size = GPUSVM_SIZES[name];
if (!size) throw new Error(`no size ${name}`);
const result = check(gpusvm(size), {
  deadReset: false,
  now: () => performance.now(),
  ...(JSON.parse(options) as CheckOptions),
});
const { states, transitions, verdict, elapsed, bytes } = result;
console.log(JSON.stringify({ states, transitions, verdict: verdict.kind, elapsed, bytes }));
