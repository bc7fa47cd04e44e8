/** The types of model values. A type is a finite domain and a first value. */

import { SpecError } from "./frames.ts";
import { deferred, isSize, type SizeLike } from "./size.ts";

declare const member: unique symbol;
/** A member of the scalarset named `N`, or none. Exists in the type checker only. */
export interface Member<N extends string> {
  readonly [member]: N;
}

declare const process: unique symbol;
/** A process (an actor instance), or none. Exists in the type checker only. */
export interface Proc {
  readonly [process]: true;
}

/** No page, no frame, no owner. */
export interface None {
  readonly kind: "none";
}
export const none: None = { kind: "none" };

/** The IR's domains, with the declarations that `lower` collects still attached. */
export type DslDomain =
  | { kind: "bool" }
  | { kind: "range"; lo: SizeLike; hi: SizeLike }
  | { kind: "enum"; name: string; values: readonly string[] }
  | { kind: "scalarset"; name: string; classes: readonly { name: string; size: SizeLike }[] }
  | { kind: "proc" };

export type DslInit = { kind: "default" } | { kind: "value"; value: unknown } | { kind: "any" };

declare const valueType: unique symbol;
export interface Type<T> {
  readonly [valueType]?: (t: T) => T;
  readonly kind: "type";
  readonly domain: DslDomain;
  readonly first: DslInit;
  /** The same type, starting at this value. */
  init(value: TypeLiteral<T>): Type<T>;
  /** The same type, starting at any of its values: one initial state for each. */
  any(): Type<T>;
}

/**
 * What can be written for a value in TypeScript: members and processes have no literals but none.
 */
export type TypeLiteral<T> = [T] extends [boolean]
  ? boolean
  : [T] extends [number]
    ? SizeLike
    : [T] extends [string]
      ? T
      : None;

export function makeType<T>(domain: DslDomain, first: DslInit = { kind: "default" }): Type<T> {
  return {
    kind: "type",
    domain,
    first,
    init: (value) => makeType(domain, { kind: "value", value }),
    any: () => makeType(domain, { kind: "any" }),
  };
}

export const bool: Type<boolean> = makeType({ kind: "bool" });

/** Integers lo..hi. Leaving the range is a violation, so choose it as wide as you believe. */
export function range(lo: SizeLike, hi: SizeLike, first?: SizeLike): Type<number> {
  const type = makeType<number>({ kind: "range", lo: deferred(lo), hi: deferred(hi) });
  return first === undefined ? type : type.init(first);
}

/** One of these names; starts at the first. */
export function oneOf<const V extends readonly [string, ...string[]]>(
  ...values: V
): Type<V[number]> {
  for (const v of values) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(v)) continue;
    throw new SpecError("MR101", `"${v}" is not a name`, "use letters, digits and _ only");
  }
  return makeType({ kind: "enum", name: values.join("|"), values });
}

/**
 * Interchangeable things: pages, frames, buffer objects. Equality, indexing, quantifiers; no order.
 */
export type Scalarset<N extends string, C extends string = string> = Type<Member<N>> & {
  readonly classes: readonly C[];
};

/** `scalarset("Page", 2)`. A variable of this type starts at none. */
export function scalarset<N extends string>(name: N, size: SizeLike): Scalarset<N, N>;
/**
 * With classes whose members differ from one another: `scalarset("Frame", { sys: 2, vram: 1 })`.
 */
export function scalarset<N extends string, C extends string>(
  name: N,
  sizes: Record<C, SizeLike>,
): Scalarset<N, C>;
export function scalarset(name: string, sizes: SizeLike | Record<string, SizeLike>) {
  const whole = typeof sizes === "number" || isSize(sizes);
  const table: Record<string, SizeLike> = whole ? { [name]: sizes } : sizes;
  const classes = Object.entries(table).map(([c, size]) => ({ name: c, size }));
  const type = makeType<Member<string>>({ kind: "scalarset", name, classes });
  return { ...type, classes: classes.map((c) => c.name) };
}

/** The processes; starts at none. */
export const proc: Type<Proc> = makeType({ kind: "proc" });
