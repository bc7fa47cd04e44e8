/**
 * Which model is this? A hash over what a model means: the order of keys, places in source files
 * and texts for people do not count.
 */
import type { Model } from "./types.ts";

const IGNORED = new Set(["src", "doc", "text", "show"]);

/** Upper and lower half. The prime is 2^40 + 0x1b3. */
const OFFSET_BASIS = { high: 0xcbf29ce4, low: 0x84222325 };
const PRIME_LOW = 0x1b3;

/**
 * 64-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv, "The FNV Non-Cryptographic Hash Algorithm")
 * of the canonical JSON text in UTF-8, as 16 hexadecimal digits. Not for use against an adversary.
 */
export function modelHash(model: Model): string {
  return contentHash(model);
}

/** The same of any part of a model. */
export function contentHash(part: object): string {
  return fnv1a(canonical(part));
}

/** Exposed for the published test vectors. */
export function fnv1a(text: string): string {
  let { high, low } = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) {
    const mixed = low ^ byte;
    // Times the prime's lower part in two halves, so that all products stay 32-bit integers.
    const lower = (mixed & 0xffff) * PRIME_LOW;
    const upper = (mixed >>> 16) * PRIME_LOW + (lower >>> 16);
    low = (upper << 16) | (lower & 0xffff);
    high = (Math.imul(high, PRIME_LOW) + (upper >>> 16) + (mixed << 8)) | 0;
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** JSON with the keys in order and without those that are ignored. */
function canonical(node: unknown): string {
  if (typeof node !== "object" || node === null) return JSON.stringify(node);
  let text = "";
  if (Array.isArray(node)) {
    for (const item of node) text += `${text && ","}${canonical(item)}`;
    return `[${text}]`;
  }
  const values = node as Record<string, unknown>;
  for (const [key, quoted] of keysOf(node)) {
    if (values[key] === undefined) continue;
    text += `${text && ","}${quoted}:${canonical(values[key])}`;
  }
  return `{${text}}`;
}

/** By the keys as they come: a model has thousands of nodes and a few dozen shapes of them. */
const shapes = new Map<string, [key: string, quoted: string][]>();

function keysOf(node: object): [key: string, quoted: string][] {
  const keys = Object.keys(node);
  const shape = JSON.stringify(keys);
  let sorted = shapes.get(shape);
  if (!sorted) {
    const counted = keys.filter((key) => !IGNORED.has(key)).sort();
    sorted = counted.map((key) => [key, JSON.stringify(key)]);
    shapes.set(shape, sorted);
  }
  return sorted;
}
