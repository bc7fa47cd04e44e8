/** Numbers that a configuration fills in: `size("pages")` is 1 in `ci: { pages: 1 }`. */

/** A named number plus a constant; configurations give the named number. */
export interface Size {
  readonly kind: "size";
  readonly name: string;
  readonly offset: number;
  plus(n: number): Size;
}

export type SizeLike = number | Size;

/** A size that every configuration of the spec must define. */
export function size(name: string, offset = 0): Size {
  return { kind: "size", name, offset, plus: (n) => size(name, offset + n) };
}

export function isSize(x: unknown): x is Size {
  return typeof x === "object" && x !== null && (x as { kind?: unknown }).kind === "size";
}

/**
 * Sizes travel inside expressions where the IR wants numbers, until `lower` replaces them. This is
 * the one place that pretends.
 */
export function deferred(n: SizeLike): number {
  return n as number;
}
