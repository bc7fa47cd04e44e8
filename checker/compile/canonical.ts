/**
 * Text that replaces a packed state in the buffer `C` by the smallest of its orbit. A renaming
 * moves fields; those that move from the same word to the same word by the same distance move
 * together.
 */
import { renamings, type SlotSource, slotSources } from "../reduce/permute.ts";
import type { Interchangeable } from "../reduce/symmetry.ts";
import { maskOf } from "./expr.ts";
import type { Field, Packing } from "./pack.ts";

/** Renamings per function: V8 does not optimise huge ones. */
const TEXT_PER_FUNCTION = 8_000;

/** Text of `canon(c)`, for the state at `C[c]`. */
export function canonText(packing: Packing, parts: Interchangeable[]): string {
  const list = (f: (i: number) => string, join: string): string =>
    Array.from({ length: packing.words }, (_, i) => f(i)).join(join);
  const args = list((i) => `s${i}`, ", ");
  const groups: string[][] = [[]];
  let length = 0;
  for (const renaming of renamings(parts)) {
    const text = renamingText(packing, slotSources(packing.layout, renaming));
    length += text.length;
    if (length > TEXT_PER_FUNCTION) {
      groups.push([]);
      length = text.length;
    }
    groups.at(-1)?.push(text);
  }
  const functions = groups.map(
    (texts, k) => `function canon${k}(${args}, c) {
  let ${list((i) => `b${i} = C[c + ${i}], q${i} = 0`, ", ")};
${texts.join("\n")}
  ${list((i) => `C[c + ${i}] = b${i};`, " ")}
}`,
  );
  return `${functions.join("\n")}
function canon(c) {
  const ${list((i) => `s${i} = C[c + ${i}]`, ", ")};
  ${groups.map((_, k) => `canon${k}(${args}, c);`).join(" ")}
}
function canonAll(filled) {
  for (let c = 0; c < filled; c += ${packing.words}) canon(c);
}`;
}

/** Computes the renamed words one by one, and gives up as soon as they are not smaller. */
function renamingText(packing: Packing, sources: SlotSource[]): string {
  const { words } = packing;
  const smaller = (i: number): string => `q${i} < b${i}`;
  let text = Array.from({ length: words }, (_, i) => `b${i} = q${i};`).join(" ");
  for (let w = words - 1; w >= 0; w--) {
    const earlier = Array.from({ length: w }, (_, i) => smaller(i));
    const test = w === words - 1 ? smaller(w) : `q${w} <= b${w}`;
    text = `q${w} = ${wordText(packing, sources, w)};
if (${[...earlier, test].join(" || ")}) { ${text} }`;
  }
  return text;
}

function wordText(packing: Packing, sources: SlotSource[], word: number): string {
  const moved = new Map<string, number>();
  const renamed: string[] = [];
  sources.forEach((source, slot) => {
    const to = packing.fields[slot] as Field;
    const from = packing.fields[source.from] as Field;
    if (to.width === 0 || to.word !== word) return;
    if (source.values) {
      renamed.push(`((${mappedText(from, source.values)}) << ${to.shift})`);
      return;
    }
    const key = `${from.word} ${to.shift - from.shift}`;
    moved.set(key, (moved.get(key) ?? 0) | (maskOf(from.width) << from.shift));
  });
  const terms = [...moved].map(([key, mask]) => {
    const [from, distance] = key.split(" ").map(Number) as [number, number];
    const kept = `(s${from} & ${mask})`;
    if (distance === 0) return kept;
    return distance > 0 ? `(${kept} << ${distance})` : `(${kept} >>> ${-distance})`;
  });
  return [...terms, ...renamed].join(" | ") || "0";
}

/** The renamed value of a field: a table in a number when it fits, else a chain of tests. */
function mappedText(field: Field, values: ReadonlyMap<number, number>): string {
  const raw = `((s${field.word} >>> ${field.shift}) & ${maskOf(field.width)})`;
  const size = 2 ** field.width;
  const renamed = (stored: number): number => {
    const value = stored + field.lo;
    return (values.get(value) ?? value) - field.lo;
  };
  if (size * field.width <= 32) {
    let table = 0;
    for (let v = 0; v < size; v++) table |= renamed(v) << (v * field.width);
    return `(${table} >>> (${raw} * ${field.width})) & ${maskOf(field.width)}`;
  }
  let text = raw;
  for (const from of values.keys()) {
    const stored = from - field.lo;
    if (renamed(stored) !== stored) text = `${raw} === ${stored} ? ${renamed(stored)} : (${text})`;
  }
  return text;
}
