/**
 * `expect.json`, beside the specs that it speaks of: what each of them came to when somebody last
 * looked. `mmrace promote` writes it, `mmrace check` compares with it, people review it.
 */

import type { LockOrder } from "../../checker/index.ts";
import { UserError } from "../errors.ts";
import {
  isNumber,
  isString,
  listOf,
  mapOf,
  optional,
  parseJson,
  record,
  shape,
} from "../json-shape.ts";

export const EXPECT_FILE = "expect.json";
const FORMAT = "mmrace-expect";
const VERSION = 1;

/** One search. */
export interface RunExpectation {
  /** `holds`, `violated no_stale_gpu_pte`. */
  verdict: string;
  states: number;
  transitions: number;
  depth: number;
  /** Hash of the state, the actors and their steps; claims have hashes of their own. */
  model: string;
  /** Steps that were taken; of a scheme that holds. */
  fired?: number;
  /** Steps that were not, `actor.label`; `actor.call.*` are all below. */
  never?: string[];
}

export interface ConfigExpectation {
  sizes: Record<string, number>;
  /** By mutant or variant; the scheme itself is {@link SCHEME}. */
  runs: Record<string, RunExpectation>;
  /** Of the scheme and its variants, by the same keys. */
  lock_order?: Record<string, LockOrder>;
}

/** Key of the scheme itself among its variants. */
export const SCHEME = "-";

export interface SpecExpectation {
  /** Name of the spec's file, in the folder of the expect.json. */
  file: string;
  /** Each claim with its kind and the hash of what it says: `always 83f2a1c09d3e5b71`. */
  properties: Record<string, string>;
  configs: Record<string, ConfigExpectation>;
  /** Mutations of `mmrace mutate` that break nothing, by hand: each with the reason why that is. */
  survivors?: Record<string, string>;
}

/** By name of the spec. */
export type Expectations = Record<string, SpecExpectation>;

/** Always the same text for the same content: one line for each claim, and for most searches. */
export function stringifyExpectations(specs: Expectations): string {
  return `${pretty({ format: FORMAT, version: VERSION, specs }, "")}\n`;
}

function pretty(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((v) => inner + pretty(v, inner)).join(",\n")}\n${indent}]`;
  }
  const pairs = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${pretty(v, inner)}`);
  if (pairs.length === 0) return "{}";
  const isRow = isNumbers(value);
  return isRow ? `{ ${pairs.join(", ")} }` : `{\n${inner}${pairs.join(`,\n${inner}`)}\n${indent}}`;
}

/** Sizes, and a search without a list in it. */
function isNumbers(record: object): boolean {
  const values = Object.values(record);
  return values.some((v) => typeof v === "number") && values.every((v) => typeof v !== "object");
}

const FIX = "restore it, or write it anew: mmrace promote";

/** @throws UserError for a text that is not what `mmrace promote` writes */
export function parseExpectations(text: string, file: string): Expectations {
  const json = parseJson(text, file, FIX);
  const refuse = (message: string): never => {
    throw new UserError({ file, message, fix: FIX });
  };
  const { format, version, specs } = record(json) ?? {};
  if (format !== FORMAT) refuse(`its format is not ${FORMAT}`);
  if (version !== VERSION) {
    refuse(`its version is ${String(version)}, and this mmrace reads ${VERSION}`);
  }
  const wrong = isSpecs(specs, "specs");
  if (wrong !== undefined) refuse(`${wrong} is not as it should be`);
  return specs as Expectations;
}

const isRun = shape({
  verdict: isString,
  states: isNumber,
  transitions: isNumber,
  depth: isNumber,
  model: isString,
  fired: optional(isNumber),
  never: optional(listOf(isString)),
});
const isLockOrder = shape({
  model: isString,
  states: isNumber,
  orders: mapOf(isString),
  cycles: mapOf(isString),
});
const isConfig = shape({
  sizes: mapOf(isNumber),
  runs: mapOf(isRun),
  lock_order: optional(mapOf(isLockOrder)),
});
const isSpecs = mapOf(
  shape({
    file: isString,
    properties: mapOf(isString),
    configs: mapOf(isConfig),
    survivors: optional(mapOf(isString)),
  }),
);
