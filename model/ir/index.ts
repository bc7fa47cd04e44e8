/** The public door of the IR. */
export * from "./access.ts";
export * as build from "./build.ts";
export {
  type Code,
  DIAGNOSTICS,
  type Diagnostic,
  diagnosticsTable,
} from "./diagnostics.ts";
export * from "./eval.ts";
export * from "./hash.ts";
export * from "./held.ts";
export { type Parsed, parseModel, stringifyModel } from "./json.ts";
export * from "./lasso.ts";
export * from "./layout.ts";
export * from "./liveness.ts";
export * from "./ltl.ts";
export * from "./marks.ts";
export * from "./names.ts";
export * from "./partial-deadlock.ts";
export * from "./print.ts";
export * from "./replay.ts";
export * from "./trace.ts";
export * from "./types.ts";
export { validate } from "./validate.ts";
export * from "./verdict.ts";
export * from "./walk.ts";
