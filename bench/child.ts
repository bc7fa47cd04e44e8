/** One run of our checker in a process of its own; prints what it found as JSON. */
import { readFileSync } from "node:fs";
import { type CheckOptions, check } from "../checker/index.ts";
import { setFlags } from "../cli/v8.ts";
import type { Model } from "../model/ir/index.ts";

setFlags();
const [file = "", options = "{}"] = process.argv.slice(2);
const model = JSON.parse(readFileSync(file, "utf8")) as Model;
const result = check(model, {
  deadReset: false,
  liveness: false,
  now: () => performance.now(),
  ...(JSON.parse(options) as CheckOptions),
});
const { states, transitions, verdict, bytes } = result;
if (verdict.kind !== "holds") throw new Error(`${file}: ${verdict.kind}`);
console.log(JSON.stringify({ states, transitions, stored: bytes }));
