/** The JSON form of a model: text to model with every mistake named, and back. */
import { type Diagnostic, type Place, reporter } from "./diagnostics.ts";
import { checkShape } from "./json-shape.ts";
import { jsonErrorAt, lineAndColumn } from "./json-syntax.ts";
import type { Model } from "./types.ts";
import { validate } from "./validate.ts";

export type Parsed =
  | { model: Model; diagnostics?: undefined }
  | { model?: undefined; diagnostics: Diagnostic[] };

/**
 * Reads a model and checks it completely: JSON syntax, shape, meaning; the first of these that
 * fails is reported alone, because the later ones build on it.
 *
 * @param file name for the places of syntax errors
 */
export function parseModel(text: string, file?: string): Parsed {
  const found: Diagnostic[] = [];
  const report = reporter(found);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { offset, expected } = jsonErrorAt(text);
    const where = lineAndColumn(text, offset);
    const place: Place = { path: "", src: file === undefined ? undefined : { file, ...where } };
    const message = `line ${where.line}, column ${where.column}: expected ${expected}`;
    report("MR001", place, `this is not JSON: ${message}`);
    return { diagnostics: found };
  }
  checkShape(json, report);
  if (found.length > 0) return { diagnostics: found };
  const model = json as Model;
  const diagnostics = validate(model);
  return diagnostics.length > 0 ? { diagnostics } : { model };
}

/** The JSON text of a model: what fits into a line stands on one line. Ends with a newline. */
export function stringifyModel(model: Model): string {
  return `${pretty(model, "", 0)}\n`;
}

const WIDTH = 100;

/** `used` is what stands before the value on its line, and the comma after it. */
function pretty(value: unknown, indent: string, used: number): string {
  const flat = compact(value);
  if (typeof value !== "object" || value === null) return flat;
  if (indent.length + used + flat.length <= WIDTH) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((v, i) => inner + pretty(v, inner, commaAfter(i, value)));
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  const fields = entriesOf(value).map(([key, v], i, all) => {
    const head = `${JSON.stringify(key)}: `;
    return inner + head + pretty(v, inner, head.length + commaAfter(i, all));
  });
  return `{\n${fields.join(",\n")}\n${indent}}`;
}

function commaAfter(position: number, all: unknown[]): number {
  return position + 1 < all.length ? 1 : 0;
}

function compact(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(compact).join(", ")}]`;
  const fields = entriesOf(value).map(([key, v]) => `${JSON.stringify(key)}: ${compact(v)}`);
  return fields.length > 0 ? `{ ${fields.join(", ")} }` : "{}";
}

function entriesOf(object: object): [string, unknown][] {
  return Object.entries(object).filter(([, v]) => v !== undefined);
}
