/**
 * Which model is this? A hash over what a model means: the order of keys, places in source files
 * and texts for people do not count.
 */
import type { Model } from "./types.ts";

const IGNORED = new Set(["src", "doc", "text", "show"]);

const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

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
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash.toString(16).padStart(16, "0");
}

function canonical(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(canonical);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, v]) => !IGNORED.has(key) && v !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, v]) => [key, canonical(v)]));
}
