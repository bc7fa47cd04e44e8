/** Is a file that people or programs wrote what it should be? Says at which key it is not. */
import { jsonErrorAt, lineAndColumn } from "../model/ir/json-syntax.ts";
import { UserError } from "./errors.ts";

/** @throws UserError with the place where the text is not JSON */
export function parseJson(text: string, file: string, fix: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { offset, expected } = jsonErrorAt(text);
    const src = { file, ...lineAndColumn(text, offset) };
    throw new UserError({ src, message: `not JSON: expected ${expected}`, fix });
  }
}

export function record(value: unknown): Record<string, unknown> | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : undefined;
}

/** Checks one value; says where it is wrong. */
export type Check = (value: unknown, path: string) => string | undefined;

export const isString: Check = (v, path) => (typeof v === "string" ? undefined : path);
export const isNumber: Check = (v, path) => (Number.isSafeInteger(v) ? undefined : path);
export const optional =
  (check: Check): Check =>
  (v, path) =>
    v === undefined ? undefined : check(v, path);
export const listOf =
  (check: Check): Check =>
  (v, path) =>
    Array.isArray(v) ? firstOf(v.map((x, i) => check(x, `${path}[${i}]`))) : path;
export const mapOf =
  (check: Check): Check =>
  (v, path) => {
    const map = record(v);
    return map ? firstOf(Object.entries(map).map(([k, x]) => check(x, `${path}.${k}`))) : path;
  };
export const shape =
  (parts: Record<string, Check>): Check =>
  (v, path) => {
    const map = record(v);
    if (!map) return path;
    const unknown = Object.keys(map).find((key) => !(key in parts));
    if (unknown !== undefined) return `${path}.${unknown}`;
    return firstOf(Object.entries(parts).map(([k, check]) => check(map[k], `${path}.${k}`)));
  };

function firstOf(found: (string | undefined)[]): string | undefined {
  return found.find((path) => path !== undefined);
}
