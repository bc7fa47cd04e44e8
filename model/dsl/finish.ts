/**
 * The last pass over a lowered model: sizes become numbers, the declarations that travelled inside
 * domains are collected, and bound variables get names that depend on nothing but their place.
 */
import type { EnumDecl, ScalarsetDecl } from "../ir/index.ts";
import { SpecError } from "./frames.ts";
import { isSize } from "./size.ts";

export interface Finished<T> {
  value: T;
  enums: EnumDecl[];
  scalarsets: ScalarsetDecl[];
}

type Json = Record<string, unknown>;

export function finish<T>(raw: T, sizes: Record<string, number>): Finished<T> {
  const enums = new Map<string, EnumDecl>();
  const sets = new Map<string, ScalarsetDecl>();

  const walk = (node: unknown, names: Map<string, string>): unknown => {
    if (isSize(node)) return resolve(node.name, sizes) + node.offset;
    if (Array.isArray(node)) return node.map((n) => walk(n, names));
    if (typeof node !== "object" || node === null) return node;
    const object = node as Json;
    if (object.kind === "enum" && object.values) return enumDomain(object, enums);
    if (object.kind === "scalarset" && object.classes) return setDomain(object, sets, walk);
    if (object.kind === "bound") return { ...object, name: names.get(object.name as string) };
    const inner = object.bind ? bindFresh(object.bind as string, names) : names;
    const copy: Json = {};
    for (const [key, v] of Object.entries(object)) {
      copy[key] = key === "bind" ? inner.get(v as string) : walk(v, inner);
    }
    return copy;
  };

  const value = walk(raw, new Map()) as T;
  return { value, enums: [...enums.values()], scalarsets: [...sets.values()] };
}

function resolve(name: string, sizes: Record<string, number>): number {
  const value = sizes[name];
  if (value !== undefined) return value;
  const known = Object.keys(sizes).join(", ") || "none";
  throw new SpecError("MR120", `this configuration has no size "${name}"`, `it has: ${known}`);
}

function enumDomain(domain: Json, enums: Map<string, EnumDecl>): Json {
  const name = domain.name as string;
  enums.set(name, { name, values: [...(domain.values as string[])] });
  return { kind: "enum", name };
}

function setDomain(
  domain: Json,
  sets: Map<string, ScalarsetDecl>,
  walk: (node: unknown, names: Map<string, string>) => unknown,
): Json {
  const name = domain.name as string;
  const classes = walk(domain.classes, new Map()) as ScalarsetDecl["classes"];
  const known = sets.get(name);
  if (known && JSON.stringify(known.classes) !== JSON.stringify(classes)) {
    throw new SpecError("MR121", `two scalarsets are named ${name}`, "give them different names");
  }
  sets.set(name, { name, classes });
  return { kind: "scalarset", name };
}

/** `page_17` becomes `page`, or `page2` inside another `page`. */
function bindFresh(bind: string, names: Map<string, string>): Map<string, string> {
  const base = bind.replace(/_\d+$/, "");
  const taken = new Set(names.values());
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}${n}`;
  return new Map(names).set(bind, name);
}
