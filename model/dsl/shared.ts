/**
 * Shared variables: scalars, arrays and structs (kernel objects are structs), each a cell or cells.
 */
import type { Expr as IrExpr } from "../ir/index.ts";
import {
  bindOver,
  type Expr,
  irDomain,
  lift,
  makeExpr,
  makeRef,
  type Ref,
  type Value,
} from "./expr.ts";
import { SpecError } from "./frames.ts";
import type { DslDomain, DslInit, Type } from "./type.ts";

/** An array with one element for each value of the index type. */
export interface ArrayType<I, E extends AnyDecl> {
  readonly kind: "array";
  readonly index: Type<I>;
  readonly element: E;
}

/** Named fields under one name; `struct("mutex", {...})` is how kernel objects are made. */
export interface StructType<K extends string, F extends Fields> {
  readonly kind: "struct";
  readonly struct: K;
  readonly fields: F;
  /** For locks: does the running process hold it? Nobody may end while holding one. */
  held?(self: Access<StructType<K, F>>): Expr<boolean>;
}

// biome-ignore lint/suspicious/noExplicitAny: the element type of an unknown declaration
export type AnyDecl = Type<any> | ArrayType<any, any> | StructType<string, any>;
export interface Fields {
  readonly [name: string]: AnyDecl;
}

/** `k.cpu_pte.at(page)`. */
export interface ArrayRef<I, E extends AnyDecl> {
  readonly kind: "array_ref";
  readonly index: Type<I>;
  at(i: Value<I>): Access<E>;
}

/** What every struct knows about itself, for lock events and messages. */
export interface StructInfo<K extends string> {
  readonly struct: K;
  /** `driver_update`, `folio.lock`: its name without indexes. */
  readonly path: string;
  /** The index expressions that lead to it. */
  readonly indexes: readonly Expr<unknown>[];
}

export type Access<D> =
  D extends Type<infer T>
    ? Ref<T>
    : D extends ArrayType<infer I, infer E>
      ? ArrayRef<I, E>
      : D extends StructType<infer K, infer F>
        ? StructInfo<K> & { readonly [P in keyof F]: Access<F[P]> }
        : never;

/** A struct of that kind: the parameter type of a kernel function. */
export type Struct<D> = Access<D>;

export type Accesses<F extends Fields> = { readonly [P in keyof F]: Access<F[P]> };

/** One variable to declare: what `lower` needs to know. */
export interface Declared {
  name: string;
  show: string;
  domain: DslDomain;
  first: DslInit;
  index: DslDomain[];
}

export function array<I, E extends AnyDecl>(index: Type<I>, element: E): ArrayType<I, E> {
  return { kind: "array", index, element };
}

export function struct<K extends string, F extends Fields>(
  kind: K,
  fields: F,
  held?: (self: Access<StructType<K, F>>) => Expr<boolean>,
): StructType<K, F> {
  const type = { kind: "struct" as const, struct: kind, fields };
  return held ? { ...type, held } : type;
}

type RefKind = "shared" | "local";

/** Walks a declaration, lists its variables, and returns the object through which it is used. */
export function access<D extends AnyDecl>(
  decl: D,
  kind: RefKind,
  path: string,
  declared: Declared[],
): Access<D> {
  declare(decl, path, path, [], declared);
  return reach(decl, kind, path, []) as Access<D>;
}

function declare(d: AnyDecl, path: string, show: string, index: DslDomain[], out: Declared[]) {
  switch (d.kind) {
    case "type":
      out.push({ name: path, show, domain: d.domain, first: d.first, index });
      return;
    case "array":
      declare(d.element, path, `${show}[]`, [...index, d.index.domain], out);
      return;
    case "struct":
      for (const [name, field] of Object.entries(d.fields as Fields)) {
        declare(field, `${path}.${name}`, `${show}.${name}`, index, out);
      }
  }
}

function reach(d: AnyDecl, kind: RefKind, path: string, indexes: Expr<unknown>[]): unknown {
  switch (d.kind) {
    case "type": {
      const index: IrExpr[] = indexes.map((e) => e.node);
      return makeRef({ kind, name: path, index }, d.domain);
    }
    case "array":
      return {
        kind: "array_ref",
        index: d.index,
        at: (i: Value<unknown>) =>
          reach(d.element, kind, path, [...indexes, lift(d.index.domain, i)]),
      };
    case "struct": {
      const info: Record<string, unknown> = { struct: d.struct, path, indexes };
      for (const [name, field] of Object.entries(d.fields as Fields)) {
        if (name in info) throw new SpecError("MR105", `field ${path}.${name}`, "rename the field");
        info[name] = reach(field, kind, `${path}.${name}`, indexes);
      }
      return info;
    }
  }
}

/** A lock, or an array of locks, and when the running process holds it (one of them). */
export interface HeldLock {
  path: string;
  /** Its kind: "mutex", "spinlock". */
  struct: string;
  held: Expr<boolean>;
}

function locksIn(d: AnyDecl, at: unknown, path: string): HeldLock[] {
  switch (d.kind) {
    case "type":
      return [];
    case "array":
      return locksOfElements(d, at as ArrayRef<unknown, AnyDecl>, path);
    case "struct": {
      const own = d.held ? [{ path, struct: d.struct, held: d.held(at as never) }] : [];
      const inner = Object.entries(d.fields as Fields).flatMap(([name, field]) =>
        locksIn(field, (at as Record<string, unknown>)[name], `${path}.${name}`),
      );
      return [...own, ...inner];
    }
  }
}

function locksOfElements(
  d: ArrayType<unknown, AnyDecl>,
  at: ArrayRef<unknown, AnyDecl>,
  path: string,
): HeldLock[] {
  const { bind, member } = bindOver(d.index);
  return locksIn(d.element, at.at(member), path).map(({ held, ...lock }) => {
    const over = irDomain(d.index.domain);
    const quant = { kind: "quant" as const, op: "exists" as const, bind, over, body: held.node };
    return { ...lock, held: makeExpr<boolean>(quant, { kind: "bool" }) };
  });
}

interface SharedState {
  declared: Declared[];
  locks: HeldLock[];
}

const states = new WeakMap<object, SharedState>();

/** The state that all actors see. Names in the model are the keys. */
export function shared<F extends Fields>(fields: F): Accesses<F> {
  const declared: Declared[] = [];
  const locks: HeldLock[] = [];
  const result: Record<string, unknown> = {};
  for (const [name, decl] of Object.entries(fields)) {
    result[name] = access(decl, "shared", name, declared);
    locks.push(...locksIn(decl, result[name], name));
  }
  states.set(result, { declared, locks });
  return result as Accesses<F>;
}

/** The variables and locks behind a `shared({...})`. */
export function stateOf(accesses: object): SharedState {
  const found = states.get(accesses);
  if (found) return found;
  throw new SpecError("MR106", "`shared` was not made by shared({...})", "pass shared({...})");
}
