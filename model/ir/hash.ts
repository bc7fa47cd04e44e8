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
  return fnv1a(JSON.stringify(canonical(part)));
}

/** Exposed for the published test vectors. */
export function fnv1a(text: string): string {
  let { high, low } = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) {
    const mixed = (low ^ byte) >>> 0;
    // Products of a half and the prime's lower part are far below 2^53, so they are exact.
    const product = mixed * PRIME_LOW;
    low = product >>> 0;
    high = (high * PRIME_LOW + Math.floor(product / 2 ** 32) + mixed * 2 ** 8) >>> 0;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}

function canonical(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(canonical);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, v]) => !IGNORED.has(key) && v !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, v]) => [key, canonical(v)]));
}
